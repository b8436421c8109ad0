"""Which values of two columns entries have together, block by block, where these are few pairs.

Most columns go together: a user has one key, a role calls few operations. What is never there together is seen by
one row for eight blocks. Derived from what `coded` and `marked` say of a block; which blocks are left of a search by it
is `meeting`'s.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise

from apitrail.errors import FormatError
from apitrail.trail import blocks
from apitrail.trail.blocks import NOTHING, NUMBER, OTHERS, Layer
from apitrail.trail.byte_order import little_endian
from apitrail.trail.frames import exact
from apitrail.trail.posted import Statement
from apitrail.valueclass import valueclass

# What so many blocks have is told by one row: a bit for each in a byte.
TOGETHER = 8
# Of more pairs in a block nothing is told.
MOST = 1_024
# The fields of which two are told: who only reads is told too.
FIELDS = (NUMBER["event", "read_only"], *range(blocks.FIRST_CODED, len(blocks.FIELDS)))
# Of so many parts of a block's entries the pairs are counted after each.
_PARTS = 8

type Pairs = frozenset[int]
"""A value of one field and one of another: the one + 1, times 2^32, and the other + 1; so NULL is 0."""

SQL = "INSERT OR REPLACE INTO met(one, other, stretch, told, pairs) VALUES (?, ?, ?, ?, ?)"
_DROP = "DELETE FROM met WHERE one = ? AND other = ? AND stretch = ?"
_ROW = "SELECT told, pairs FROM met WHERE one = ? AND other = ? AND stretch = ?"


@valueclass(frozen=True, slots=True)
class Column:
    """What a block's entries have in a field: of each the code in its layer, and, if there are more layers, which one
    that is, a byte each; the values that each layer lists; how many they are, with NULL."""

    codes: bytes
    layer: bytes | None
    listed: tuple[tuple[int, ...], ...]
    many: int

    @classmethod
    def of(cls, layers: Sequence[Layer]) -> Column | None:
        """By layers of codes as in `coded`; None where they do not list all values, or there is one value."""
        if not layers or OTHERS in layers[-1][1]:
            return None
        listed = tuple(values for values, _ in layers)
        many = sum(map(len, listed)) + (0 in layers[0][1])
        if many < 2 or max(map(max, listed)) >= blocks.LARGE - 1:
            return None
        if len(layers) == 1:
            return cls(layers[0][1], None, listed, many)
        codes = layer = 0
        for _, data in layers:
            codes |= int.from_bytes(data.translate(_OWN))
            layer += int.from_bytes(data.translate(_LATER))
        return cls(codes.to_bytes(blocks.SIZE), layer.to_bytes(blocks.SIZE), listed, many)

    def values(self, shift: int) -> list[int]:
        """By layer and code: the value, one more, so that NULL is 0, and so many bits higher."""
        found = list[int]()
        for listed in self.listed:
            rest = [0] * (OTHERS - len(listed))
            found += [0, *((value + 1) << shift for value in listed), *rest]
        return found


# What makes of codes those of a layer's own values, and a 1 for those of a later one.
_OWN = bytes([*range(OTHERS), 0])
_LATER = bytes([*[0] * OTHERS, 1])


def due(connection: sqlite3.Connection, before: int, after: int) -> Iterator[Statement]:
    """What is to be added, in the transaction that takes a log from the one size to the other, after
    what blocks sum up."""
    for unit in range(blocks.done(before), blocks.done(after)):
        yield from of_unit(connection, *divmod(unit, len(blocks.FIELDS)))


def of_unit(connection: sqlite3.Connection, block: int, number: int) -> Iterator[Statement]:
    """What is to be added of a block with one of its fields."""
    for one, pairs in of_field(connection, block, number).items():
        yield _put(connection, block, one, number, pairs)


def again(connection: sqlite3.Connection, block: int, size: int) -> None:
    """Say anew what there is of a block of which something was erased, after it was summed up anew."""
    for number in FIELDS:
        if block * len(blocks.FIELDS) + number >= blocks.done(size):
            break
        found = of_field(connection, block, number)
        for one in _before(number):
            connection.executemany(*_put(connection, block, one, number, found.get(one)))


def of_field(connection: sqlite3.Connection, block: int, number: int) -> dict[int, Pairs]:
    """What comes with a field of a block that is summed up: by the fields before it, of which few pairs are
    there. Raises FormatError."""
    fields = _before(number)
    if not fields or (own := _column(connection, block, number)) is None:
        return {}
    found: dict[int, Pairs] = {}
    for one in fields:
        other = _column(connection, block, one)
        pairs = None if other is None else together(other, own)
        if pairs is not None:
            found[one] = pairs
    return found


def _before(number: int) -> tuple[int, ...]:
    """The fields with which one is told."""
    return tuple(one for one in FIELDS if one < number) if number in FIELDS else ()


def together(one: Column, other: Column) -> Pairs | None:
    """Which values of two columns entries have together; None where they are many, or half of all
    that there could be."""
    most = min(MOST, one.many * other.many // 2)
    if max(one.many, other.many) > most:
        return None
    sides = [one.codes, other.codes]
    if one.layer or other.layer:
        sides += [one.layer or bytes(blocks.SIZE), other.layer or bytes(blocks.SIZE)]
    mixed = bytearray(len(sides) * blocks.SIZE)
    for at, side in enumerate(sides):
        mixed[at :: len(sides)] = side
    entries = little_endian(array("H" if len(sides) == 2 else "I", bytes(mixed)))
    found, step = set[int](), blocks.SIZE // _PARTS
    for start in range(0, blocks.SIZE, step):
        found.update(entries[start : start + step])
        if len(found) > most:
            return None
    first, second = one.values(32), other.values(0)
    if len(sides) == 2:
        return frozenset({first[each & 255] | second[each >> 8] for each in found})
    return frozenset(
        first[each & 255 | each >> 8 & 0xFF00] | second[each >> 8 & 255 | each >> 16 & 0xFF00]
        for each in found
    )


def _column(connection: sqlite3.Connection, block: int, number: int) -> Column | None:
    if number >= blocks.FIRST_CODED:
        return Column.of([*map(blocks.codes_from, blocks.coded(connection, block, number))])
    marks = blocks.marked(connection, block, number)
    codes = 0
    for code, value in enumerate(values := sorted(marks.keys() - {NOTHING}), 1):
        digits = format(marks[value], f"0{blocks.SIZE}b").encode()
        codes |= int.from_bytes(digits.translate(bytes.maketrans(b"01", bytes([0, code]))))
    return Column.of([(tuple(values), codes.to_bytes(blocks.SIZE))])


def stored(connection: sqlite3.Connection, block: int, number: int) -> dict[int, Pairs]:
    """What the table says of a block with one of its fields; raises FormatError."""
    stretch, at = divmod(block, TOGETHER)
    found: dict[int, Pairs] = {}
    for one in _before(number):
        told, bits = _row(connection, one, number, stretch)
        if told >> at & 1:
            found[one] = frozenset(pair for pair, of in bits.items() if of >> at & 1)
    return found


def last_block(stretch: int, told: int, data: object) -> int:
    """The last block that a row tells of. Raises FormatError: of none, or it says something else of it."""
    pairs, bits = pairs_from(data)
    union = 0
    for each in bits:
        union |= each
    is_ordered = all(one < other for one, other in pairwise(pairs))
    if not (is_ordered and all(bits) and 0 < told == union):
        raise FormatError("what values meet is in no order")
    return stretch * TOGETHER + told.bit_length() - 1


def split(data: object) -> tuple[bytes, bytes]:
    """The pairs of a row, and of each a bit for each block that has it, the stretch's first one lowest.
    Raises FormatError."""
    content = exact(data)
    many, rest = divmod(len(content), 9)
    if rest:
        raise FormatError("what values meet is of another size")
    return content[: 8 * many], content[8 * many :]


def pairs_from(data: object) -> tuple[array[int], bytes]:
    """The same, with the pairs as they are in `Pairs`; raises FormatError."""
    pairs, bits = split(data)
    return little_endian(array("Q", pairs)), bits


def columns_from(pairs: bytes) -> tuple[array[int], array[int]]:
    """The values of the one column and of the other in pairs, each one more."""
    halves = little_endian(array("I", pairs))
    return halves[1::2], halves[::2]


def _row(
    connection: sqlite3.Connection, one: int, other: int, stretch: int
) -> tuple[int, dict[int, int]]:
    row = connection.execute(_ROW, (one, other, stretch)).fetchone()
    return (0, {}) if row is None else (row[0], dict(zip(*pairs_from(row[1]), strict=True)))


def _put(
    connection: sqlite3.Connection, block: int, one: int, other: int, pairs: Pairs | None
) -> Statement:
    """Have a row tell this of a block, and of the others what it told; None for nothing."""
    stretch, at = divmod(block, TOGETHER)
    own = 1 << at
    told, bits = _row(connection, one, other, stretch)
    if told & own:
        bits = {pair: left for pair, each in bits.items() if (left := each & ~own)}
    told = told & ~own if pairs is None else told | own
    for pair in pairs or ():
        bits[pair] = bits.get(pair, 0) | own
    if not told:
        return _DROP, [(one, other, stretch)]
    ordered = sorted(bits)
    data = little_endian(array("Q", ordered)).tobytes() + bytes(map(bits.__getitem__, ordered))
    return SQL, [(one, other, stretch, told, data)]
