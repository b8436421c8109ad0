"""An entry as rules see it: a call's CloudTrail record, or an insight's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from apitrail.codec import Object
from apitrail.entry import CALLS, Entry
from apitrail.errors import FormatError
from apitrail.event import RECORD_TAGS, Event
from apitrail.query import Row
from apitrail.reading.mutes import Mutes
from apitrail.source import Source
from apitrail.trail import statements
from apitrail.trail.statements import Insight

KINDS = (*CALLS, Insight.KIND)


@dataclass(slots=True, kw_only=True)
class LookedAt:
    """`time` is Unix milliseconds. An insight has no event, and says of which kind it is."""

    index: int
    time: int
    record: Object
    event: Event | None = None
    insight: str | None = None
    _row: Row | None = field(default=None, repr=False)

    @property
    def id(self) -> str:
        """The id of the record."""
        return str(self.record.get("eventID"))

    @property
    def row(self) -> Row | None:
        """The searchable side of a call; an insight has none."""
        if self._row is None and self.event is not None:
            self._row = self.event.row()
        return self._row


def one(source: Source, index: int, kind: str) -> LookedAt | None:
    """What rules see of an entry of this kind; None where that is nothing.

    What was erased or cannot be read is nothing, nor is an insight that is muted, nor what a client
    asked a stand-in about itself.
    """
    if kind in CALLS:
        return of_call(index, source.facets(index, RECORD_TAGS))
    return _of_insight(source, index) if kind == Insight.KIND else None


def of_call(index: int, facets: Mapping[str, bytes]) -> LookedAt | None:
    """A call by its facets."""
    if "what" not in facets or "who" not in facets:
        return None
    event = Event.parse(facets)
    if event.what is None or event.what.stand_in:
        return None
    return LookedAt(index=index, time=event.call.time or 0, record=event.record(), event=event)


def _of_insight(source: Source, index: int) -> LookedAt | None:
    said = statements.of(source, Insight.KIND, index)
    if not isinstance(said, Insight) or Mutes.of(source).was_quiet(index, said):
        return None
    return LookedAt(index=index, time=said.time, record=said.record, insight=said.kind)


def each(source: Source, start: int, stop: int) -> Iterator[LookedAt]:
    """What rules see of entries [start, stop), in order."""
    heads = (Entry.head_of(data) for data in source.entries(start, stop))
    return _each(source, ((index, kind) for index, _, kind in heads if kind in KINDS))


def chosen(source: Source, indexes: Iterable[int]) -> Iterator[LookedAt]:
    """What rules see of these calls."""
    return _each(source, ((index, CALLS[0]) for index in indexes))


def _each(source: Source, entries: Iterable[tuple[int, str]]) -> Iterator[LookedAt]:
    for index, kind in entries:
        try:
            found = one(source, index, kind)
        except FormatError:
            continue  # `verify` tells of it
        if found is not None:
            yield found
