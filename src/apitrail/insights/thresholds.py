"""Every number that the detectors judge by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from apitrail.errors import UsageError
from apitrail.when import parse_duration

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
FIVE_MINUTES = 5 * MINUTE

DURATIONS = ("memory", "learning", "rate_age", "silence_gap", "quiet")
_HINT = "docs/insights.md lists the thresholds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What `[insights]` of the configuration may change; each has a word in docs/insights.md.

    Surprise is -log10 of how often a caller meets something new of that kind.
    """

    # First seen: told where the surprise of one caller's last hours reaches this.
    first_seen: float = 4.2
    # What a caller did is weighed together for so long.
    memory: int = 3 * HOUR
    # Nothing is told as "first seen" before the account was watched for so long.
    learning: int = 5 * DAY
    # What was told is unusual until it was seen on so many days.
    days_to_trust: int = 3
    # Plain reads and plain writes together add at most this.
    plain_limit: float = 3.3

    # Rates: a false alarm in so many of all windows of five minutes, over all series together.
    false_discovery: float = 1e-5
    # A window is judged from so many calls on, and only if it has so many times the highest one.
    rate_count: int = 60
    rate_count_hour: int = 150
    rate_times: float = 4.0
    # Series that are younger, or had calls on fewer days, are not judged.
    rate_age: int = 3 * DAY
    rate_days: int = 3

    # Sequences, in ten minutes (two windows of five), and times the most that was seen before.
    distinct_reads: int = 22
    distinct_services: int = 5
    distinct_secrets: int = 5
    distinct_refusals: int = 7
    failed_logins: int = 8
    times_the_peak: float = 2.0
    # In five minutes.
    retries: int = 120
    pages: int = 400

    # Silence: of callers that were never away for longer than this.
    silence_gap: int = 26 * HOUR
    silence_times: float = 3.0
    silence_days: int = 7

    # An insight ends when nothing more was seen of it for so long.
    quiet: int = HOUR

    @classmethod
    def parse(cls, table: object) -> Self:
        """What `[insights]` says: numbers, and durations as people write them (`3h`).

        Raises:
            UsageError: it says something that is not understood.
        """
        if not isinstance(table, Mapping):
            raise UsageError("insights is not a table", hint=_HINT)
        kinds = {each.name: type(each.default) for each in fields(cls)}
        for name in table:
            if name not in kinds:
                raise UsageError(f"insights: unknown threshold {name!r}", hint=_HINT)
        found: dict[str, Any] = {
            name: _number(name, value, kinds[name]) for name, value in table.items()
        }
        return replace(cls(), **found)

    def changed(self) -> dict[str, float | int]:
        """Those that are not the usual ones; milliseconds, where they are durations."""
        usual = type(self)()
        return {
            each.name: value
            for each in fields(self)
            if (value := getattr(self, each.name)) != getattr(usual, each.name)
        }

    @classmethod
    def of(cls, changed: Mapping[str, object]) -> Self | None:
        """Inverse of `changed`; None where this version has no such thresholds."""
        kinds = {each.name: type(each.default) for each in fields(cls)}
        usual = all(
            type(value) in {int, kinds.get(name)} and name in kinds
            for name, value in changed.items()
        )
        found: dict[str, Any] = dict(changed)
        return replace(cls(), **found) if usual else None


def _number(name: str, value: object, kind: type) -> float | int:
    if name in DURATIONS and isinstance(value, str):
        return int(parse_duration(value).total_seconds() * SECOND)
    whole = isinstance(value, int) and not isinstance(value, bool)
    usual = whole if kind is int else whole or isinstance(value, float)
    if name in DURATIONS or not usual or not isinstance(value, int | float) or value <= 0:
        example = '"3h"' if name in DURATIONS else "a number above 0"
        raise UsageError(f"insights.{name} cannot be {value!r}", hint=f"write {example}")
    return value
