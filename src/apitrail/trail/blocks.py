"""What each block of entries has in each field: which of them bear a value, in a bit for each.

Derived from the rows of `event` and `resource` alone, by one function for whoever writes, rebuilds or
checks them. How they are searched is `block_search`'s.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from apitrail.errors import FormatError
from apitrail.trail import posted
from apitrail.trail.byte_order import little_endian
from apitrail.trail.frames import exact
from apitrail.trail.posted import Statement
from apitrail.valueclass import valueclass

# So many entries are one block.
SIZE = 8_192
# The marks of so many blocks lie together, each value's side by side: they are read with few pages.
SHELF = 16
# A resource's value that so many entries of a block have is marked; of fewer an index finds each. Columns of
# `event` have places for those that few have; before there were places, the same number was theirs.
MARKED = 16
# What stands for NULL among values, and among codes.
NOTHING = -1
# The code of values that are not listed: as many as a byte tells apart are. They are listed in the
# next of so many layers.
OTHERS = 255
LAYERS = 4
_LISTED = OTHERS - 1
# So few places are taken from bits one by one, and so many are looked at in codes.
_FEW, _SOME = 16, 100
# Numbers of strings from here on are not listed.
LARGE = 1 << 32

# Columns without an index: each of their values is marked.
_FLAGS = ("read_only", "stand_in", "undetermined")
_CODED = (
    "source", "name", "username", "access_key_id", "region", "source_ip", "error", "run",
    "operator",
)  # fmt: skip
# Table and column of each field, by its number in the database: that order never changes.
FIELDS = (
    *(("event", column) for column in _FLAGS),
    ("resource", "name"),
    ("resource", "type"),
    *(("event", column) for column in _CODED),
)
NUMBER = {place: number for number, place in enumerate(FIELDS)}
# Of fields from this one on there are codes too.
FIRST_CODED = NUMBER["event", _CODED[0]]
# With each so many fields of a block some places are gathered.
_EACH = 2
# The number of a source and a name together, in `posted` alone; it comes with a block's last field.
BOTH = len(FIELDS)
# Fields before this one have no index.
FIRST_INDEXED = len(_FLAGS)

MARKED_SQL = "INSERT INTO marked(block, field, value, bits, shelf) VALUES (?, ?, ?, ?, ?)"
CODED_SQL = "INSERT INTO coded VALUES (?, ?, ?, ?)"

# The operations of a block, which come with its last field.
OPERATION = "coalesce(name, -1), coalesce(source, -1), coalesce(read_only, -1)"
OPERATIONS_SQL = (
    f"INSERT OR IGNORE INTO operation SELECT DISTINCT {OPERATION} FROM event "
    "WHERE idx >= ? AND idx < ?"
)

_OF_FIELD = {
    "marked": "block = ?1 AND field = ?2 AND shelf = ?3",
    "coded": "block = ?1 AND field = ?2 AND ?3 IS NOT NULL",
}

type Layer = tuple[tuple[int, ...], bytes]
"""The values that are listed, and the codes of a block's entries."""


@valueclass(frozen=True, slots=True, kw_only=True)
class Summed:
    """What a block has in one field: entries by value, a bit for each, the block's first one highest.

    `posts` are by the number of a field, of the last one also `BOTH`. A layer of codes lists values, the more often the earlier, and has a byte for each entry: a
    value's place in that list, from 1 on, or `OTHERS`. 0 is NULL in the first layer; in the others it is
    for entries whose value is in a layer before. There are no more layers than are needed.
    """

    marks: Mapping[int, int]
    layers: tuple[Layer, ...] = ()
    posts: Mapping[int, posted.Posts] = dataclasses.field(default_factory=dict)


def done(size: int) -> int:
    """How many fields are summed up in a log of `size`, from the first block's first field on.

    A block's fields are summed up one by one while half of the next block is written, so that no
    call waits for all of them.
    """
    full, rest = divmod(size, SIZE)
    if not full:
        return 0
    return (full - 1) * len(FIELDS) + min(len(FIELDS), 1 + rest * len(FIELDS) // (SIZE // 2))


def due(connection: sqlite3.Connection, before: int, after: int) -> Iterator[Statement]:
    """What is to be added, in the transaction that takes a log from the one size to the other, after
    its other rows."""
    for unit in range(done(before), done(after)):
        block, number = divmod(unit, len(FIELDS))
        found = summed(connection, block, number)
        yield from _added(block, number, found)
        yield from posting(connection, block, number, found.posts)
        if number == len(FIELDS) - 1:
            yield OPERATIONS_SQL, [(block * SIZE, (block + 1) * SIZE)]


def posting(
    connection: sqlite3.Connection, block: int, number: int, posts: Mapping[int, posted.Posts]
) -> Iterator[Statement]:
    """What is to be added to the tables of places with a field of a block, which comes to these."""
    for of, each in posts.items():
        if each:
            yield posted.SQL, posted.rows(block, of, SIZE, each)
    if number % _EACH == 0:
        steps = -(-len(FIELDS) // _EACH)
        yield from posted.gathering(
            connection, block * steps + number // _EACH, posted.TOGETHER * steps
        )


def again(connection: sqlite3.Connection, block: int, size: int) -> None:
    """Sum up anew what there is of a block of which something was erased."""
    for number in range(len(FIELDS)):
        if block * len(FIELDS) + number >= done(size):
            break
        for table in ("marked", "coded"):
            sql = f"DELETE FROM {table} WHERE {_OF_FIELD[table]}"
            connection.execute(sql, (block, number, block // SHELF))
        found = summed(connection, block, number)
        for sql, rows in _added(block, number, found):
            connection.executemany(sql, rows)
        for field, posts in found.posts.items():
            posted.lessen(connection, block, field, SIZE, posts)


def _added(block: int, number: int, found: Summed) -> Iterator[Statement]:
    yield (
        MARKED_SQL,
        [
            (block, number, value, _packed(bits.to_bytes(SIZE // 8), 4), block // SHELF)
            for value, bits in sorted(found.marks.items())
        ],
    )
    if found.layers:
        yield (
            CODED_SQL,
            [
                (block, number, layer, _packed(_layer(listed, codes), 2))
                for layer, (listed, codes) in enumerate(found.layers)
            ],
        )


def _layer(listed: Sequence[int], codes: bytes) -> bytes:
    return bytes([len(listed)]) + little_endian(array("I", listed)).tobytes() + codes


def summed(
    connection: sqlite3.Connection, block: int, number: int, *, has_posts: bool = True
) -> Summed:
    """What the rows of a block come to in one field; in older tables without places there are more marks."""
    table, column = FIELDS[number]
    if table == "resource":
        return _of_resources(connection, block, column)
    values = _values(connection, block * SIZE, column)
    counts = Counter(values)
    # The more often, the earlier; a number that is too large for the list is one of the others.
    ranked = [
        value
        for _, value in sorted((-count, value) for value, count in counts.items())
        if 0 <= value < LARGE
    ]
    layers = tuple(
        _coded(values, counts, ranked, layer)
        for layer in range(LAYERS)
        if layer == 0 or layer * _LISTED < len(counts) - (NOTHING in counts)
    )
    least = 1 if number < FIRST_INDEXED else posted.MOST + 1 if has_posts else MARKED
    marks = {
        value: with_code(codes, (place,))
        for listed, codes in layers
        for place, value in enumerate(listed, 1)
        if counts[value] >= least
    }
    if NOTHING in counts:
        marks[NOTHING] = with_code(layers[0][1], (0,))
    if number < FIRST_CODED:
        return Summed(marks=marks)
    posts = _posts(connection, block, number, values, counts) if has_posts else {}
    return Summed(marks=marks, layers=layers, posts=posts)


def thin_out(connection: sqlite3.Connection) -> None:
    """Leave out the marks of an older version that are not needed where there are places."""
    sql = "SELECT shelf, field, value, block, bits FROM marked WHERE field >= ?"
    gone, anew = list[tuple[int, ...]](), list[tuple[object, ...]]()
    for *key, data in connection.execute(sql, (FIRST_CODED,)):
        bits = bits_from(data)
        stored = _packed(bits.to_bytes(SIZE // 8), 4)
        if key[2] >= 0 and bits.bit_count() <= posted.MOST:
            gone.append((*key,))
        elif stored != data:
            anew.append((stored, *key))
    of_one = "WHERE shelf = ? AND field = ? AND value = ? AND block = ?"
    connection.executemany(f"DELETE FROM marked {of_one}", gone)
    connection.executemany(f"UPDATE marked SET bits = ? {of_one}", anew)


def posts_of(connection: sqlite3.Connection, block: int, number: int) -> Mapping[int, posted.Posts]:
    """What a block comes to in `posted`, in one field."""
    if not _posted_with(number):
        return {}
    values = _values(connection, block * SIZE, FIELDS[number][1])
    return _posts(connection, block, number, values, Counter(values))


def _posted_with(number: int) -> tuple[int, ...]:
    """The fields of `posted` that come with one of a block."""
    if number < FIRST_CODED:
        return ()
    return (number, BOTH) if number == BOTH - 1 else (number,)


def _posts(
    connection: sqlite3.Connection,
    block: int,
    number: int,
    values: Sequence[int],
    counts: Mapping[int, int],
) -> Mapping[int, posted.Posts]:
    """What is posted of a block with one of its fields, which has these values so many times."""
    found = {number: posted.of_values(values, counts)}
    if BOTH in _posted_with(number):
        columns = [_values(connection, block * SIZE, column) for column in ("source", "name")]
        pairs = [
            both(source, name) if source >= 0 and name >= 0 else NOTHING
            for source, name in zip(*columns, strict=True)
        ]
        found[BOTH] = posted.of_values(pairs, Counter(pairs))
    return found


def both(source: int, name: int) -> int:
    """What stands for a source and a name; none of a large number is asked for."""
    return (source << 32 | name) if max(source, name) < LARGE >> 1 else NOTHING


def _coded(
    values: Sequence[int], counts: Iterable[int], ranked: Sequence[int], layer: int
) -> Layer:
    """A layer of codes of these values, which are ranked by how often they are there."""
    before, listed = ranked[: layer * _LISTED], ranked[layer * _LISTED :][:_LISTED]
    code = dict.fromkeys(counts, OTHERS) | {NOTHING: 0} | dict.fromkeys(before, 0)
    code |= {value: place for place, value in enumerate(listed, 1)}
    return tuple(listed), bytes(map(code.__getitem__, values))


def _values(connection: sqlite3.Connection, first: int, column: str) -> list[int]:
    """What each entry of a block has in a column of `event`."""
    # Two texts take a third of the time of a row for each entry.
    indexes, found = connection.execute(
        f"SELECT json_group_array(idx), json_group_array({column}) FROM event "
        f"WHERE idx >= ? AND idx < ? AND {column} IS NOT NULL",
        (first, first + SIZE),
    ).fetchone()
    values: list[int] = json.loads(found)
    if len(values) == SIZE:
        return values
    every = [NOTHING] * SIZE
    for index, value in zip(json.loads(indexes), values, strict=True):
        every[index - first] = value
    return every


def every() -> int:
    """A bit for each entry of a block."""
    return (1 << SIZE) - 1


def with_code(codes: bytes, wanted: Iterable[int]) -> int:
    """The entries that have one of these codes, a bit for each."""
    table = bytearray(b"0" * 256)
    for code in wanted:
        table[code] = 49  # "1"
    return int(codes.translate(table), 2)


def with_value(layers: Iterable[object], wanted: frozenset[int], among: int | None = None) -> int:
    """The entries that have one of these values by rows of `coded` in the order of layers, a bit for
    each; values that no layer lists are all taken to be wanted. Of entries that are not `among` some
    nothing is said. Raises FormatError."""
    parsed = map(_codes_in, layers)
    found, left = 0, len(wanted)
    for layer, (listed, codes) in enumerate(parsed):
        flags = bytes(map(wanted.__contains__, listed)).translate(_DIGITS)
        null = b"1" if layer == 0 and NOTHING in wanted else b"0"
        others = b"1" if layer == LAYERS - 1 else b"0"  # which they are is not told
        table = (null + flags.ljust(_LISTED, b"0") + others).ljust(256, b"0")
        ones = table.count(b"1")
        if layer == 0 and among is not None and ones < left:
            # Few of the others are meant, mostly: so the next layers are looked at for these alone.
            maybe = among & int(codes.translate(table[:OTHERS] + b"1" + table[OTHERS + 1 :]), 2)
            if maybe.bit_count() <= _SOME:
                return bits_of(_at(chain([(listed, codes)], parsed), wanted, places_of(maybe)))
        if ones:
            found |= int(codes.translate(table), 2)
        left -= ones
        if left <= 0:
            break  # a value is in one layer only
    return found


_DIGITS = b"01".ljust(256)


def places_with_value(
    layers: Iterable[object], wanted: frozenset[int], places: Sequence[int]
) -> list[int]:
    """The same for some places, in order: for few of them it takes less."""
    return _at(map(_codes_in, layers), wanted, places)


def _at(
    layers: Iterable[tuple[array[int], bytes]], wanted: frozenset[int], places: Sequence[int]
) -> list[int]:
    found, left = list[int](), places
    for listed, codes in layers:
        others = list[int]()
        for at in left:
            code = codes[at]
            if code == OTHERS:
                others.append(at)
            elif (NOTHING if code == 0 else listed[code - 1]) in wanted:
                found.append(at)
        if not (left := others):
            break
    return sorted([*found, *left])  # which are left is not told


# Each type of resource, by a step in the index for each: the only one in the order of entries.
_TYPES = (
    "WITH RECURSIVE each(id) AS (SELECT min(type) FROM resource UNION ALL "
    "SELECT (SELECT min(type) FROM resource WHERE type > each.id) FROM each "
    "WHERE each.id IS NOT NULL)"
)


def _of_resources(connection: sqlite3.Connection, block: int, column: str) -> Summed:
    first = block * SIZE
    found, indexes = connection.execute(
        f"{_TYPES} SELECT json_group_array(r.{column}), json_group_array(r.idx) "
        "FROM each CROSS JOIN resource r "
        "INDEXED BY resource_type ON r.type = each.id AND r.idx >= ? AND r.idx < ?",
        (first, first + SIZE),
    ).fetchone()
    values: list[int] = json.loads(found)
    often = {value for value, count in Counter(values).items() if count >= MARKED}
    entries: dict[int, set[int]] = {value: set() for value in often}
    for value, index in zip(values, json.loads(indexes), strict=True):
        if value in often:
            entries[value].add(index - first)
    return Summed(
        marks={value: bits_of(found) for value, found in entries.items() if len(found) >= MARKED}
    )


def bits_of(places: Iterable[int]) -> int:
    """A bit for each place in a block."""
    found = bytearray(SIZE // 8)
    for place in places:
        found[place >> 3] |= 128 >> (place & 7)
    return int.from_bytes(found)


def places_of(bits: int) -> list[int]:
    """The places in a block whose bit is set, in order."""
    found = list[int]()
    if bits.bit_count() <= _FEW:
        while bits:
            at = SIZE - bits.bit_length()
            found.append(at)
            bits ^= 1 << (SIZE - 1 - at)
        return found
    digits = format(bits, f"0{SIZE}b")
    at = digits.find("1")
    while at >= 0:
        found.append(at)
        at = digits.find("1", at + 1)
    return found


def bits_from(data: object) -> int:
    """The bits of a row of `marked`; raises FormatError."""
    return int.from_bytes(_unpacked(data, SIZE // 8, SIZE // 8))


def codes_from(data: object) -> tuple[tuple[int, ...], bytes]:
    """The listed values and the codes of a row of `coded`; raises FormatError."""
    listed, codes = _codes_in(data)
    return tuple(listed), codes


def _codes_in(data: object) -> tuple[array[int], bytes]:
    content = _unpacked(data, SIZE + 1, SIZE + 1 + 4 * _LISTED)
    stop = 1 + 4 * content[0]
    if len(content) != stop + SIZE:
        raise FormatError("a block's codes are not as long as they say")
    return little_endian(array("I", content[1:stop])), content[stop:]


def stored(
    connection: sqlite3.Connection, block: int, number: int, places: posted.Stored | None
) -> Summed:
    """What the tables say of a block's field; without `places` nothing of these. Raises FormatError."""
    found = marked(connection, block, number)
    layers = coded(connection, block, number)
    posts = {} if places is None else {
        each: places.of(block, each, SIZE) for each in _posted_with(number)
    }  # fmt: skip
    codes = tuple(map(codes_from, layers))
    return Summed(marks=found, layers=codes, posts=posts)


def marked(connection: sqlite3.Connection, block: int, number: int) -> dict[int, int]:
    """What `marked` has of a block's field, by value; raises FormatError."""
    sql = f"SELECT value, bits FROM marked WHERE {_OF_FIELD['marked']}"
    rows = connection.execute(sql, (block, number, block // SHELF)).fetchall()
    return {value: bits_from(data) for value, data in rows}


def coded(connection: sqlite3.Connection, block: int, number: int) -> list[object]:
    """The layers of codes of a block's field, as `codes_from` takes them."""
    sql = "SELECT data FROM coded WHERE block = ? AND field = ? ORDER BY layer"
    return [data for (data,) in connection.execute(sql, (block, number)).fetchall()]


def _packed(content: bytes, times: int) -> bytes:
    """As it is stored: packed where that is so many times less, at least twice, so that the size tells which."""
    packed = zlib.compress(content, 1)
    return packed if len(packed) < len(content) // times else content


def _unpacked(data: object, least: int, most: int) -> bytes:
    content = exact(data)
    if len(content) < least:
        try:
            content = zlib.decompressobj().decompress(content, most + 1)
        except zlib.error as error:
            raise FormatError("what a block sums up is not zlib") from error
    if not least <= len(content) <= most:
        raise FormatError("what a block sums up is of another size")
    return content
