"""How many calls there were over time, in bars of a length that people can name."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apitrail.when import iso

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
WIDTHS = (
    *(n * _SECOND for n in (1, 2, 5, 10, 15, 30)), *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)), *(n * _DAY for n in (1, 2, 7, 14, 28, 91, 365, 3650)),
)  # fmt: skip
MOST = 60
_NAMES = ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute"), (_SECOND, "second"))


@dataclass(frozen=True, slots=True)
class Bar:
    """The calls from `start` on and before `end`, Unix milliseconds."""

    start: int
    end: int
    calls: int
    errors: int

    def to_json(self) -> dict[str, str | int]:
        """For programs."""
        return {
            "from": iso(self.start), "to": iso(self.end), "calls": self.calls, "errors": self.errors,
        }  # fmt: skip


def step(bars: Sequence[Bar]) -> str:
    """How long one bar is: `15 minutes`."""
    if not bars:
        return "nothing"
    width = bars[0].end - bars[0].start
    unit, name = next(each for each in _NAMES if width % each[0] == 0)
    count = width // unit
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def bars(
    times: Sequence[int], failed: Iterable[int], *, since: int, until: int, zone: int = 0,
    most: int = MOST,
) -> tuple[Bar, ...]:  # fmt: skip
    """At most so many bars from `since` to `until`, without a hole between them; they begin at
    whole units in a zone so far from UTC."""
    width = next((each for each in WIDTHS if (until - since) <= each * (most - 1)), WIDTHS[-1])
    first = (since + zone) // width * width - zone
    edges = list(range(first, max(until, first + 1), width))[: most + 1]
    calls = Counter(bisect_right(edges, time) for time in times)
    errors = Counter(bisect_right(edges, time) for time in failed)
    return tuple(
        Bar(edge, edge + width, calls[number], errors[number])
        for number, edge in enumerate(edges, 1)
    )
