"""Events as a table for people: which columns there are, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from apitrail.errors import UsageError
from apitrail.event import Event
from apitrail.query import caller
from apitrail.reading import columns, render
from apitrail.reading.columns import Column

DEFAULT = ("time", "event", "caller", "region", "result", "resource", "id")


@dataclass(frozen=True, slots=True)
class Look:
    """How a table is shown: on a screen of this width (None: in a pipe), at this time, coloured."""

    width: int | None = None
    now: datetime | None = None
    colour: bool = False
    names: tuple[str, ...] = DEFAULT


PIPED = Look()


def parse_names(text: str) -> tuple[str, ...]:
    """`time,event,caller`; raises UsageError."""
    names = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    unknown = next((name for name in names if name not in CELLS), None)
    if unknown is not None or not names:
        raise UsageError(f"no column {unknown or text!r}", hint=f"columns are {', '.join(CELLS)}")
    return names


def tags(names: Sequence[str]) -> tuple[str, ...]:
    """The facets that these columns are read from."""
    return ("who", "what", "response") if "message" in names else ("who", "what")


def lines(events: Sequence[Event], look: Look) -> Iterator[str]:
    """A header and a line for each event; nothing where there are none."""
    if not events:
        return
    shown = [_column(name, look) for name in look.names]
    rows = [_cells(event, look.names) for event in events]
    if look.width is not None and look.now is not None and _is_too_wide(rows, shown, look.width):
        _shorten_times(rows, events, look)
    yield from columns.laid_out(rows, shown, look.width, colour=look.colour)


def line(event: Event, look: Look) -> str:
    """One event of a list without end, whose columns cannot be as wide as the widest cell."""
    cells = _cells(event, look.names)
    if look.width is None:
        return columns.GAP.join(cells)
    if look.now is not None and "time" in look.names:
        cells[look.names.index("time")] = short_time(event.call.time, look.now)
    padded = [
        cell.ljust(_FOLLOWED.get(name, 0)) for name, cell in zip(look.names, cells, strict=True)
    ]
    shown = [_column(name, look) for name in look.names]
    return list(columns.laid_out([padded], shown, look.width, colour=look.colour))[1]


def _cells(event: Event, names: Sequence[str]) -> list[str]:
    record = event.record()
    return [render.clean(CELLS[name](event, record)) for name in names]


# The widths of columns while later rows are not known yet.
_FOLLOWED = {"event": 24, "caller": 12, "result": 6, "resource": 12}


def _is_too_wide(rows: list[list[str]], shown: list[Column], width: int) -> bool:
    headers = [column.header for column in shown]
    widths = [max(map(len, cells)) for cells in zip(headers, *rows, strict=True)]
    return columns.needed(widths) > width


def _shorten_times(rows: list[list[str]], events: Sequence[Event], look: Look) -> None:
    for at, name in enumerate(look.names):
        if name == "time" and look.now is not None:
            for row, event in zip(rows, events, strict=True):
                row[at] = short_time(event.call.time, look.now)


def short_time(time: int | None, now: datetime) -> str:
    """Of today the time, of other days the day and the minute, of other years the date."""
    if time is None:
        return "?"
    moment = datetime.fromtimestamp(time / 1000, now.tzinfo)
    if moment.date() == now.date():
        return f"{moment:%H:%M:%S}"
    return f"{moment:%m-%d %H:%M}" if moment.year == now.year else f"{moment:%Y-%m-%d}"


type Record = dict[str, object]


def _time(event: Event, _: Record) -> str:
    time = event.call.time
    return "?" if time is None else f"{_local(time):%Y-%m-%d %H:%M:%S}"


def _local(time: int) -> datetime:
    return datetime.fromtimestamp(time / 1000, UTC).astimezone()


def _event(event: Event, _: Record) -> str:
    return render.operation(event)


def _caller(event: Event, _: Record) -> str:
    return caller(_user(event)) or "-"


def _result(event: Event, _: Record) -> str:
    return render.outcome(event)


def _resource(event: Event, _: Record) -> str:
    names = (resource.label for resource in event.resources)
    return next(filter(None, names), "-")


def _id(_: Event, record: Record) -> str:
    return str(record.get("eventID"))[:8]


def _labels(event: Event, _: Record) -> str:
    run = event.who.run if event.who else None
    return " ".join(render.labels(run)) if run else "-"


def _run(event: Event, _: Record) -> str:
    return event.who.run.id if event.who and event.who.run else "-"


def _operator(event: Event, _: Record) -> str:
    return (event.who.operator if event.who else None) or "-"


def _known(event: Event, _: Record) -> str:
    return str(event.who.identity.get("known") or "-") if event.who else "-"


def _took(event: Event, _: Record) -> str:
    call = event.call
    if call.started is None or call.ended is None:
        return "-"
    return f"{call.ended - call.started} ms"


def _user(event: Event) -> Mapping[str, object]:
    return event.who.user if event.who else {}


def _of_user(name: str) -> Cell:
    return lambda event, _: str(_user(event).get(name) or "-")


def _of_record(name: str) -> Cell:
    return lambda _, record: str(record.get(name) or "-")


type Cell = Callable[[Event, Record], str]

CELLS: dict[str, Cell] = {
    "time": _time,
    "event": _event,
    "caller": _caller,
    "region": _of_record("awsRegion"),
    "result": _result,
    "resource": _resource,
    "id": _id,
    "event-id": _of_record("eventID"),
    "request-id": _of_record("requestID"),
    "message": _of_record("errorMessage"),
    "account": _of_user("accountId"),
    "access-key": _of_user("accessKeyId"),
    "arn": _of_user("arn"),
    "known": _known,
    "source-ip": _of_record("sourceIPAddress"),
    "user-agent": _of_record("userAgent"),
    "took": _took,
    "run": _run,
    "labels": _labels,
    "operator": _operator,
}

# Columns that are never cut, since a part is of no use; then the default columns that are left
# out first.
_WHOLE = {"time", "id", "event-id", "request-id", "took", "region"}
_LEAST = {"event": 18, "caller": 20}
_WEIGHTS = {"event": 4, "caller": 4, "resource": 3, "result": 2}
_RANKS = {"region": 3, "resource": 2, "id": 1}
_STYLES = {"time": columns.dim, "id": columns.dim, "result": columns.by_outcome}


def _column(name: str, look: Look) -> Column:
    """Columns that were asked for by name are never left out."""
    return Column(
        name.upper().replace("-", " "),
        None if name in _WHOLE else _LEAST.get(name, 8),
        _RANKS.get(name, 0) if look.names == DEFAULT else 0,
        _STYLES.get(name),
        _WEIGHTS.get(name, 1),
        tail=name == "resource",
    )
