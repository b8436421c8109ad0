"""What a person wants erased, as facets of entries: events by id, or all before some time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from apitrail.entry import CALLS, TAGS
from apitrail.errors import UsageError
from apitrail.source import Source
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Target

# The kinds that `prune` takes: calls, and runs, which name commands. Book-keeping stays.
PRUNED = (*CALLS, "run")


def by_id(reader: Reader, ids: Iterable[str], facets: Sequence[str] = ()) -> list[Target]:
    """Whole events, or just the facets named.

    Raises:
        UsageError: an id is none event's or several's, or a facet is unknown.
    """
    if unknown := [tag for tag in facets if tag not in TAGS]:
        raise UsageError(f"no facet {unknown[0]!r}", hint=f"facets are {', '.join(TAGS)}")
    return [Target(find(reader, text), tuple(facets) or TAGS) for text in ids]


def before(reader: Reader, time: int) -> Iterator[Target]:
    """Every call and run whose entry is older than `time`, Unix milliseconds, and not yet erased."""
    size = reader.size
    end = bisect_left(range(size), time, key=lambda index: _time(reader, index))
    for index in reader.opened(0, end):
        link = reader.entry(index)
        if link is not None and link.kind in PRUNED:
            yield Target(index, TAGS)


def _time(reader: Reader, index: int) -> int:
    link = reader.entry(index)
    if link is None:
        raise UsageError(f"entry {index} is missing", hint="`apitrail verify` says more")
    return link.time


def find(source: Source, text: str) -> int:
    """The index of the one event whose id begins so.

    Raises:
        UsageError: none does, or several do.
    """
    match source.find(text):
        case [index]:
            return index
        case []:
            raise UsageError(
                f"no event {text!r}",
                hint="`apitrail events` lists them; the start of an id will do",
            )
        case several:
            raise UsageError(
                f"{len(several)} events begin with {text!r}", hint="give more of the id"
            )
