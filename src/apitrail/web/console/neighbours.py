"""The calls before and after one: of the same caller, run and resource, and of the same operation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from apitrail.event import Event, record_of
from apitrail.query import Filter
from apitrail.source import Source


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Ids of the events next to one among those that share something, None at an end."""

    what: str
    name: str
    previous: str | None
    next: str | None


def of(source: Source, index: int, event: Event) -> Iterator[Neighbours]:
    """Those of each thing that the event shares with others."""
    for what, name, where in _shared(event):
        before = _id(source, source.select(where, before=index, limit=1))
        after = _id(source, source.select(where, after=index, limit=1, ascending=True))
        yield Neighbours(what, name, before, after)


def last_of_operation(source: Source, index: int, event: Event) -> int | None:
    """The newest call of the same operation before this one."""
    row = event.row()
    if row.name is None or row.source is None:
        return None
    where = Filter(event_name=(row.name,), event_source=(row.source,))
    return next(iter(source.select(where, before=index, limit=1)), None)


def _shared(event: Event) -> Iterator[tuple[str, str, Filter]]:
    row = event.row()
    if row.username is not None:
        yield "caller", row.username, Filter(username=(row.username,))
    elif row.access_key_id is not None:
        yield "caller", row.access_key_id, Filter(access_key_id=(row.access_key_id,))
    if row.run is not None:
        yield "run", row.run, Filter(run=(row.run,))
    for item in event.resources[:1]:
        if name := item.label:
            yield "resource", name, Filter(resource_name=(name,))


def _id(source: Source, found: Iterator[int]) -> str | None:
    for index in found:
        record = record_of(source.facets(index, ("what",)))
        return str(record.get("eventID"))
    return None
