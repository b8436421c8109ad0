"""The past played through rules: which alerts they would have raised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from apitrail.codec import Object
from apitrail.query import Filter
from apitrail.reading.rules import looked_at, raised
from apitrail.reading.rules.raised import Failed, Raised, ignore
from apitrail.reading.rules.rule_tables import Watched
from apitrail.source import Source

HEADERS = ("TIME", "LEVEL", "ALERT", "ENTRY", "CALLS", "WHAT")


def attempt(
    source: Source, where: Filter, watched: Sequence[Watched], failed: Failed = ignore
) -> Iterator[Raised]:
    """The alerts over the calls that match, in the order of their entries.

    Insights are looked at where the filter leaves nothing out.
    """
    if where.is_open:
        found = looked_at.each(source, 0, source.size)
    else:
        found = looked_at.chosen(source, source.select(where, ascending=True))
    for seen in found:
        yield from raised.of(source, watched, seen, failed)


def documents(source: Source, found: Iterable[Raised], origin: str | None) -> Iterator[Object]:
    """Them as sinks would have got them."""
    return (raised.document(source, each, origin) for each in found)


def rows(told: Iterable[Object]) -> Iterator[list[str]]:
    """Them under `HEADERS`."""
    for each in told:
        names = ("time", "level", "alert", "entry", "count", "summary")
        yield [str(each[name]) for name in names]


def counted(found: Iterable[Object]) -> str:
    """How many there were of each alert."""
    counts = Counter(str(each["alert"]) for each in found)
    told = ", ".join(f"{name} {count:,}" for name, count in counts.most_common())
    number = counts.total()
    return f"{number:,} alert{'' if number == 1 else 's'}{f': {told}' if told else ''}"


def origin(source: Source) -> str | None:
    """The log's name, as its newest checkpoint says it."""
    tail = source.tail()
    return tail.partition("\n")[0] if tail else None
