"""Events of several conditions at once, from block to block: entries that lack one are not looked at."""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import batched

from apitrail.trail import block_parts, blocks, database, entries_left, posted
from apitrail.trail.block_parts import Part, Rates, Shape, Told
from apitrail.trail.entries_left import Bits, Left, Places
from apitrail.trail.meeting import Meeting

# The fields of which `blocks.BOTH` tells.
_OF_BOTH = tuple(blocks.NUMBER["event", column] for column in ("source", "name"))
# Where more entries of a block may be meant, they are read as they follow each other.
SOME = 512
# So many entries are looked at by one statement, and then more and more: a page may be full with them.
_TOGETHER, _AT_MOST = 16, 256


type Piece = tuple[int, int] | list[int]
"""Entries to be looked at: all between two, or some of them in order."""


@dataclass(frozen=True, slots=True)
class BlockSearch:
    """The search for events of these shapes, between these times. `conditions` and `values` are the
    exact question, in SQL about `event e`. The shapes are those of `whole` blocks, None for all that
    are summed up; `elsewhere` are those of other entries. Only entries of `given` are meant, which are in order; None for any."""

    connection: sqlite3.Connection
    shapes: Sequence[Shape]
    elsewhere: Sequence[Shape]
    conditions: str
    values: Sequence[object]
    since: int | None = None
    until: int | None = None
    whole: int | None = None
    given: Sequence[int] | None = None
    has_posts: bool = False

    def among(self, given: Sequence[int]) -> BlockSearch:
        """The same search for some entries, which are in order."""
        return replace(self, given=given)

    def entries(self, after: int, before: int, *, ascending: bool) -> Iterator[int]:
        """Indexes of entries after the one and before the other, in order."""
        for piece in self.pieces(after, before, ascending=ascending):
            yield from self.of(piece, ascending=ascending)

    def pieces(self, after: int, before: int, *, ascending: bool) -> Iterator[Piece]:
        """What is to be looked at, in order."""
        whole = block_parts.summed(self.connection) if self.whole is None else self.whole
        stop = whole * blocks.SIZE
        parts: list[Callable[[], Iterator[Piece]]] = [
            lambda: self._summed(after, min(before, stop), whole, ascending=ascending),
            lambda: self._rest(max(after, stop - 1), before, ascending=ascending),
        ]
        for each in parts if ascending else reversed(parts):
            yield from each()

    def of(self, piece: Piece, *, ascending: bool) -> Iterator[int]:
        """The entries of a piece that are meant."""
        if isinstance(piece, list):
            return self._looked_at(piece, ascending=ascending)
        return self._read(*piece, ascending=ascending)

    def _rest(self, after: int, before: int, *, ascending: bool) -> Iterator[Piece]:
        if before <= after + 1:
            return
        span = range((after + 1) // blocks.SIZE, (before - 1) // blocks.SIZE + 1)
        told = Told(self.connection, span, after, before, Rates(), is_summed=False)
        given = None if self.given is None else {*self._given(after, before)}
        left = Narrowing(told, self.elsewhere, given).left
        if not isinstance(left, set):
            yield after, before
            return
        some = sorted(left)
        for each in batched(some if ascending else reversed(some), _AT_MOST, strict=False):
            yield [*each]

    def _given(self, after: int, before: int) -> Sequence[int]:
        given = self.given or ()
        return given[bisect_right(given, after) : bisect_left(given, before)]

    def _summed(self, after: int, before: int, whole: int, *, ascending: bool) -> Iterator[Piece]:
        if before <= after + 1 or any(map(block_parts.is_never, self.shapes)):
            return
        span = range((after + 1) // blocks.SIZE, (before - 1) // blocks.SIZE + 1)
        rates, most = Rates(), _TOGETHER
        waiting: list[int] = []  # each statement takes a while to begin
        # Of what the blocks of that time had, so much may not be gathered yet.
        ungathered = max(whole // posted.TOGETHER - 1, 0) if self.has_posts else None
        span = span if ascending else span[::-1]
        start, seen, kept = 0, 0, 0
        meeting = Meeting(self.connection, self.shapes if self.has_posts else ())
        while some := _chunk(span[start:], start, seen, kept):
            start += len(some)
            told = Told(self.connection, some, after, before, rates, ungathered=ungathered)
            left = meeting.left(told)
            seen += len(some) if left is None else len(left)
            for found in self._found(told, left, ascending=ascending):
                is_many = isinstance(found, tuple)
                kept += SOME if isinstance(found, tuple) else len(found)
                waiting += () if isinstance(found, tuple) else found
                while len(waiting) >= most or (waiting and is_many):
                    yield waiting[:most]
                    waiting, most = waiting[most:], min(2 * most, _AT_MOST)
                if isinstance(found, tuple):
                    yield found
            if waiting and most < _AT_MOST:
                yield waiting
                waiting = []
        if waiting:
            yield waiting

    def _found(self, told: Told, left: Sequence[int] | None, *, ascending: bool) -> Iterator[Piece]:
        """What may be meant of some blocks, in order; only of these that are left, None for all."""
        if left is not None and not left:
            return
        given: Left | None = None if self.given is None else {*self._given(*told.limits)}
        if left is not None:
            every = dict.fromkeys(left, blocks.every())
            given = every if given is None else entries_left.within(given, every)
        narrowing = Narrowing(told, self.shapes, given)
        if narrowing.is_told:
            yield sorted(narrowing.few, reverse=not ascending)
            return
        for first, found in self._meant(narrowing):
            low, high = max(told.after, first - 1), min(told.before, first + blocks.SIZE)
            if isinstance(found, int):
                yield low, high
            else:
                indexes = [first + at for at in found if low < first + at < high]
                yield indexes if ascending else indexes[::-1]

    def _meant(self, narrowing: Narrowing) -> Iterator[tuple[int, list[int] | int]]:
        """Of each block that has any the first entry, and the places of those that may be meant, or how
        many they are if they are many."""
        left, told = narrowing.left, narrowing.told
        if isinstance(left, set):
            placed = dict(entries_left.placed(left))
            by_block: Iterator[tuple[int, int | list[int]]] = (
                (block, placed[block]) for block in told.some if block in placed
            )
        elif left is None:
            by_block = ((block, blocks.every()) for block in told.some)
        else:
            by_block = ((block, left[block]) for block in told.some if block in left)
        for block, among in by_block:
            found = narrowing.of(block, among)
            if found and (self.since is not None or self.until is not None):
                found = self._timely(block, found)
            if not found:
                continue
            if isinstance(found, int) and (many := found.bit_count()) > SOME:
                yield block * blocks.SIZE, many
            else:
                yield block * blocks.SIZE, _places(found)

    def _timely(self, block: int, among: int | list[int]) -> int | list[int]:
        """Those of some entries of a block of which the time may be meant, by the spans that overlap it."""
        first = block * blocks.SIZE
        sql = "SELECT block, first, last FROM span WHERE block >= ? AND block <= ?"
        numbers = (first // database.SPAN, (first + blocks.SIZE - 1) // database.SPAN)
        spans = self.connection.execute(sql, numbers).fetchall()
        meant = [
            (max(number * database.SPAN - first, 0), min((number + 1) * database.SPAN - first, blocks.SIZE))
            for number, earliest, latest in spans
            if (self.since is None or latest >= self.since)
            and (self.until is None or earliest < self.until)
        ]  # fmt: skip
        if isinstance(among, list):
            return [at for at in among if any(start <= at < stop for start, stop in meant)]
        if sum(stop - start for start, stop in meant) == blocks.SIZE:
            return among
        bits = 0
        for start, stop in meant:
            bits |= ((1 << (stop - start)) - 1) << (blocks.SIZE - stop)
        return among & bits

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
        if not indexes or not self.conditions:
            return iter(indexes)
        sql = (
            "SELECT e.idx FROM json_each(?) wanted CROSS JOIN event e ON e.idx = wanted.value "
            f"WHERE 1{self.conditions}"
        )
        rows = self.connection.execute(sql, (json.dumps(indexes), *self.values)).fetchall()
        return iter(sorted([index for (index,) in rows], reverse=not ascending))


class Narrowing:
    """What is left of some blocks' entries by the parts of a search: of all of them at once by marks and
    indexes, then of each block by its codes, whichever takes least.

    `left` are those that are left at once, None for all: by block, or by their indexes. What would take longer to tell than to look at
    the entries that are left is not told.
    """

    def __init__(self, told: Told, shapes: Sequence[Shape], given: Left | None) -> None:
        """Narrow them at once; only entries of `given` are meant, None for any."""
        self._left = given
        self.told = told
        self._coded: list[Part] = []
        self._shapes = list[Shape]()
        parts = list[Part]()
        if given is not None and not given:
            return
        for shape in shapes:
            possible = self._possible(shape)
            if not possible:
                self._left = set()
                return
            if len(possible) == 1:
                parts += possible[0]
            else:
                self._shapes.append(possible)
        for each in self._ordered(parts):
            self._narrow(each)
            if self._left is not None and not self._left:
                return
        self._coded.sort(key=self._share)

    def _ordered(self, parts: Sequence[Part]) -> Iterator[Part]:
        """In which order they are told; what says both of two says it for each of them."""
        is_told = False
        for each in sorted(parts, key=self._rank):
            if not (is_told and each.field in _OF_BOTH):
                yield each
                is_told = is_told or (each.field == blocks.BOTH and self.told.knows(each))

    @property
    def left(self) -> Bits | set[int] | None:
        """What is left at once."""
        if isinstance(self._left, Places):
            self._left = self._left.indexes()
        return self._left

    @property
    def few(self) -> set[int]:
        """What is left, where it is few."""
        left = self.left
        return left if isinstance(left, set) else set()

    @property
    def is_told(self) -> bool:
        """Is what is left so little that it is quicker to look at it, or is nothing more to be told?"""
        left = self.left
        if not isinstance(left, set):
            return left == {}
        is_more = self._coded or self._shapes
        return not is_more or len(left) <= _looked_at() * len(self.told.some)

    def _possible(self, shape: Shape) -> Shape:
        """A shape without those alternatives that these blocks have nothing of."""
        if len(shape) < 2 or not self.told.is_summed:
            return shape
        cheap = block_parts.MARK * len(self.told.some)
        return tuple(
            parts
            for parts in shape
            if all(self.told.marked_cost(each) > cheap or self.told.marked(each) for each in parts)
        )

    def _share(self, what: Part) -> float:
        """Which share of all entries has a part, as far as is known."""
        rate = self.told.rates.of(what)
        if rate is None and what.field == blocks.BOTH:
            return 0.0
        return 0.5 if rate is None else min(rate / blocks.SIZE, 1.0)

    def _rank(self, what: Part) -> tuple[float, float]:
        """Before others comes what leaves few for what it takes."""
        told, share = self.told, self._share(what)
        cost = min(
            told.marked_cost(what), told.posted_cost(what), told.indexed_cost(what), told.coded_cost(what)
        )  # fmt: skip
        return cost / max(1.0 - share, 0.01), share

    def _narrow(self, what: Part) -> None:
        told, left = self.told, self._left
        marked, indexed, coded, probed, looked_at = self._costs(what)
        by_places = told.posted_cost(what, left)
        if looked_at <= min(marked, by_places, indexed, coded, probed):
            return
        if isinstance(left, set) and probed <= min(marked, by_places, indexed, coded):
            self._left = told.probed(what, left)
            return
        found: Left | None = None
        if by_places <= min(marked, indexed, coded):
            found = told.posted(what)
        if found is None and indexed < float("inf") and indexed <= min(marked, coded):
            found = told.indexed(what)
        if found is None and coded < marked:
            self._coded.append(what)
            return
        if found is None and marked < float("inf"):
            found = told.marked(what)
        if found is not None:
            self._left = found if left is None else entries_left.within(left, found)

    def _costs(self, what: Part) -> tuple[float, float, float, float, float]:
        """What each way takes: marks, an index, codes, an index for what is left; and to look at that."""
        told, left, size = self.told, self._left, blocks.SIZE * len(self.told.some)
        marked, indexed, coded = (
            told.marked_cost(what), told.indexed_cost(what), told.coded_cost(what)
        )  # fmt: skip
        if left is None:
            if not told.is_summed:  # what the index finds is looked at
                indexed += block_parts.LOOK * self._share(what) * size
            return marked, indexed, coded, float("inf"), block_parts.READ * size
        many = entries_left.count(left)
        among = len(left) if isinstance(left, dict) else min(many, len(told.some))
        is_few = many <= block_parts.GATHERED * among
        if coded < float("inf"):
            coded = (block_parts.SOME_CODES if is_few else block_parts.CODES) * among
        probed = told.probed_cost(what, many) if isinstance(left, set) else float("inf")
        return marked, indexed, coded, probed, block_parts.LOOK * many

    def of(self, block: int, among: int | list[int]) -> int | list[int]:
        """Those of some entries of a block that may be meant."""
        told, least = self.told, _looked_at()
        for each in self._coded:
            many = among.bit_count() if isinstance(among, int) else len(among)
            if many <= least:
                return among  # it is quicker to look at them
            if many <= block_parts.GATHERED:
                places = _places(among)
                among = block_parts.codes_among(told.connection, block, each, places)
                if told.rates.of(each) is None:
                    told.rates.learn(each, blocks.SIZE * len(among) / many, 1)
            else:
                bits = among if isinstance(among, int) else blocks.bits_of(among)
                among = bits & block_parts.codes_of(told.connection, block, each, bits)
                if told.rates.of(each) is None:
                    told.rates.learn(each, blocks.SIZE * among.bit_count() / many, 1)
        for shape in self._shapes:
            many = among.bit_count() if isinstance(among, int) else len(among)
            if many <= least:
                return among
            bits = among if isinstance(among, int) else blocks.bits_of(among)
            among = _shaped(told, block, shape, bits)
        return among


def _looked_at() -> float:
    """So few entries of a block are looked at before its codes are read."""
    return block_parts.SOME_CODES / block_parts.LOOK


def _places(found: int | list[int]) -> list[int]:
    return blocks.places_of(found) if isinstance(found, int) else found


def _shaped(told: Told, block: int, shape: Shape, among: int) -> int:
    """Those of some entries of a block that may have a shape."""
    found = 0
    for parts in shape:
        bits = among & ~found
        for each in parts:
            if not bits:
                break
            bits &= told.of(each, block)
        found |= bits
    return found


# So many blocks are looked up at once: few first, since a page is often full soon; and so many entries are
# taken to fill it.
_FIRST, _MOST, _PAGE = 2, 128, 50


def _chunk(left: range, before: int, seen: int, kept: int) -> range:
    """The next ones of the blocks that are left, in their order, where so many entries were found in those of the
    blocks before them that had to be seen; many end with a part of places."""
    many = max(seen * _PAGE // (kept + 1), 2 * before, _FIRST)
    some = left[: min(many, _MOST)]
    if not some:
        return some
    at = some[-1] % posted.GATHERED
    # How many of them are in the last one's part.
    beyond = at + 1 if some.step > 0 else posted.GATHERED - at
    return some[:-beyond] if beyond < min(posted.GATHERED, len(some)) else some
