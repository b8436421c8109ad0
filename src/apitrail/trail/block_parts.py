"""What must hold of an event, part by part, and which entries of some blocks have a part.

There are four ways to tell: the marks of a value, its places, a field's index, and the codes of a block. Which takes the
least depends on how many values a part has, and how many entries have one of them. It does not know how
parts are joined to a search.
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from apitrail.trail import blocks, posted
from apitrail.trail.blocks import FIELDS, NOTHING, NUMBER
from apitrail.trail.entries_left import Bits, Left, Places, by_block, count, placed
from apitrail.valueclass import valueclass

# So many values of a field are looked up one by one; more are told by its codes, or its index.
_FEW = 8
# What each way takes, in microseconds: a value in an index, and an entry there, and one entry that is looked
# for there; a value's places in a part, all of a source's operations there, a place, and one that is held against
# others; a value's marks of a block, and where they are packed, as those of few entries are; a block's codes, where all
# of its entries are asked for, or some; to look at the row of an entry, and where they follow each other.
SEEK, ROW, PROBE, POST, BESIDE, PLACE, SCAN, MARK, PACKED, CODES, SOME_CODES, LOOK, READ = (
    2.0, 0.6, 0.9, 7.0, 120.0, 0.08, 0.05, 5.0, 9.0, 110.0, 50.0, 4.0, 0.25,
)  # fmt: skip
_PACKED = 200
# For so many values of a block an index is tried. How many entries have one is counted in so many blocks, and not
# further than to so many entries.
_SEEKS, _SAMPLED, _COUNTED = 128, 4, 1_500
# So many entries of a block are taken to have a value of which nothing is known yet.
_SUPPOSED = 40.0
# Of so few entries a block's codes are looked at one by one.
GATHERED = 250


@valueclass(frozen=True, slots=True)
class Part:
    """A field that has one of some values, by their numbers in its column; `is_other` has none of
    them, which are few then."""

    field: int
    values: frozenset[int]
    is_other: bool = False

    @property
    def is_coded(self) -> bool:
        """Do the codes of a block tell it?"""
        is_told = blocks.FIRST_CODED <= self.field < blocks.BOTH
        return is_told and not self.is_other and not self.is_large

    @property
    def is_indexed(self) -> bool:
        """Does an index lead to all entries that have it?"""
        has_index = blocks.FIRST_INDEXED <= self.field < blocks.BOTH and NOTHING not in self.values
        return has_index and not self.is_other

    @property
    def is_posted(self) -> bool:
        """Are the places told of each of its values, where few entries have it?"""
        is_known = self.field >= blocks.FIRST_CODED and NOTHING not in self.values
        return is_known and not self.is_other

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
class Rates:
    """How many entries of a block have a part, on average, where that was told last."""

    _known: dict[Part, float] = field(default_factory=dict)

    def of(self, what: Part) -> float | None:
        """None where it is not known yet."""
        return self._known.get(what)

    def learn(self, what: Part, entries: float, of_blocks: int) -> None:
        """So many of so many blocks have it."""
        self._known[what] = entries / of_blocks


@dataclass(slots=True)
class Told:
    """Which entries of some blocks that follow each other, between two entries, have a part.

    Of those that are not summed up yet, only indexes tell.
    """

    connection: sqlite3.Connection
    some: range
    after: int
    before: int
    rates: Rates
    is_summed: bool = True
    ungathered: int | None = None
    _marks: dict[Part, Bits] = field(default_factory=dict)
    _indexed: dict[Part, set[int] | None] = field(default_factory=dict)
    _posted: dict[Part, Places | None] = field(default_factory=dict)

    @property
    def limits(self) -> tuple[int, int]:
        """The entries before the first and after the last of these."""
        return self._limits(self.some)

    def _limits(self, some: range) -> tuple[int, int]:
        low, high = ends(some)
        return max(self.after, low * blocks.SIZE - 1), min(self.before, (high + 1) * blocks.SIZE)

    def marked_cost(self, what: Part) -> float:
        """What `marked` takes."""
        if (
            what.field == blocks.BOTH
            or not self.is_summed
            or (len(what.values) > _FEW and what.is_coded)
        ):
            return float("inf")
        rate = self.rates.of(what)
        if rate is None or what.is_other:
            return MARK * len(what.values) * len(self.some)
        rate /= len(what.values) or 1
        least = posted.MOST if what.field >= blocks.FIRST_CODED else blocks.MARKED
        each = MARK if rate >= max(least, _PACKED) else PACKED if rate >= least else ROW * rate
        return (SEEK + each * len(self.some)) * len(what.values)

    def marked(self, what: Part) -> Bits:
        """Those that have it, each value's marks looked up for all these blocks."""
        if (known := self._marks.get(what)) is not None:
            return known
        found: Bits = {}
        for value in what.values:
            for block, bits in self._of_value(what.field, value).items():
                found[block] = found.get(block, 0) | bits
        if what.is_other:
            every = blocks.every()
            found = {block: every ^ found.get(block, 0) for block in self.some}
        self._marks[what] = found
        self.rates.learn(what, count(found), len(self.some))
        return found

    def indexed_cost(self, what: Part) -> float:
        """What `indexed` takes."""
        if what in self._indexed:
            return float("inf") if self._indexed[what] is None else 0.0
        if not what.is_indexed or len(what.values) > _SEEKS * len(self.some):
            return float("inf")
        rate = self.rates.of(what)
        if rate is None:
            sql = f"SELECT count(*) FROM ({_LED.format('t.idx', *_index(what.field))})"
            some = self.some[:_SAMPLED]
            values = json.dumps([*what.values]), *self._limits(some), _COUNTED
            (many,) = self.connection.execute(sql, values).fetchone()
            many = many if many < _COUNTED else blocks.SIZE * len(some)
            rate = many / len(some)
            self.rates.learn(what, many, len(some))
        return SEEK * len(what.values) + ROW * rate * len(self.some)

    def indexed(self, what: Part) -> set[int] | None:
        """Those that have it, by the field's index; None if they are many more than was thought."""
        if what in self._indexed:
            return self._indexed[what]
        most = int(4 * (self.rates.of(what) or 0.0) * len(self.some)) + blocks.SIZE // 4
        found = indexes(self.connection, what, *self.limits, most)
        self.rates.learn(what, len(found), len(self.some))
        known = self._indexed[what] = set(found) if len(found) < most else None
        return known

    def posted_cost(self, what: Part, left: Left | None = None) -> float:
        """What `posted` takes, where these are left."""
        if what in self._posted:
            return float("inf") if self._posted[what] is None else 0.0
        if self.ungathered is None or not (self.is_summed and what.is_posted):
            return float("inf")
        rate = self.rates.of(what)
        parts = len(self._parts) + len(self._stretches)
        each = SCAN if isinstance(left, set | Places) else PLACE
        if what.field == blocks.BOTH:
            # A source's names lie side by side.
            many = len({value >> 32 for value in what.values})
            return BESIDE * many * parts + each * (rate or 0.0) * len(self.some)
        rate = _SUPPOSED * len(what.values) if rate is None else rate
        return POST * len(what.values) * parts + each * rate * len(self.some)

    def posted(self, what: Part) -> Places | None:
        """Those that have it, by the places of its values; None if many entries of most blocks have one
        of them."""
        if what in self._posted:
            return self._posted[what]
        sql, wanted = _POSTED, json.dumps(sorted(what.values))
        of, gathered = posted.GATHERED // posted.TOGETHER, json.dumps([*self._parts])
        values: tuple[object, ...] = (
            what.field,
            gathered,
            json.dumps([*self._stretches]),
            of,
            wanted,
        )
        if what.field == blocks.BOTH:
            sources = json.dumps(sorted({value >> 32 for value in what.values}))
            sql, values = _BESIDE, (*values, sources)
        rows = self.connection.execute(sql, values).fetchall()
        found = self._posted[what] = self._places(what, rows)
        if found is not None:
            self.rates.learn(what, len(found), len(self.some))
        return found

    @property
    def _parts(self) -> range:
        """The parts of `gathered` that have some of these blocks."""
        low, high = ends(self.some)
        return range(low // posted.GATHERED, high // posted.GATHERED + 1)

    @property
    def _stretches(self) -> range:
        """The stretches of these blocks that may not be gathered yet."""
        low, high = ends(self.some)
        least = high + 1 if self.ungathered is None else self.ungathered
        return range(max(low // posted.TOGETHER, least), high // posted.TOGETHER + 1)

    def knows(self, what: Part) -> bool:
        """Have the places told which these are?"""
        return self._posted.get(what) is not None

    def _places(self, what: Part, rows: Sequence[tuple[int, int, int, object]]) -> Places | None:
        of, left = dict[int, list[array[int]]](), len(self.some) // 2
        after, before = self.limits
        for part, value, many, data in rows:
            first = part * posted.GATHERED * blocks.SIZE
            each = of.setdefault(first, [])
            places = posted.places_from(data)
            start, stop = after + 1 - first, before - first
            if start > 0 or stop < posted.GATHERED * blocks.SIZE:
                begin = bisect_left(places, start)
                places = places[begin : bisect_left(places, stop, begin)]
            each.append(places)
            for block in posted.blocks_of(part, many):
                if block in self.some:
                    if (left := left - 1) < 0 or what.field == blocks.BOTH:
                        return None
                    if (dense := self._dense(what.field, value, block, first)) is None:
                        return None
                    each.append(dense)
        return Places(of)

    def _dense(self, number: int, value: int, block: int, first: int) -> array[int] | None:
        """The places of a block's entries that are many; None where no marks tell."""
        sql = "SELECT bits FROM marked WHERE shelf = ? AND field = ? AND value = ? AND block = ?"
        key = block // blocks.SHELF, number, value, block
        if (row := self.connection.execute(sql, key).fetchone()) is None:
            return None
        after, before = self.limits
        start = block * blocks.SIZE
        places = blocks.places_of(blocks.bits_from(row[0]))
        return array("I", [start - first + at for at in places if after < start + at < before])

    def probed_cost(self, what: Part, among: int) -> float:
        """What `probed` takes for so many entries."""
        return PROBE * len(what.values) * among if what.is_indexed else float("inf")

    def probed(self, what: Part, among: set[int]) -> set[int]:
        """Those of some entries that have it: each is looked for in the field's index."""
        sql = _PROBED.format(*_index(what.field))
        values = json.dumps([*what.values]), json.dumps(sorted(among))
        (text,) = self.connection.execute(sql, values).fetchone()
        return set(json.loads(text))

    def coded_cost(self, what: Part) -> float:
        """What the codes of each of these blocks take."""
        return CODES * len(self.some) if self.is_summed and what.is_coded else float("inf")

    def of(self, what: Part, block: int) -> int:
        """Those of one block, in whichever way takes least."""
        if what in self._marks:
            return self._marks[what].get(block, 0)
        marked, indexed, coded = (
            self.marked_cost(what), self.indexed_cost(what), self.coded_cost(what)
        )  # fmt: skip
        if indexed <= min(marked, coded) and (found := self.indexed(what)) is not None:
            self._marks[what] = by_block(found)
            return self._marks[what].get(block, 0)
        if marked <= coded:
            return self.marked(what).get(block, 0)
        return codes_of(self.connection, block, what)

    def _of_value(self, number: int, value: int) -> Bits:
        low, high = ends(self.some)
        shelves = json.dumps([*range(low // blocks.SHELF, high // blocks.SHELF + 1)])
        rows = self.connection.execute(_MARKED, (shelves, number, value, low, high)).fetchall()
        found = {block: blocks.bits_from(data) for block, data in rows}
        if value == NOTHING or number < blocks.FIRST_INDEXED or len(found) == len(self.some):
            return found  # what is not there would be marked
        # By one statement: each takes a while to begin, and there may be a run for every other block.
        runs = _runs(sorted(block for block in self.some if block not in found))
        limits = json.dumps([(first * blocks.SIZE, stop * blocks.SIZE) for first, stop in runs])
        (text,) = self.connection.execute(_BETWEEN.format(*_index(number)), (limits, value)).fetchone()  # fmt: skip
        for block, places in placed(set(json.loads(text))):
            found[block] = blocks.bits_of(places)
        return found


def indexes(
    connection: sqlite3.Connection, what: Part, after: int, before: int, most: int
) -> list[int]:
    """The entries between two that have a part, by its field's index, but not more than so many; one
    that has two resources may come twice."""
    sql = f"SELECT json_group_array(idx) FROM ({_LED.format('t.idx', *_index(what.field))})"
    values = json.dumps([*what.values]), after, before, most
    # One text takes half the time of a row for each entry.
    (text,) = connection.execute(sql, values).fetchone()
    found: list[int] = json.loads(text)
    return found


def codes_of(
    connection: sqlite3.Connection, block: int, what: Part, among: int | None = None
) -> int:
    """The entries of a block that have a part, a bit for each, by its codes; of some, or of all."""
    rows = connection.execute(_CODED, (block, what.field))
    return blocks.with_value((data for (data,) in rows), what.values, among)


def codes_among(
    connection: sqlite3.Connection, block: int, what: Part, places: Sequence[int]
) -> list[int]:
    """Those of some places of a block that have a part, by its codes."""
    rows = connection.execute(_CODED, (block, what.field))
    return blocks.places_with_value((data for (data,) in rows), what.values, places)


def _index(number: int) -> tuple[str, str, str]:
    table, column = FIELDS[number]
    # Resources are in the order of their names.
    is_own = (table, column) == ("resource", "name")
    return table, "" if is_own else f"INDEXED BY {table}_{column} ", column


_MARKED = (
    "SELECT m.block, m.bits FROM json_each(?) s CROSS JOIN marked m "
    "ON m.shelf = s.value AND m.field = ? AND m.value = ? AND m.block >= ? AND m.block <= ?"
)
# Of both tables at once: a recorder may be moving rows from the one to the other.
_POSTED = (
    "SELECT g.part, g.value, g.many, g.places FROM json_each(?2) s CROSS JOIN json_each(?5) v "
    "CROSS JOIN gathered g ON g.part = s.value AND g.field = ?1 AND g.value = v.value "
    "UNION ALL "
    "SELECT p.stretch / ?4, p.value, p.many, p.places FROM json_each(?3) s CROSS JOIN json_each(?5) v "
    "CROSS JOIN posted p ON p.stretch = s.value AND p.field = ?1 AND p.value = v.value"
)
_BESIDE = (
    "SELECT g.part, g.value, g.many, g.places FROM json_each(?2) s CROSS JOIN json_each(?6) v "
    "CROSS JOIN gathered g ON g.part = s.value AND g.field = ?1 AND g.value >= v.value << 32 "
    "AND g.value < (v.value + 1) << 32 AND +g.value IN (SELECT value FROM json_each(?5)) "
    "UNION ALL "
    "SELECT p.stretch / ?4, p.value, p.many, p.places FROM json_each(?3) s CROSS JOIN json_each(?6) v "
    "CROSS JOIN posted p ON p.stretch = s.value AND p.field = ?1 AND p.value >= v.value << 32 "
    "AND p.value < (v.value + 1) << 32 AND +p.value IN (SELECT value FROM json_each(?5))"
)
_BETWEEN = (
    "SELECT json_group_array(t.idx) FROM json_each(?) r CROSS JOIN {0} t {1}ON t.{2} = ? "
    "AND t.idx >= json_extract(r.value, '$[0]') AND t.idx < json_extract(r.value, '$[1]')"
)
_LED = (
    "SELECT {} FROM json_each(?) w CROSS JOIN {} t {}"
    "ON t.{} = w.value AND t.idx > ? AND t.idx < ? LIMIT ?"
)
_PROBED = (
    "SELECT json_group_array(t.idx) FROM json_each(?) v CROSS JOIN json_each(?) w CROSS JOIN {0} t {1}"
    "ON t.{2} = v.value AND t.idx = w.value"
)
_CODED = "SELECT data FROM coded WHERE block = ? AND field = ? ORDER BY layer"


def ends(some: range) -> tuple[int, int]:
    """The first and the last of some blocks, which may be in either order."""
    return (some[0], some[-1]) if some.step > 0 else (some[-1], some[0])


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Numbers that follow each other, as first and last one plus one."""
    found = list[tuple[int, int]]()
    for number in numbers:
        if found and found[-1][1] == number:
            found[-1] = found[-1][0], number + 1
        else:
            found.append((number, number + 1))
    return found
