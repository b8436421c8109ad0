"""What verification says: a verdict, what it rests on, and where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from apitrail.counted import counted
from apitrail.errors import FormatError, VerificationError
from apitrail.tlog import note
from apitrail.tlog.policy import Policy
from apitrail.when import iso


class Verdict(StrEnum):
    """The first word on stdout. OK stands also for a log with stated erasures or gaps."""

    OK = "OK"
    STALE = "STALE"
    TAMPERED = "TAMPERED"
    TRUNCATED = "TRUNCATED"
    FORK = "FORK"
    UNTRUSTED_KEY = "UNTRUSTED-KEY"
    UNWITNESSED = "UNWITNESSED"


class Finding(VerificationError):  # noqa: N818
    """What does not hold: the verdict, and the entry it is about where it is about one."""

    def __init__(
        self, verdict: Verdict, message: str, *, index: int | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message if index is None else f"entry {index}: {message}", hint=hint)
        self.verdict = verdict
        self.index = index


def tampered(message: str, *, index: int | None = None) -> Finding:
    """The commonest finding."""
    return Finding(Verdict.TAMPERED, message, index=index)


type Asked = Callable[[str], Iterable[tuple[str, str]]]
"""The newest heads that witnesses have seen of a log, by the witnesses' names."""


type Stamped = Callable[[bytes, str], datetime | None]
"""When a text existed, by a token; None where the token is not of it, or of nobody who is trusted."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What the verifier brings from outside the evidence.

    `verifiers` are the keys taken as the log's, `by` says whose word that is, `seen` are signed
    checkpoints of the log that were seen before. `policy` says which witnesses must have seen it,
    and `asked` gives what they answer now of the log of this name: their names and heads.
    `stamped` tells when a checkpoint's text existed, by a timestamp of an authority that is trusted.
    """

    verifiers: tuple[note.NoteVerifier, ...]
    by: str
    seen: tuple[str, ...] = ()
    policy: Policy | None = None
    asked: Asked | None = None
    stamped: Stamped | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The verdict and what it rests on; times are Unix milliseconds.

    `unknown` names what a later version wrote: it is compared as bytes and not looked into. With
    `since` only what came after so many entries was checked, numbers are of that, and `unchecked`
    says what was not looked at.
    """

    verdict: Verdict
    message: str
    step: int = 0
    index: int | None = None
    hint: str | None = None
    origin: str | None = None
    key: str | None = None
    trusted_by: str | None = None
    entries: int = 0
    calls: int = 0
    erasures: int = 0
    rotations: int = 0
    starts: int = 0
    stops: int = 0
    crashes: int = 0
    heartbeats: int = 0
    late_anchors: int = 0
    latest_anchor: int = 0
    insights: int = 0
    insights_left: int = 0
    approvals: int = 0
    approvals_left: int = 0
    gaps: tuple[str, ...] = ()
    in_flight: int = 0
    first: int | None = None
    last: int | None = None
    checkpoint: str | None = None
    witnessed: Mapping[str, Any] | None = None
    stamped: Mapping[str, Any] | None = None
    unknown: Mapping[str, int] = field(default_factory=dict)
    since: int | None = None
    unchecked: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Does the evidence hold?"""
        return self.verdict is Verdict.OK

    def to_json(self) -> dict[str, Any]:
        """For scripts; everything that is known, times in ISO 8601."""
        return {
            "verdict": str(self.verdict),
            "holds": self.holds,
            "message": self.message,
            "hint": self.hint,
            "step": self.step,
            "index": self.index,
            "origin": self.origin,
            "key": self.key,
            "trustedBy": self.trusted_by,
            "entries": self.entries,
            "calls": self.calls,
            "erasures": self.erasures,
            "rotations": self.rotations,
            "starts": self.starts,
            "stops": self.stops,
            "crashes": self.crashes,
            "heartbeats": self.heartbeats,
            "lateAnchors": self.late_anchors,
            "latestAnchorSeconds": self.latest_anchor,
            "insights": self.insights,
            "insightsNotToldAgain": self.insights_left,
            "approvals": self.approvals,
            "approvalsNotTold": self.approvals_left,
            "gaps": list(self.gaps),
            "inFlight": self.in_flight,
            "first": iso(self.first),
            "last": iso(self.last),
            "checkpoint": self.checkpoint,
            "witnessed": self.witnessed,
            "timestamped": self.stamped,
            "unknown": dict(self.unknown),
            "since": self.since,
            "notLookedAt": list(self.unchecked),
        }

    def failing(self, error: VerificationError | FormatError) -> Self:
        """What is known so far, with the verdict on what does not hold."""
        found = error if isinstance(error, Finding) else tampered(str(error))
        return replace(
            self, verdict=found.verdict, message=str(found), index=found.index, hint=found.hint
        )

    def __str__(self) -> str:
        if not self.holds:
            return f"{self.verdict}: {self.message}"
        erasures = counted(self.erasures, "erasure")
        verdict = f"{self.verdict} with {erasures}" if self.erasures else str(self.verdict)
        if self.since is not None:
            verdict += f" since {self.since}"
        return f"{verdict}: {self.message}"


def not_known(unknown: Mapping[str, int]) -> str | None:
    """`3 entries of a kind this apitrail does not know (weather)`; None where all is known."""
    if not unknown:
        return None
    count = sum(unknown.values())
    names = ", ".join(sorted(unknown))
    noun = counted(count, "entry", "entries")
    return f"{noun} with a kind or facet this apitrail does not know ({names})"
