"""An insight, and the record that AWS writes of one.

AWS's shape is "CloudTrail record contents for Insights events" of the User Guide; the kinds that
AWS does not have use it with insight types of their own.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from apitrail.codec import Object
from apitrail.insights.thresholds import MINUTE
from apitrail.when import iso_second

VERSION = 2
EVENT_VERSION = "1.09"
START, END = "Start", "End"
ATTRIBUTED = 5  # values of each attribute; AWS gives as many
EVIDENCE = 100  # ids that one insight names

# Kind → insightType. The first two are AWS's.
TYPES = {
    "rate": "ApiCallRateInsight",
    "error-rate": "ApiErrorRateInsight",
    "first-seen": "FirstSeenInsight",
    "sequence": "SequenceInsight",
    "silence": "SilenceInsight",
    "drift": "DriftInsight",
}
_NAMESPACE = uuid.UUID("6f1cbb0a-6c0c-5d4f-8f0a-8a8a5b9d6a3e")

type Shares = tuple[tuple[str, float], ...]
"""Values and how many calls a minute had them, most first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Who or what was behind the calls of an insight, and usually is."""

    attribute: str
    insight: Shares
    baseline: Shares = ()

    def to_json(self) -> Object:
        """As CloudTrail writes it."""
        return {
            "attribute": self.attribute,
            "insight": [{"value": value, "average": average} for value, average in self.insight],
            "baseline": [{"value": value, "average": average} for value, average in self.baseline],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Insight:
    """Unusual activity. `time` is when it was told, Unix milliseconds, and not before any event it
    rests on; `events` are the ids of those. `why` says in words what is unusual."""

    kind: str
    name: str
    state: str
    time: int
    began: int
    source: str
    operation: str
    caller: str
    region: str
    account: str
    events: tuple[str, ...]
    why: tuple[str, ...]
    average: float
    baseline: float
    baseline_minutes: int
    category: str = "Management"
    error: str | None = None
    attributions: tuple[Attribution, ...] = field(default=())

    @property
    def shared_id(self) -> str:
        """The id that Start and End have in common."""
        return self._id(f"{self.began}")

    @property
    def id(self) -> str:
        """The id of this one."""
        return self._id(f"{self.began} {self.state}")

    def _id(self, of: str) -> str:
        parts = (str(VERSION), self.kind, self.name, self.caller, self.source, self.operation)
        return str(uuid.uuid5(_NAMESPACE, "\0".join((*parts, self.error or "", of))))

    @property
    def minutes(self) -> int:
        """How long it went on."""
        return max(1, (self.time - self.began) // MINUTE)

    def details(self) -> Object:
        """AWS's insightDetails."""
        return {
            "state": self.state,
            "eventSource": self.source,
            "eventName": self.operation,
            "insightType": TYPES[self.kind],
            **({"errorCode": self.error} if self.error else {}),
            "sourceEventCategory": self.category,
            "insightContext": {
                "statistics": {
                    "baseline": {"average": self.baseline},
                    "insight": {"average": self.average},
                    "insightDuration": self.minutes,
                    "baselineDuration": self.baseline_minutes,
                },
                "attributions": [each.to_json() for each in self.attributions],
            },
        }

    def record(self) -> Object:
        """The event as CloudTrail writes one to CloudTrail-Insight/."""
        return {
            "eventVersion": EVENT_VERSION,
            "eventTime": iso_second(self.time // 1000),
            "awsRegion": self.region,
            "eventID": self.id,
            "eventType": "AwsCloudTrailInsight",
            "recipientAccountId": self.account,
            "sharedEventID": self.shared_id,
            "insightDetails": self.details(),
            "eventCategory": "Insight",
        }


def shares(counts: dict[str, int], minutes: float) -> Shares:
    """The most frequent values, a minute each."""
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:ATTRIBUTED]
    return tuple((value, round(count / max(1.0, minutes), 10)) for value, count in most)
