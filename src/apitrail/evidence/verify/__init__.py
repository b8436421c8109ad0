"""Whether a log is complete and unaltered, and what can be said if it is not.

It does not know where the evidence came from, nor any policy beyond the keys it is given.
"""

from apitrail.evidence.verify.report import Finding, Report, Trust, Verdict

__all__ = ["Finding", "Report", "Trust", "Verdict"]
