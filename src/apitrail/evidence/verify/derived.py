"""The rows that make a trail searchable, recomputed from its entries and compared both ways.

It does not know SQL. Search must not lie while the log verifies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from apitrail import entry
from apitrail.entry import Entry
from apitrail.event import Event
from apitrail.evidence.verify.report import tampered
from apitrail.query import Row
from apitrail.trail import statements
from apitrail.trail.rows import STRING_COLUMNS, labels_text
from apitrail.trail.statements import Run

# Resource rows are stored by name, not by entry, so they are compared as sums over this many
# entries.
BUCKET = 4_096
_MODULUS = 1 << 128
_NO_BOOK = "table 'book' is not the list of the entries that are no calls"


class Rows(Protocol):
    """What is stored."""

    def events(self, start: int, stop: int) -> Iterator[tuple[Any, ...]]: ...
    def runs(self, start: int, stop: int) -> Iterator[tuple[Any, ...]]: ...
    def book(self, start: int, stop: int) -> Iterator[int] | None: ...
    def resources(self) -> Iterator[tuple[Any, ...]]: ...
    def string_ids(self) -> Iterator[tuple[int]]: ...
    def string(self, number: object) -> str | None: ...


@dataclass(slots=True)
class Use:
    """What a segment's derived rows come to: the strings they use, and its expected resources.

    `resources` holds sums of keyed hashes by bucket. The key is random for each verification,
    so nobody can prepare rows whose sums collide.
    """

    strings: set[int] = field(default_factory=set)
    resources: dict[int, int] = field(default_factory=dict)

    def join(self, other: Use) -> None:
        """Add what another segment uses."""
        self.strings |= other.strings
        for bucket, value in other.resources.items():
            self.resources[bucket] = (self.resources.get(bucket, 0) + value) % _MODULUS


def row_of(link: Entry, opened: Mapping[str, bytes]) -> Row | None:
    """The searchable row of an entry, None where it has none; raises FormatError."""
    if link.kind not in entry.CALLS or "what" not in opened:
        return None
    return Event.parse({tag: opened[tag] for tag in ("who", "what") if tag in opened}).row()


class Derived:
    """Compares rows of entries [start, stop) as these go by; `visit` is `segment.Visit`."""

    def __init__(self, rows: Rows, start: int, stop: int, key: bytes) -> None:
        self.use = Use()
        self._rows = rows
        self._key = key
        self._strings: dict[int, str] = {}
        self._events = rows.events(start, stop)
        self._runs = rows.runs(start, stop)
        self._books = rows.book(start, stop)
        self._event = next(self._events, None)
        self._book = None if self._books is None else next(self._books, None)
        self._run = next(self._runs, None)

    def visit(self, link: Entry, opened: Mapping[str, bytes]) -> None:
        """Hold this entry's rows to be what its facets say; raises Finding, FormatError."""
        row, event = row_of(link, opened), None
        if self._event is not None and self._event[0] == link.index:
            event, self._event = self._event, next(self._events, None)
        if row is None and event is not None:
            raise tampered("it can be searched for but says nothing", index=link.index)
        if row is not None:
            if event is None:
                raise tampered("it cannot be searched for: its row is missing", index=link.index)
            self._compare(link.index, row, event)
            bucket = link.index // BUCKET
            total = sum(_digest(self._key, link.index, *item) for item in row.resources)
            self.use.resources[bucket] = (self.use.resources.get(bucket, 0) + total) % _MODULUS
        self._check_run(link, opened)
        self._check_book(link)

    def finish(self) -> None:
        """Raises Finding if rows are left over."""
        for left in (self._event, self._run):
            if left is not None:
                raise tampered("it can be searched for but says nothing", index=left[0])
        if self._book is not None:
            raise tampered(_NO_BOOK, index=self._book)

    def _compare(self, index: int, row: Row, event: tuple[Any, ...]) -> None:
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

    def _check_run(self, link: Entry, opened: Mapping[str, bytes]) -> None:
        is_run = link.kind == Run.KIND and "what" in opened
        said = statements.parse(link.kind, opened["what"]) if is_run else None
        expected: tuple[str, str | None] | None = None
        if isinstance(said, Run):
            expected = (said.id, labels_text(said.labels))
        stored = None
        if self._run is not None and self._run[0] == link.index:
            stored, self._run = self._run[1:], next(self._runs, None)
            if expected is not None and stored[1] is None:
                expected = (expected[0], None)
        if stored != expected:
            raise tampered("its row in table 'run' is not what it says", index=link.index)

    def _check_book(self, link: Entry) -> None:
        if self._books is None:
            return
        listed = self._book == link.index
        if listed:
            self._book = next(self._books, None)
        if listed != (link.kind not in entry.CALLS):
            raise tampered(_NO_BOOK, index=link.index)

    def _string(self, number: int, index: int) -> str:
        if (known := self._strings.get(number)) is not None:
            return known
        if (value := self._rows.string(number)) is None:
            raise tampered(f"it uses string {number}, which is missing", index=index)
        self._strings[number] = value
        self.use.strings.add(number)
        return value


def check_shared(rows: Rows, use: Use, *, key: bytes, expected: Expected) -> None:
    """Hold resources and strings of the whole trail; raises Finding.

    `expected` tells the rows of a range again, to name what is wrong in a bucket that differs.
    """
    used = use.strings | check_resources(rows.resources, use, key=key, expected=expected)
    for (number,) in rows.string_ids():
        if number not in used:
            raise tampered(f"string {number} in the dictionary is used by nothing")


type Stored = Callable[[], Iterable[tuple[Any, ...]]]
"""Tells the stored rows of resources; read again only when something is wrong."""

type Expected = Iterable[tuple[int, Row]]
"""Indexes and rows of all calls; read only when something is wrong."""


def check_resources(stored: Stored, use: Use, *, key: bytes, expected: Expected) -> set[int]:
    """Hold the stored rows of resources to be those that are used; gives the strings they use.

    Raises:
        Finding: a row is missing, or is there and should not.
    """
    used, sums = set[int](), dict[int, int]()
    for idx, *numbers, name, kind in stored():
        if name is None or kind is None:
            raise tampered("a resource uses a string that is missing", index=idx)
        used.update(numbers)
        bucket = idx // BUCKET
        sums[bucket] = (sums.get(bucket, 0) + _digest(key, idx, name, kind)) % _MODULUS
    for bucket in sorted({*sums, *use.resources}):
        if sums.get(bucket, 0) != use.resources.get(bucket, 0):
            raise _resource_finding(stored(), bucket, expected)
    return used


def _resource_finding(
    stored: Iterable[tuple[Any, ...]], bucket: int, expected: Expected
) -> Exception:
    there = {(idx, name, kind) for idx, _, _, name, kind in stored if idx // BUCKET == bucket}
    should = {
        (idx, *resource)
        for idx, row in expected
        if idx // BUCKET == bucket
        for resource in row.resources
    }
    for missing in sorted(should - there, key=str):
        return tampered(f"it cannot be found by its resource {missing[1]!r}", index=missing[0])
    for extra in sorted(there - should, key=str):
        return tampered(f"it is found by {extra[1]!r}, which it did not touch", index=extra[0])
    return tampered(f"resources of entries from {bucket * BUCKET} are stored twice")


def _digest(key: bytes, index: int, name: str, kind: str) -> int:
    message = f"{index} {len(name)} {name} {kind}".encode()
    return int.from_bytes(hashlib.blake2b(message, digest_size=16, key=key).digest(), "big")
