"""How many calls there were over time: the bars of a chart, and the gaps in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apitrail.evidence.bundle.watched import Unwatched
from apitrail.reading import histogram
from apitrail.reading.histogram import Bar
from apitrail.when import iso

# The chart's own units: SVG scales them.
WIDTH, HEIGHT = 1200.0, 84.0
_GAP, _THICKEST = 0.18, 40.0


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
        return histogram.step(self.bars)

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


def of(
    times: Sequence[int], failed: Iterable[int], *, since: int, until: int,
    gaps: Iterable[Unwatched] | None = (), zone: int = 0,
) -> Volume:  # fmt: skip
    """The bars from `since` to `until`; they begin at whole units in a zone so far from UTC.

    `gaps` are None while they are being looked for.
    """
    bars = histogram.bars(times, failed, since=since, until=until, zone=zone)
    first, last = bars[0].start, bars[-1].end
    return Volume(
        bars,
        tuple(gap for gap in gaps or () if gap.end > first and gap.start < last),
        sought=gaps is None,
    )
