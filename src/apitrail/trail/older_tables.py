"""What the search tables of an older version do not list, found in the log itself."""

from __future__ import annotations

from collections.abc import Iterator

from apitrail.entry import CALLS, Entry
from apitrail.event import Event
from apitrail.query import Filter
from apitrail.source import Source


def undetermined(source: Source, where: Filter) -> Iterator[int]:
    """Indexes of the calls that match and whose resources could not be told, oldest first."""
    for index in source.select(where, ascending=True):
        content = source.facets(index, ("what",)).get("what", b"")
        # The content is parsed only if the name occurs in it.
        if b'"undetermined"' in content:
            what = Event.parse({"what": content}).what
            if what is not None and what.undetermined:
                yield index


def books(source: Source, start: int, stop: int) -> Iterator[int]:
    """Indexes of the entries in [start, stop) that are no calls, in order."""
    for data in source.entries(start, stop):
        index, _, kind = Entry.head_of(data)
        if kind not in CALLS:
            yield index
