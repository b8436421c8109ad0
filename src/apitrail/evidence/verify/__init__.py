"""Whether a log is complete and unaltered, and what can be said if it is not."""

from apitrail.evidence.verify.report import Finding, Report, Trust, Verdict

__all__ = ["Finding", "Report", "Trust", "Verdict"]
