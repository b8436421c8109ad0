"""Events of several conditions at once, from block to block: entries that lack one are not looked at."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from apitrail.trail import blocks, database
from apitrail.trail.blocks import FIELDS, NOTHING, NUMBER
from apitrail.valueclass import valueclass

# So many values of a field are looked up one by one; more are told by its codes.
_FEW = 8
# Where fewer entries of a block may be meant, they are looked at one by one.
SOME = 512
# Of so few they are before the codes of a block are read.
SPARSE = 16
# After so many blocks whose codes were read, it is asked whether values with so few rows have an index
# that is quicker.
_TRIED, RARE = 24, 16_384
# So many entries of several blocks are looked at by one statement: a page may be full with them.
_TOGETHER = 16


@valueclass(frozen=True, slots=True)
class Part:
    """A field that has one of some values, by their numbers in its column; `is_other` has none of
    them, which are few then."""

    field: int
    values: frozenset[int]
    is_other: bool = False

    @property
    def is_by_codes(self) -> bool:
        """Is it of so many values that the codes of a block tell quicker?"""
        return len(self.values) > _FEW and self.field >= blocks.FIRST_CODED and not self.is_large

    @property
    def is_large(self) -> bool:
        """Is there a number that codes do not list?"""
        return max(self.values, default=0) >= blocks.LARGE


type Shape = tuple[tuple[Part, ...], ...]
"""What must hold of an event: all parts of one of these. It may hold of more than are meant."""

EVERY: Shape = ((),)
"""What holds of each event."""


def part(table: str, column: str, values: Iterable[int | None], *, is_other: bool = False) -> Part:
    """A part by its table and column; None among the values is NULL."""
    numbers = frozenset(NOTHING if value is None else value for value in values)
    return Part(NUMBER[table, column], numbers, is_other)


def is_never(shape: Shape) -> bool:
    """Does a shape hold of nothing?"""
    return all(any(not (each.values or each.is_other) for each in parts) for parts in shape)


def is_by_codes(shape: Shape) -> bool:
    """Is a shape of so many values that it takes longer than others?"""
    return any(len(each.values) > _FEW for parts in shape for each in parts)


def both(one: Shape, other: Shape) -> Shape:
    """What holds where both do."""
    return tuple((*first, *second) for first in one for second in other)


def summed(connection: sqlite3.Connection) -> int:
    """Of how many blocks, from the first one on, all fields are summed up."""
    sql = "SELECT block FROM coded WHERE field = ? AND layer = 0 ORDER BY block DESC LIMIT 1"
    row = connection.execute(sql, (len(FIELDS) - 1,)).fetchone()
    return 0 if row is None else int(row[0]) + 1


@dataclass(slots=True)
class Marks:
    """The marks of some blocks that follow each other, each value's looked up at once when it is asked for."""

    connection: sqlite3.Connection
    some: range
    _found: dict[tuple[int, int], dict[int, bytes | list[int]]] = field(default_factory=dict)

    def of(self, block: int, number: int, value: int) -> int:
        """The entries of a block that have this value in a field, a bit for each."""
        key = number, value
        if (found := self._found.get(key)) is None:
            found = self._found[key] = self._looked_up(number, value)
        said = found.get(block)
        if said is None:
            return 0
        return blocks.bits_of(said) if isinstance(said, list) else blocks.bits_from(said)

    def _looked_up(self, number: int, value: int) -> dict[int, bytes | list[int]]:
        low, high = min(self.some), max(self.some)
        shelves = json.dumps([*range(low // blocks.SHELF, high // blocks.SHELF + 1)])
        rows = self.connection.execute(_MARKED, (shelves, number, value, low, high))
        found: dict[int, bytes | list[int]] = dict(rows.fetchall())
        if value == NOTHING or number < blocks.FIRST_INDEXED or len(found) == len(self.some):
            return found  # what is not there would be marked
        table, column = FIELDS[number]
        # Resources are in the order of their names.
        index = "" if (table, column) == ("resource", "name") else f"INDEXED BY {table}_{column} "
        # By one statement: each takes a while to begin, and there may be a run for every other block.
        sql = (
            f"SELECT t.idx FROM json_each(?) r CROSS JOIN {table} t {index}ON t.{column} = ? "
            "AND t.idx >= json_extract(r.value, '$[0]') AND t.idx < json_extract(r.value, '$[1]')"
        )
        runs = _runs(sorted(block for block in self.some if block not in found))
        limits = [(first * blocks.SIZE, stop * blocks.SIZE) for first, stop in runs]
        for (entry,) in self.connection.execute(sql, (json.dumps(limits), value)).fetchall():
            block, place = divmod(entry, blocks.SIZE)
            found.setdefault(block, []).append(place)  # type: ignore[union-attr]
        return found


@dataclass(slots=True)
class Coded:
    """The entries that have one of many values of a field: by the codes of each block, or, where few
    entries between these two have, by the field's index."""

    connection: sqlite3.Connection
    after: int
    before: int
    _tells: dict[Part, bool] = field(default_factory=dict)
    _read: dict[Part, int] = field(default_factory=dict)
    _listed: dict[Part, dict[int, list[int]]] = field(default_factory=dict)

    def tells(self, what: Part) -> bool:
        """Is it of so many values that this is quicker than marks?"""
        if (known := self._tells.get(what)) is None:
            known = self._tells[what] = what.is_by_codes
        return known

    def of(self, block: int, what: Part) -> int:
        """Those of a block, a bit for each."""
        if (listed := self._listed.get(what)) is not None:
            return blocks.bits_of(listed.get(block, ()))
        read = self._read[what] = self._read.get(what, 0) + 1
        if read == _TRIED and NOTHING not in what.values:
            self._look_up(what)
        rows = self.connection.execute(_CODED, (block, what.field)).fetchall()
        return blocks.with_value((data for (data,) in rows), what.values)

    def _look_up(self, what: Part) -> None:
        """List the entries by the index, if they are few."""
        _, column = FIELDS[what.field]
        sql = (
            f"SELECT e.idx FROM json_each(?) w CROSS JOIN event e INDEXED BY event_{column} "
            f"ON e.{column} = w.value AND e.idx > ? AND e.idx < ? LIMIT ?"
        )
        values = json.dumps([*what.values]), self.after, self.before, RARE
        (many,) = self.connection.execute(f"SELECT count(*) FROM ({sql})", values).fetchone()
        if many == RARE:
            return
        found = self._listed[what] = {}
        for (entry,) in self.connection.execute(sql, values).fetchall():
            block, place = divmod(entry, blocks.SIZE)
            found.setdefault(block, []).append(place)


type Piece = tuple[int, int] | list[int]
"""Entries to be looked at: all between two, or some of them in order."""


@dataclass(frozen=True, slots=True)
class BlockSearch:
    """The search for events of these shapes, between these times. `conditions` and `values` are the
    exact question, in SQL about `event e`. The shapes are those of `whole` blocks, None for all that
    are summed up."""

    connection: sqlite3.Connection
    shapes: Sequence[Shape]
    conditions: str
    values: Sequence[object]
    since: int | None = None
    until: int | None = None
    whole: int | None = None

    def entries(self, after: int, before: int, *, ascending: bool) -> Iterator[int]:
        """Indexes of entries after the one and before the other, in order."""
        for piece in self.pieces(after, before, ascending=ascending):
            yield from self.of(piece, ascending=ascending)

    def pieces(self, after: int, before: int, *, ascending: bool) -> Iterator[Piece]:
        """What is to be looked at, in order."""
        whole = summed(self.connection) if self.whole is None else self.whole
        whole *= blocks.SIZE
        parts: list[Callable[[], Iterator[Piece]]] = [
            lambda: self._summed(after, min(before, whole), ascending=ascending),
            lambda: _between(max(after, whole - 1), before),
        ]
        for each in parts if ascending else reversed(parts):
            yield from each()

    def of(self, piece: Piece, *, ascending: bool) -> Iterator[int]:
        """The entries of a piece that are meant."""
        if isinstance(piece, list):
            return self._looked_at(piece, ascending=ascending)
        return self._read(*piece, ascending=ascending)

    def _summed(self, after: int, before: int, *, ascending: bool) -> Iterator[Piece]:
        if before <= after + 1 or any(map(is_never, self.shapes)):
            return
        span = range((after + 1) // blocks.SIZE, (before - 1) // blocks.SIZE + 1)
        coded = Coded(self.connection, after, before)
        for some in _chunks(span if ascending else span[::-1]):
            marks = Marks(self.connection, some)
            waiting: list[int] = []  # each statement takes a while to begin
            for block in some:
                bits = self._meant(block, marks, coded)
                many = bits.bit_count()
                if waiting and len(waiting) + many > _TOGETHER:
                    yield waiting
                    waiting = []
                first = block * blocks.SIZE
                low, high = max(after, first - 1), min(before, first + blocks.SIZE)
                if many > SOME:
                    yield low, high
                elif many:
                    places = blocks.places_of(bits)
                    waiting += [
                        first + at
                        for at in (places if ascending else reversed(places))
                        if low < first + at < high
                    ]
            if waiting:
                yield waiting

    def _meant(self, block: int, marks: Marks, coded: Coded) -> int:
        """The entries of a block that may be meant, a bit for each."""
        bits = blocks.every()
        for shape in self.shapes:
            bits = _shaped(block, shape, marks, coded, bits)
            if not bits:
                return 0
        if self.since is not None or self.until is not None:
            bits &= self._timely(block)
        return bits

    def _timely(self, block: int) -> int:
        """The entries of which the time may be meant, by the spans that overlap it."""
        first = block * blocks.SIZE
        sql = "SELECT block, first, last FROM span WHERE block >= ? AND block <= ?"
        numbers = (first // database.SPAN, (first + blocks.SIZE - 1) // database.SPAN)
        bits = 0
        for number, earliest, latest in self.connection.execute(sql, numbers).fetchall():
            if (self.since is None or latest >= self.since) and (
                self.until is None or earliest < self.until
            ):
                start = max(number * database.SPAN - first, 0)
                stop = min((number + 1) * database.SPAN - first, blocks.SIZE)
                bits |= ((1 << (stop - start)) - 1) << (blocks.SIZE - stop)
        return bits

    def _read(self, after: int, before: int, *, ascending: bool) -> Iterator[int]:
        """Those of all entries between two."""
        sql = (
            "SELECT e.idx FROM event e NOT INDEXED WHERE e.idx > ? AND e.idx < ?"
            f"{self.conditions} ORDER BY e.idx {'ASC' if ascending else 'DESC'}"
        )
        # Not `yield from`: that closes the cursor with the generator, maybe after the database.
        for (index,) in self.connection.execute(sql, (after, before, *self.values)):
            yield index

    def _looked_at(self, indexes: Sequence[int], *, ascending: bool) -> Iterator[int]:
        """Those of some entries."""
        if not indexes:
            return iter(())
        sql = (
            "SELECT e.idx FROM json_each(?) wanted CROSS JOIN event e ON e.idx = wanted.value "
            f"WHERE 1{self.conditions}"
        )
        rows = self.connection.execute(sql, (json.dumps(indexes), *self.values)).fetchall()
        return iter(sorted([index for (index,) in rows], reverse=not ascending))


def _shaped(block: int, shape: Shape, marks: Marks, coded: Coded, among: int) -> int:
    """Those of some entries of a block that may have a shape."""
    found = 0
    for parts in shape:
        bits = among
        for each in parts:
            if coded.tells(each):
                if bits.bit_count() <= SPARSE:
                    continue  # it is quicker to look at them
                has = coded.of(block, each)
            else:
                has = 0
                for value in each.values:
                    has |= marks.of(block, each.field, value)
            bits &= blocks.every() ^ has if each.is_other else has
            if not bits:
                break
        found |= bits
    return found


def _between(after: int, before: int) -> Iterator[Piece]:
    if before > after + 1:
        yield after, before


_MARKED = (
    "SELECT m.block, m.bits FROM json_each(?) s CROSS JOIN marked m "
    "ON m.shelf = s.value AND m.field = ? AND m.value = ? AND m.block >= ? AND m.block <= ?"
)
_CODED = "SELECT data FROM coded WHERE block = ? AND field = ? ORDER BY layer"
# So many blocks are looked up at once: few first, since a page is often full soon.
_FIRST, _MOST = 2, 64


def _chunks(span: range) -> Iterator[range]:
    """The blocks of a span in their order, more and more at once."""
    start, many = 0, _FIRST
    while start < len(span):
        yield span[start : start + many]
        start, many = start + many, min(many * 2, _MOST)


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Numbers that follow each other, as first and last one plus one."""
    found = list[tuple[int, int]]()
    for number in numbers:
        if found and found[-1][1] == number:
            found[-1] = found[-1][0], number + 1
        else:
            found.append((number, number + 1))
    return found
