"""Which blocks are left of a search by which values of two columns are there together: it excludes blocks before
anything of them is read. What is stored of that is `met`'s."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import combinations, compress, product

from apitrail.trail import block_parts, met
from apitrail.trail.block_parts import Part, Shape, Told

type Two = tuple[Part, Part]
"""Parts of two fields, in the order of these."""

# Shapes of more alternatives are not asked.
_ALTERNATIVES = 4
# What it takes to read a row, and to hold one of its pairs against what is asked, in microseconds.
_READ, _HELD = 10.0, 0.04
# What saved not so many times what it took is not asked again: what it saves is thought to be more than it is.
_WORTH = 2

_MET = "SELECT stretch, told, pairs FROM met WHERE one = ? AND other = ? AND stretch >= ? AND stretch <= ?"


class Meeting:
    """What a search asks of each two of its shapes, for some blocks after others.

    What saved too little for what it took is not asked again.
    """

    def __init__(self, connection: sqlite3.Connection, shapes: Iterable[Shape]) -> None:
        """Ask of these shapes, all of which must hold."""
        self._connection = connection
        self._asked = [*_asked([shape for shape in shapes if len(shape) <= _ALTERNATIVES])]
        self._took = 0.0
        # What was meant of the last row's pairs.
        self._last: dict[Two, tuple[bytes, Sequence[int]]] = {}

    def left(self, told: Told) -> list[int] | None:
        """Those of some blocks which may have what is asked for; None for all."""
        (low, _), many = block_parts.ends(told.some), len(told.some)
        every = left = (1 << many) - 1
        for alternatives in [*self._asked]:
            self._took, found = 0.0, 0
            for every_two in alternatives:
                found |= self._met(every_two, low, many)
            left &= found
            if _saved(told, alternatives, found) < _WORTH * self._took:
                self._asked.remove(alternatives)
            elif not left:  # what excludes all is asked first
                self._asked.remove(alternatives)
                self._asked.insert(0, alternatives)
            if not left:
                break
        if left == every:
            return None
        return [block for block in told.some if left >> block - low & 1]

    def _met(self, every_two: Iterable[Two], low: int, many: int) -> int:
        """The blocks that may have all of these, a bit for each, the first one lowest."""
        left = (1 << many) - 1
        stretches = low // met.TOGETHER, (low + many - 1) // met.TOGETHER
        for two in every_two:
            values = two[0].field, two[1].field, *stretches
            for stretch, told, data in self._connection.execute(_MET, values).fetchall():
                self._took += _READ
                pairs, bits = met.split(data)
                had = 0
                for at in self._meant(two, pairs):
                    had |= bits[at]
                lacking, shift = told & ~had, stretch * met.TOGETHER - low
                left &= ~(lacking << shift if shift >= 0 else lacking >> -shift)
            if not left:
                break
        return left

    def _meant(self, two: Two, pairs: bytes) -> Sequence[int]:
        """Which of the pairs of a row are meant; often a row has the same as the one before."""
        known, meant = self._last.get(two, (b"", ()))
        if known != pairs:
            meant = _meant(two, pairs)
            self._took += _HELD * len(pairs) / 8
            self._last[two] = pairs, meant
        return meant


def _asked(shapes: Sequence[Shape]) -> Iterable[list[list[Two]]]:
    """What is asked of one shape or two: of which all parts of one of these must be there together."""
    for some in (*((shape,) for shape in shapes), *combinations(shapes, 2)):
        alternatives = [_twos(each) for each in product(*some)]
        if all(alternatives):
            yield alternatives


def _twos(parts: Iterable[tuple[Part, ...]]) -> list[Two]:
    """Each two of some parts of which it is told whether they are there together."""
    every = [part for each in parts for part in each if part.field in met.FIELDS]
    return [(one, other) for one in every for other in every if one.field < other.field]


def _saved(told: Told, alternatives: Sequence[Sequence[Two]], found: int) -> float:
    """What it takes to tell these parts otherwise, as far as no block has to be told that was found; of the blocks
    of a row at least, which are asked for later."""
    parts = {part for every_two in alternatives for two in every_two for part in two}
    costs = [
        min(told.marked_cost(part), told.posted_cost(part), told.coded_cost(part)) for part in parts
    ]
    least = max(met.TOGETHER / len(told.some), 1)
    if not found:
        return sum(costs) * least
    by_codes = sum(cost == told.coded_cost(part) for part, cost in zip(parts, costs, strict=True))
    return block_parts.CODES * bool(by_codes) * (len(told.some) - found.bit_count()) * least


def _meant(two: Two, pairs: bytes) -> Sequence[int]:
    columns = met.columns_from(pairs)
    sides = sorted(zip(two, columns, strict=True), key=lambda side: len(side[0].values))
    found: Sequence[int] = range(len(columns[0]))
    for part, values in sides:  # few values first
        wanted = {value + 1 for value in part.values}
        if part.is_other:
            wanted = {*values} - wanted
        own = values if len(found) == len(values) else [values[at] for at in found]
        found = [*compress(found, map(wanted.__contains__, own))]
    return found
