"""What became of one recorded call when it was sent again, and of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from apitrail.aws.call import Structure, Value
from apitrail.replay.recorded import Recorded
from apitrail.replay.resend.difference import Difference

type Verdict = Literal["same", "different", "failed", "skipped", "planned"]
"""`different` answered as recorded, success or the same error, but with another content;
`failed` did not repeat its outcome; `planned` is what a dry run says of what would be sent."""

VERDICTS: tuple[Verdict, ...] = ("planned", "same", "different", "failed", "skipped")
_WIDTH = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One call's: `reason` says in one line why it failed or was skipped."""

    call: Recorded
    verdict: Verdict
    region: str | None = None
    reason: str | None = None
    differences: tuple[Difference, ...] = ()
    parameters: Value = None

    @property
    def holds(self) -> bool:
        """Did the call repeat its success or its error code, or would it be sent?"""
        return self.verdict not in ("failed", "skipped")

    def lines(self) -> list[str]:
        """For people."""
        error = f" ({self.call.error}, as recorded)" if self._repeats_error else ""
        about = f"{self.verdict:<{_WIDTH}} {self.call.name}  {self.call.event_id[:8]}{error}"
        if self.reason:
            about += f": {self.reason}"
        return [about, *(f"{'':<{_WIDTH}}   {item}" for item in self.differences)]

    def to_json(self) -> Structure:
        """As a JSON object."""
        fields: Structure = {
            "eventID": self.call.event_id,
            "service": self.call.service,
            "operation": self.call.operation,
            "region": self.region,
            "verdict": self.verdict,
            "errorCode": self.call.error,
            "reason": self.reason,
            "differences": [item.to_json() for item in self.differences],
            "parameters": self.parameters,
        }
        return {name: value for name, value in fields.items() if value not in (None, [])}

    @property
    def _repeats_error(self) -> bool:
        return self.call.error is not None and self.verdict in ("same", "different")


@dataclass(frozen=True, slots=True)
class Summary:
    """How many calls there are of each verdict."""

    counts: Counter[Verdict]

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> Summary:
        """Counted."""
        return cls(Counter(outcome.verdict for outcome in outcomes))

    @property
    def holds(self) -> bool:
        """Did every call repeat its success or its error code?"""
        return not self.counts["failed"] and not self.counts["skipped"]

    def __str__(self) -> str:
        total = sum(self.counts.values())
        parts = [f"{self.counts[v]} {v}" for v in VERDICTS if self.counts[v]]
        return f"{total} {'call' if total == 1 else 'calls'}: {', '.join(parts) or 'nothing to do'}"

    def to_json(self) -> dict[str, int]:
        """As a JSON object."""
        return {verdict: self.counts[verdict] for verdict in VERDICTS if self.counts[verdict]}
