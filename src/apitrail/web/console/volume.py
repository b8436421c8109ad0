"""How many calls there were over time: the bars of a chart, and the gaps in it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apitrail.evidence.bundle.watched import Unwatched
from apitrail.when import iso

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
# Widths of a bar that people can name.
WIDTHS = (
    *(n * _SECOND for n in (1, 2, 5, 10, 15, 30)), *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)), *(n * _DAY for n in (1, 2, 7, 14, 28, 91, 365, 3650)),
)  # fmt: skip
BARS = 60
_NAMES = ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute"), (_SECOND, "second"))

# The chart's own units: SVG scales them.
WIDTH, HEIGHT = 1200.0, 84.0
_GAP, _THICKEST = 0.18, 40.0


@dataclass(frozen=True, slots=True)
class Bar:
    """The calls from `start` on and before `end`, Unix milliseconds."""

    start: int
    end: int
    calls: int
    errors: int


@dataclass(frozen=True, slots=True)
class Volume:
    """Bars without a hole between them, and the times within them of which nothing is known.

    `sought` says that those are still being looked for.
    """

    bars: tuple[Bar, ...]
    gaps: tuple[Unwatched, ...] = ()
    sought: bool = False

    @property
    def step(self) -> str:
        """How long one bar is: `15 minutes`."""
        if not self.bars:
            return "nothing"
        width = self.bars[0].end - self.bars[0].start
        unit, name = next(each for each in _NAMES if width % each[0] == 0)
        count = width // unit
        return f"{count} {name}" if count == 1 else f"{count} {name}s"

    @property
    def most(self) -> int:
        """The calls of the highest bar."""
        return max((bar.calls for bar in self.bars), default=0)

    def to_json(self) -> dict[str, object]:
        """For scripts."""
        return {
            "step": self.step,
            "bars": [
                {"from": iso(bar.start), "to": iso(bar.end), "calls": bar.calls, "errors": bar.errors}
                for bar in self.bars
            ],
            "unwatched": None if self.sought else [
                {"from": iso(gap.start), "to": iso(gap.end), "reason": gap.reason}
                for gap in self.gaps
            ],
        }  # fmt: skip

    # -- drawn -------------------------------------------------------------------------------

    def drawn(self) -> list[dict[str, object]]:
        """Each bar with its place in the chart."""
        wide = WIDTH / max(len(self.bars), 1)
        thick = min(wide * (1 - _GAP), _THICKEST)
        return [
            {
                "bar": bar, "x": round((number + 0.5) * wide - thick / 2, 1), "wide": round(thick, 1),
                "high": self._high(bar.calls), "failed": self._high(bar.errors),
            }
            for number, bar in enumerate(self.bars)
        ]  # fmt: skip

    def bands(self) -> list[dict[str, object]]:
        """Each gap with its place in the chart."""
        first, last = self.bars[0].start, self.bars[-1].end
        scale = WIDTH / (last - first)
        return [
            {
                "gap": gap, "x": round((gap.start - first) * scale, 1),
                "wide": round(max((gap.end - gap.start) * scale, 2.0), 1),
            }
            for gap in self.gaps
        ]  # fmt: skip

    def _high(self, calls: int) -> float:
        """A call is seen, however many there were at other times."""
        return round(max(calls / self.most * HEIGHT, 2.0), 1) if calls else 0.0


def width_of(since: int, until: int) -> int:
    """The width of bars of which no more than `BARS` cover this time."""
    return next((each for each in WIDTHS if (until - since) <= each * (BARS - 1)), WIDTHS[-1])


def of(
    times: Sequence[int], failed: Iterable[int], *, since: int, until: int,
    gaps: Iterable[Unwatched] | None = (), zone: int = 0,
) -> Volume:  # fmt: skip
    """The bars from `since` to `until`; they begin at whole units in a zone so far from UTC.

    `gaps` are None while they are being looked for.
    """
    width = width_of(since, until)
    first = (since + zone) // width * width - zone
    edges = list(range(first, max(until, first + 1), width))[: BARS + 1]
    calls = Counter(bisect_right(edges, time) for time in times)
    errors = Counter(bisect_right(edges, time) for time in failed)
    last = edges[-1] + width
    return Volume(
        tuple(
            Bar(edge, edge + width, calls[number], errors[number])
            for number, edge in enumerate(edges, 1)
        ),
        tuple(gap for gap in gaps or () if gap.end > first and gap.start < last),
        sought=gaps is None,
    )
