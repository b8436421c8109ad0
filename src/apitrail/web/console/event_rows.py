"""Calls as the rows of a table: the same columns as `apitrail events` prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from apitrail.event import Event
from apitrail.reading import event_table, render
from apitrail.source import Source
from apitrail.when import iso

# Column → its heading, where that is not its own name.
HEADINGS = {
    "event": "Event", "caller": "Who", "resource": "Resource", "source-ip": "From",
    "event-id": "Event ID", "request-id": "Request ID", "id": "ID", "arn": "ARN",
    "user-agent": "Client", "known": "Known by", "access-key": "Access key",
}  # fmt: skip
# Columns of figures and identifiers.
FIGURES = frozenset({"time", "source-ip", "id", "event-id", "request-id", "access-key", "took"})


def heading(name: str) -> str:
    """What stands over a column."""
    return HEADINGS.get(name, name.replace("-", " ").capitalize())


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One call; `cells` are in the order of the columns."""

    index: int
    id: str
    time: int | None
    service: str
    name: str
    outcome: str
    cells: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Was it refused, or never answered?"""
        return self.outcome not in ("ok", "unknown")

    def to_json(self, columns: Sequence[str]) -> dict[str, object]:
        """For scripts."""
        cells = dict(zip(columns, self.cells, strict=True))
        return {"entry": self.index, "eventID": self.id, "time": iso(self.time), **{
            name: text for name, text in cells.items() if name != "time"
        }}  # fmt: skip


def rows(source: Source, indexes: Iterable[int], columns: Sequence[str]) -> list[EventRow]:
    """The calls of these entries."""
    tags = event_table.tags(columns)
    return [row(index, Event.parse(source.facets(index, tags)), columns) for index in indexes]


def row(index: int, event: Event, columns: Sequence[str]) -> EventRow:
    """One call."""
    record = event.record()
    service, _, name = render.operation(event).partition(":")
    return EventRow(
        index=index, id=str(record.get("eventID") or ""), time=event.call.time, service=service,
        name=name, outcome=render.outcome(event),
        cells=tuple(event_table.CELLS[each](event, record) for each in columns),
    )  # fmt: skip
