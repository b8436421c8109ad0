"""The rows that make a trail searchable, recomputed from its entries and compared both ways.

Search must not lie while the log verifies.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any, Protocol

from apitrail import codec, entry
from apitrail.errors import FormatError
from apitrail.event import Event, What, Who, called_columns, load, resource_names
from apitrail.evidence.verify.report import tampered
from apitrail.query import NOBODY, Caller, Row
from apitrail.remembered import remembered
from apitrail.trail import statements
from apitrail.trail.rows import STRING_COLUMNS, labels_text
from apitrail.trail.statements import Run

_NO_BOOK = "table 'book' is not the list of the entries that are no calls"
# Bytes of a `who` facet up to which its columns are remembered: most callers make many calls.
_LONGEST = 4_096

type Resource = tuple[int, str, str]
"""An entry, and a name by which it is found, with its type."""


class Rows(Protocol):
    """What is stored."""

    def events(self, start: int, stop: int) -> Iterator[tuple[Any, ...]]: ...
    def runs(self, start: int, stop: int) -> Iterator[tuple[Any, ...]]: ...
    def book(self, start: int, stop: int) -> Iterator[int] | None: ...
    def resources(self, start: int, stop: int) -> Iterator[tuple[Any, ...]]: ...
    def string_ids(self) -> Iterator[tuple[int]]: ...
    def string(self, number: object) -> str | None: ...


def row_of(kind: str, opened: Mapping[str, bytes]) -> Row | None:
    """The searchable row of an entry, None where it has none; raises FormatError."""
    if kind not in entry.CALLS or "what" not in opened:
        return None
    return Event.parse({tag: opened[tag] for tag in ("who", "what") if tag in opened}).row()


class Derived:
    """Compares rows of entries [start, stop) as these go by; `visit` is `segment.Visit`.

    `used` are the numbers of the strings that the rows use.
    """

    def __init__(self, rows: Rows, start: int, stop: int) -> None:
        self.used = set[int]()
        self._rows = rows
        self._range = start, stop
        self._strings: dict[int, str] = {}
        self._numbers: dict[str | None, int | None] = {None: None}
        self._resources = set[Resource]()
        self._events = rows.events(start, stop)
        self._runs = rows.runs(start, stop)
        self._books = rows.book(start, stop)
        self._event = next(self._events, None)
        self._book = None if self._books is None else next(self._books, None)
        self._run = next(self._runs, None)

    def visit(self, index: int, kind: str, opened: Mapping[str, bytes]) -> None:
        """Hold this entry's rows to be what its facets say; raises Finding, FormatError."""
        event = self._event
        if event is not None and event[0] == index:
            self._event = next(self._events, None)
        else:
            event = None
        is_call = kind in entry.CALLS
        found = _plain_row(opened) if is_call and event is not None else None
        if event is None or found is None or not self._is_as(event, found):
            self._compare(index, row_of(kind, opened), event)
        if not is_call or (self._run is not None and self._run[0] == index):
            self._check_run(index, kind, opened)
        if self._books is not None and (not is_call or self._book == index):
            self._check_book(index, is_call=is_call)

    def finish(self) -> None:
        """Raises Finding if rows are left over, or resources are others."""
        for left in (self._event, self._run):
            if left is not None:
                raise tampered("it can be searched for but says nothing", index=left[0])
        if self._book is not None:
            raise tampered(_NO_BOOK, index=self._book)
        self._check_resources()
        self.used.update(self._strings)

    def _is_as(self, event: tuple[Any, ...], found: PlainRow) -> bool:
        """Is the stored row plainly what the event says? If not, `_compare` says why."""
        facts, strings, resources = found
        if event[1:6] != facts:
            return False
        if event[6:] != tuple(map(self._numbers.get, strings)):
            for value, number in zip(strings, event[6:], strict=True):
                if number is None or value is None:
                    if number is not value:
                        return False
                elif self._string(number, event[0]) != value:
                    return False
        for name, kind in resources:
            self._resources.add((event[0], name, kind))
        return True

    def _compare(self, index: int, row: Row | None, event: tuple[Any, ...] | None) -> None:
        if row is None and event is not None:
            raise tampered("it can be searched for but says nothing", index=index)
        if row is None:
            return
        if event is None:
            raise tampered("it cannot be searched for: its row is missing", index=index)
        read_only = None if row.read_only is None else int(row.read_only)
        expected = (index, bytes.fromhex(row.id.replace("-", "")), row.time, read_only)
        # Search tables of the first version do not say whether it is about a stand-in,
        # and those before the third not whether its resources could be told.
        told = (None, int(row.stand_in)), (None, int(row.undetermined))
        if event[:4] != expected or event[4] not in told[0] or event[5] not in told[1]:
            raise tampered("its search row is not what the event says", index=index)
        for name, number in zip(STRING_COLUMNS, event[6:], strict=True):
            value = None if number is None else self._string(number, index)
            if value != getattr(row, name):
                raise tampered(f"its search row has another {name!r} than the event", index=index)
        self._resources.update((index, name, kind) for name, kind in row.resources)

    def _check_run(self, index: int, kind: str, opened: Mapping[str, bytes]) -> None:
        is_run = kind == Run.KIND and "what" in opened
        said = statements.parse(kind, opened["what"]) if is_run else None
        expected: tuple[str, str | None] | None = None
        if isinstance(said, Run):
            expected = (said.id, labels_text(said.labels))
        stored = None
        if self._run is not None and self._run[0] == index:
            stored, self._run = self._run[1:], next(self._runs, None)
            if expected is not None and stored[1] is None:
                expected = (expected[0], None)
        if stored != expected:
            raise tampered("its row in table 'run' is not what it says", index=index)

    def _check_book(self, index: int, *, is_call: bool) -> None:
        listed = self._book == index
        if listed and self._books is not None:
            self._book = next(self._books, None)
        if listed is is_call:
            raise tampered(_NO_BOOK, index=index)

    def _check_resources(self) -> None:
        """Hold the stored names and types to be those of the calls; raises Finding."""
        stored = set[Resource]()
        for idx, *numbers, name, kind in self._rows.resources(*self._range):
            if name is None or kind is None:
                raise tampered("a resource uses a string that is missing", index=idx)
            self.used.update(numbers)
            stored.add((idx, name, kind))
        if stored == self._resources:
            return
        for missing in sorted(self._resources - stored, key=str):
            raise tampered(f"it cannot be found by its resource {missing[1]!r}", index=missing[0])
        for extra in sorted(stored - self._resources, key=str):
            raise tampered(f"it is found by {extra[1]!r}, which it did not touch", index=extra[0])

    def _string(self, number: int, index: int) -> str:
        if (known := self._strings.get(number)) is not None:
            return known
        if (value := self._rows.string(number)) is None:
            raise tampered(f"it uses string {number}, which is missing", index=index)
        self._strings[number] = value
        self._numbers[value] = number
        return value


type PlainRow = tuple[tuple[Any, ...], tuple[str | None, ...], set[tuple[str, str]]]
"""What of a row is compared: id, time, read_only, stand_in, undetermined; the strings in the order of
`STRING_COLUMNS`; the resources."""


def _plain_row(opened: Mapping[str, bytes]) -> PlainRow | None:
    """What `row_of` gives for a call, without making it; None where that one has to say."""
    try:
        what = codec.decode(What, load(opened["what"]))
        id_, time, read_only, source, name, region, error = called_columns(what)
        who = opened.get("who")
        username, key, source_ip, run, operator = NOBODY if who is None else _caller(who)
    except (KeyError, ValueError, FormatError):
        return None
    return (
        (bytes.fromhex(id_.replace("-", "")), time, read_only, what.stand_in, what.undetermined),
        (source, name, username, key, region, source_ip, error, run, operator),
        resource_names(what.resources),
    )


@remembered(8_192, longest=_LONGEST)
def _caller(facet: bytes) -> Caller:
    return codec.decode(Who, load(facet)).columns


def check_strings(rows: Rows, used: Container[int]) -> None:
    """Hold each string of the dictionary to be used; raises Finding."""
    for (number,) in rows.string_ids():
        if number not in used:
            raise tampered(f"string {number} in the dictionary is used by nothing")
