"""Which operations and callers have the most calls just now, how many fail, and how long they take."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace

from apitrail.event import Event
from apitrail.query import Filter, caller
from apitrail.reading import columns, render
from apitrail.reading.columns import Column
from apitrail.source import Source
from apitrail.when import iso

_MINUTE = 60_000
# Calls that are held at the most; a window with more forgets its oldest.
HELD = 200_000
SORTS = ("calls", "errors", "latency")
BY = ("operation", "caller", "both")
_RIGHT = ("CALLS", "A MINUTE", "FAILED", "MEDIAN", "P95", "MOST")


@dataclass(frozen=True, slots=True)
class Hit:
    """A call that was made: when it ended and how long it took, in milliseconds."""

    time: int
    operation: str
    caller: str
    failed: bool
    took: int | None

    @classmethod
    def of(cls, event: Event) -> Hit:
        """What is told of a call."""
        call, record = event.call, event.record()
        user = record.get("userIdentity")
        known = call.started is not None and call.ended is not None
        return cls(
            call.time or 0, render.operation(event),
            (caller(user) if isinstance(user, Mapping) else None) or "?",
            bool(call.error or call.failure),
            call.ended - call.started if known and call.ended and call.started else None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The calls of one operation, of one caller, or of one caller to one operation."""

    operation: str
    caller: str
    calls: int
    failed: int
    took: tuple[int, ...]
    last: int

    def share(self, part: float) -> int | None:
        """So many milliseconds this part of the calls took at the most; `took` is sorted."""
        if not self.took:
            return None
        return self.took[min(int(part * len(self.took)), len(self.took) - 1)]

    def to_json(self, window: int) -> dict[str, object]:
        """For programs, over a window of so many milliseconds."""
        return {
            "operation": self.operation or None, "caller": self.caller or None,
            "calls": self.calls, "perMinute": round(self.calls * _MINUTE / window, 3),
            "failed": self.failed, "median": self.share(0.5), "p95": self.share(0.95),
            "most": self.share(1.0), "last": iso(self.last),
        }  # fmt: skip


class Window:
    """The calls of the last so many milliseconds."""

    def __init__(self, length: int) -> None:
        self.length = length
        self._hits: deque[Hit] = deque(maxlen=HELD)

    def add(self, hit: Hit) -> None:
        """One more, in the order of the log."""
        self._hits.append(hit)

    @property
    def is_full(self) -> bool:
        """Are there more calls than it holds? It has the newest then."""
        return len(self._hits) == self._hits.maxlen

    def rows(self, now: int, by: str = "both", sort: str = "calls") -> list[Row]:
        """What is in the window now, most first."""
        oldest = now - self.length
        groups: dict[tuple[str, str], list[Hit]] = {}
        # Calls are in the log as they ended, so that the oldest are nearly first.
        while self._hits and self._hits[0].time < oldest:
            self._hits.popleft()
        for hit in self._hits:
            if hit.time >= oldest:
                key = (
                    "" if by == "caller" else hit.operation,
                    "" if by == "operation" else hit.caller,
                )
                groups.setdefault(key, []).append(hit)
        found = [_row(*key, hits) for key, hits in groups.items()]
        return sorted(found, key=lambda row: (*_order(row, sort), row.operation, row.caller))


def _row(operation: str, who: str, hits: Sequence[Hit]) -> Row:
    took = sorted(hit.took for hit in hits if hit.took is not None)
    return Row(
        operation=operation, caller=who, calls=len(hits), failed=sum(hit.failed for hit in hits),
        took=tuple(took), last=max(hit.time for hit in hits),
    )  # fmt: skip


def _order(row: Row, sort: str) -> tuple[int, ...]:
    latency = -(row.share(0.95) or 0)
    by = {"calls": (), "errors": (-row.failed,), "latency": (latency,)}[sort]
    return (*by, -row.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is shown: grouped by, sorted by, over so many milliseconds, so many rows."""

    by: str = "both"
    sort: str = "calls"
    window: int = 5 * _MINUTE
    rows: int | None = None


class Live:
    """The calls of a growing log that match."""

    def __init__(self, source: Source, where: Filter, asked: Asked) -> None:
        self._source = source
        self._where = where
        self._after = -1
        self.window = Window(asked.window)
        self._asked = asked

    def look(self, now: int) -> list[Row]:
        """Read what is new; what there is now."""
        # At first only what may be in the window, whatever else there is.
        first = now - self._asked.window
        since = max(first, self._where.since or first) if self._after < 0 else self._where.since
        size = self._source.size
        found = self._source.select(
            replace(self._where, since=since), after=self._after, ascending=True
        )
        for index in found:
            self.window.add(Hit.of(Event.parse(self._source.facets(index, ("who", "what")))))
            size = max(size, index + 1)
        self._after = size - 1
        return self.window.rows(now, self._asked.by, self._asked.sort)


def table(rows: Sequence[Row], asked: Asked, width: int | None, *, colour: bool) -> Generator[str]:
    """The rows under a header, cut to a screen of this width."""
    shown = [
        *([] if asked.by == "caller" else [Column("OPERATION", weight=2)]),
        *([] if asked.by == "operation" else [Column("CALLER", 4, weight=3)]),
        Column("CALLS", None), Column("A MINUTE", None, rank=1),
        Column("FAILED", None, style=lambda cell: columns.RED if cell != "0" else columns.DIM),
        Column("MEDIAN", None, rank=3), Column("P95", None, rank=2), Column("MOST", None, rank=4),
    ]  # fmt: skip
    cells = [
        [
            *([] if asked.by == "caller" else [render.clean(row.operation)]),
            *([] if asked.by == "operation" else [render.clean(row.caller)]),
            str(row.calls), f"{row.calls * _MINUTE / asked.window:.1f}", str(row.failed),
            _length(row.share(0.5)), _length(row.share(0.95)), _length(row.share(1.0)),
        ]
        for row in rows[: asked.rows]
    ]  # fmt: skip
    yield from columns.laid_out(_to_the_right(cells, shown), shown, width, colour=colour)


def _to_the_right(cells: list[list[str]], shown: Sequence[Column]) -> list[list[str]]:
    """Numbers end under each other."""
    wide = [
        max([len(column.header), *(len(row[i]) for row in cells)]) if column.header in _RIGHT else 0
        for i, column in enumerate(shown)
    ]
    return [[cell.rjust(size) for cell, size in zip(row, wide, strict=True)] for row in cells]


def _length(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "-"
    return f"{milliseconds} ms" if milliseconds < 10_000 else f"{milliseconds / 1000:.1f} s"
