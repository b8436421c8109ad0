"""What `[insights]` of the configuration says: thresholds, mutes, and whether anything is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Self

from apitrail.errors import UsageError
from apitrail.insights.mute import Mute
from apitrail.insights.thresholds import Thresholds

_HINT = 'write [[insights.mute]] with kind, name, caller or operation, and reason = "…", until = 2027-01-31'


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A mute that somebody asks for: why, and until when (Unix milliseconds)."""

    mute: Mute
    reason: str = ""
    until: int | None = None

    @classmethod
    def parse(cls, table: object) -> Self:
        """One `[[insights.mute]]`; raises UsageError."""
        if not isinstance(table, Mapping):
            raise UsageError(f"a mute cannot be {table!r}", hint=_HINT)
        rest = dict(table)
        reason = rest.pop("reason", "")
        if not isinstance(reason, str):
            raise UsageError(f"reason of a mute cannot be {reason!r}", hint=_HINT)
        until = rest.pop("until", None)
        return cls(mute=Mute.parse(rest).check(), reason=reason, until=_moment(until))


def _moment(value: object) -> int | None:
    """TOML's dates and times, where they have no zone on this machine's clock."""
    match value:
        case None:
            return None
        case datetime():
            return round(value.timestamp() * 1000)
        case date():
            return round(datetime.combine(value, time()).astimezone().timestamp() * 1000)
        case _:
            raise UsageError(f"until of a mute cannot be {value!r}", hint=_HINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightSettings:
    """Are insights told, by which thresholds, and which are muted."""

    enabled: bool = True
    thresholds: Thresholds = field(default_factory=Thresholds)
    mutes: tuple[Wish, ...] = ()

    @classmethod
    def parse(cls, table: object) -> Self:
        """The table `[insights]`.

        Raises:
            UsageError: it says something that is not understood.
        """
        if not isinstance(table, Mapping):
            return cls(thresholds=Thresholds.parse(table))
        rest = dict(table)
        enabled, mutes = rest.pop("enabled", True), rest.pop("mute", [])
        if not isinstance(enabled, bool):
            raise UsageError(f"insights.enabled cannot be {enabled!r}", hint="write true or false")
        if not isinstance(mutes, list):
            raise UsageError("insights.mute is not a list of tables", hint=_HINT)
        return cls(
            enabled=enabled, thresholds=Thresholds.parse(rest), mutes=tuple(map(Wish.parse, mutes))
        )
