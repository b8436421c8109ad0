"""A histogram of calls in lines of text: a bar for each time, with what failed at its end."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from apitrail.query import Filter
from apitrail.reading import columns, histogram
from apitrail.reading.histogram import Bar
from apitrail.source import Source
from apitrail.when import iso

BARS = 24
# Where nothing says how wide a line may be.
WIDTH = 80
_SHORTEST = 4
_DAY = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """On lines of this width, at this time in a person's zone; `plain` has ASCII alone."""

    now: datetime
    width: int | None = None
    colour: bool = False
    plain: bool = False


def bars(source: Source, where: Filter, now: datetime) -> tuple[Bar, ...]:
    """The bars of all calls that match; none where there are none."""
    tally = source.tally(where, (), limit=1 << 40)
    if not tally.times:
        return ()
    since = min(tally.times) if where.since is None else where.since
    # Up to now where only a beginning was asked for: that nothing came of late is news.
    present = round(now.timestamp() * 1000) if where.since is not None else 0
    until = where.until or max(*tally.times, present) + 1
    offset = now.utcoffset()
    zone = 0 if offset is None else round(offset.total_seconds() * 1000)
    return histogram.bars(
        tally.times, tally.failed, since=since, until=until, zone=zone, most=BARS
    )  # fmt: skip


def lines(found: tuple[Bar, ...], *, output: str, drawing: Drawing) -> Generator[str]:
    """The bars, drawn for people or as data for programs."""
    match output:
        case "json":
            yield json.dumps({"step": histogram.step(found), "bars": [bar.to_json() for bar in found]}, indent=2)  # fmt: skip
        case "jsonl":
            yield from (json.dumps(bar.to_json()) for bar in found)
        case "csv":
            yield "from,to,calls,errors"
            yield from (f"{iso(b.start)},{iso(b.end)},{b.calls},{b.errors}" for b in found)
        case "text":
            yield from (f"{iso(b.start)}\t{iso(b.end)}\t{b.calls}\t{b.errors}" for b in found)
        case _ if found:
            yield from _drawn(found, drawing)


def _drawn(found: tuple[Bar, ...], drawing: Drawing) -> Iterator[str]:
    names = [_name(bar.start, found, drawing.now) for bar in found]
    counts = [
        f"{bar.calls}, {bar.errors} failed" if bar.errors else f"{bar.calls}" for bar in found
    ]
    width = WIDTH if drawing.width is None else drawing.width
    room = width - max(map(len, names)) - max(map(len, counts)) - 3
    if room < _SHORTEST:
        # Numbers matter more than bars; what failed is then in the colour of a bar alone.
        counts = [str(bar.calls) for bar in found]
        room = max(width - max(map(len, names)) - max(map(len, counts)) - 3, 1)
    most = max(bar.calls for bar in found)
    for name, bar, count in zip(names, found, counts, strict=True):
        yield f"{name}  {_bar(bar, most, room, drawing)}{count if bar.calls else ''}".rstrip()
    calls, failed = sum(bar.calls for bar in found), sum(bar.errors for bar in found)
    noun = "call" if calls == 1 else "calls"
    said = f"{calls} {noun}, {failed} failed; a line is {histogram.step(found)}"
    yield said if len(said) <= width else said.partition(";")[0][:width]


def _bar(bar: Bar, most: int, room: int, drawing: Drawing) -> str:
    """A call is seen, however many there were at other times, and so is a failure."""
    if not bar.calls:
        return ""
    long = max(round(bar.calls / most * room), 1)
    bad = min(max(round(bar.errors / most * room), 1), long) if bar.errors else 0
    whole, failed = ("#", "x") if drawing.plain else ("█", "▒")
    tail = failed * bad
    if drawing.colour and tail:
        tail = f"\x1b[{columns.RED}m{tail}\x1b[0m"
    return f"{whole * (long - bad)}{tail} "


def _name(time: int, found: tuple[Bar, ...], now: datetime) -> str:
    """When a bar begins, in the zone of the person, no longer than it takes to tell it."""
    moment = datetime.fromtimestamp(time / 1000, UTC).astimezone(now.tzinfo)
    width, span = found[0].end - found[0].start, found[-1].end - found[0].start
    if width >= _DAY:
        return f"{moment:%Y-%m-%d}"
    clock = f"{moment:%H:%M:%S}" if width < 60_000 else f"{moment:%H:%M}"
    is_today = span < _DAY and moment.date() == now.date()
    return clock if is_today else f"{moment:%Y-%m-%d} {clock}"
