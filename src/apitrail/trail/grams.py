"""Which two and which three bytes follow each other in the strings of the dictionary, in bits for each 1,024 of
them.

What a form of names has between its `*` is in few of these parts: only their strings are held against it.
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence

from apitrail.errors import FormatError
from apitrail.trail.byte_order import little_endian
from apitrail.trail.frames import exact
from apitrail.trail.posted import Statement
from apitrail.valueclass import valueclass

# So many numbers of strings are one part, and it has so many bits in each table.
SIZE, BITS = 1_024, 16_384

# Before and after each string. No byte of UTF-8 is like it.
_END = b"\xff\xff"


@valueclass(frozen=True, slots=True)
class Kind:
    """How many bytes that follow each other have a bit in a table, and which: what each byte gives at each
    place, one XOR the other. `given` are the lower and the higher byte of what a byte gives."""

    table: str
    given: tuple[tuple[bytes, bytes], ...]

    @property
    def sql(self) -> str:
        """What adds a part."""
        return f"INSERT OR REPLACE INTO {self.table} VALUES (?, ?)"


def _kind(table: str, *gives: Sequence[int]) -> Kind:
    return Kind(
        table, tuple((bytes(n & 255 for n in each), bytes(n >> 8 for n in each)) for each in gives)
    )


# Each of three bytes times its factor, modulo BITS.
TRIPLES = _kind(
    "grams", *([byte * factor % BITS for byte in range(256)] for factor in (5_417, 8_543, 12_791))
)
# Seven bits of each: so those that begin with a byte lie together.
PAIRS = _kind(
    "pairs", [(byte & 127) << 7 for byte in range(256)], [byte & 127 for byte in range(256)]
)
KINDS = (TRIPLES, PAIRS)
# So many bytes hold the bits of the pairs that begin with one byte.
_OF_BYTE = 16


def places(data: bytes, kind: Kind = TRIPLES) -> set[int]:
    """The places of the bits of some text, for each so many bytes of it."""
    # All at once, each in two bytes of large numbers: a tenth of the time of one after the other.
    many = max(len(data) - len(kind.given) + 1, 0)
    found = 0
    for at, (low, high) in enumerate(kind.given):
        each = bytearray(2 * many)
        each[0::2] = data[at : at + many].translate(low)
        each[1::2] = data[at : at + many].translate(high)
        found ^= int.from_bytes(each, "little")
    return set(little_endian(array("H", found.to_bytes(2 * many, "little"))))


def of_strings(strings: Iterable[bytes], kind: Kind = TRIPLES) -> set[int]:
    """The places of whole strings. What follows a NUL is not looked at, as in SQLite's GLOB."""
    text = _END + b"".join([each + _END for each in strings])
    if b"\0" in text:
        return of_strings((each.partition(b"\0")[0] for each in text[2:-2].split(_END)), kind)
    return places(text, kind)


@valueclass(frozen=True, slots=True)
class Wanted:
    """What a string of a form has: places of three bytes and of two, and single bytes."""

    triples: tuple[int, ...] = ()
    pairs: tuple[int, ...] = ()
    letters: bytes = b""


def of_form(text: str, *, with_pairs: bool = True) -> Wanted:
    """What is before, between and after the `*` of a form; of less than three bytes only `with_pairs`."""
    form = text.partition("\0")[0].encode("utf-8", "surrogatepass")
    pieces = (_END + form + _END).split(b"*")
    triples = set[int]().union(*map(places, pieces))
    if not with_pairs:
        return Wanted(tuple(triples))
    pairs = [places(each, PAIRS) for each in pieces if len(each) == 2 and each != _END]
    letters = b"".join({each for each in pieces if len(each) == 1})
    return Wanted(tuple(triples), tuple(set[int]().union(*pairs)), letters)


def summed(connection: sqlite3.Connection, part: int, kind: Kind = TRIPLES) -> bytes:
    """The bits of the strings of a part."""
    rows = connection.execute(
        "SELECT CAST(value AS BLOB) FROM string WHERE id >= ? AND id < ?",
        (part * SIZE, (part + 1) * SIZE),
    )
    bits = bytearray(BITS // 8)
    for place in of_strings([value for (value,) in rows.fetchall()], kind):
        bits[place >> 3] |= 128 >> (place & 7)
    return bytes(bits)


def due(
    connection: sqlite3.Connection, numbers: Collection[int], kinds: Sequence[Kind] = KINDS
) -> Iterator[Statement]:
    """What is to be added in the transaction that adds strings of these numbers, after them: a part
    is summed up with the first string of the next one."""
    for part in range((min(numbers) - 1) // SIZE, max(numbers) // SIZE):
        for kind in kinds:
            yield kind.sql, [(part, summed(connection, part, kind))]


def again(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Sum up anew the parts of strings of these numbers, which were erased."""
    newest = last(connection)
    parts = sorted({number // SIZE for number in numbers})
    for kind in KINDS:
        # The next strings may have the numbers of the last ones that were erased.
        sql = f"DELETE FROM {kind.table} WHERE (part + 1) * ? > ?"
        connection.execute(sql, (SIZE, newest))
        for part in parts:
            if is_whole(part, newest):
                connection.execute(kind.sql, (part, summed(connection, part, kind)))


def last(connection: sqlite3.Connection) -> int:
    """The largest number of a string, or 0."""
    (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM string").fetchone()
    return int(newest)


def is_whole(part: int, newest: int) -> bool:
    """Is a part summed up where this is the largest number?"""
    return part >= 0 and (part + 1) * SIZE <= newest


def lacks(data: object, wanted: Iterable[int]) -> bool:
    """Is one of these bits not set in a row? Raises FormatError."""
    bits = exact(data)
    if len(bits) != BITS // 8:
        raise FormatError("what a part of the dictionary sums up is of another size")
    return any(not bits[place >> 3] & 128 >> (place & 7) for place in wanted)


def parts(connection: sqlite3.Connection, wanted: Wanted) -> list[int] | None:
    """The parts that may have a string with all of this; None for all."""
    without = set[int]()
    tests = [
        (TRIPLES, _lacking(_rarest_first(connection, TRIPLES, wanted.triples))),
        (PAIRS, _lacking(_rarest_first(connection, PAIRS, wanted.pairs), wanted.letters)),
    ]
    for kind, asked in tests:
        if not asked:
            continue
        # In SQL: thousands of parts are not handed to Python. Parts of another size may have anything.
        lacking = " OR ".join([condition for condition, _ in asked])
        sql = f"SELECT part FROM {kind.table} WHERE length(bits) = ? AND ({lacking})"
        values = [value for _, some in asked for value in some]
        rows = connection.execute(sql, (BITS // 8, *values)).fetchall()
        without.update(part for (part,) in rows)
    if not any(asked for _, asked in tests):
        return None
    return [part for part in range(last(connection) // SIZE + 1) if part not in without]


def _rarest_first(
    connection: sqlite3.Connection, kind: Kind, wanted: Sequence[int]
) -> Sequence[int]:
    """Bits in the order of how many of some parts have them: most parts lack the first one then."""
    if len(wanted) < 2:
        return wanted
    many = last(connection) // SIZE
    sql = f"SELECT bits FROM {kind.table} WHERE length(bits) = ? AND part IN ({'?, ' * _SAMPLE}-1)"
    some = [at * many // _SAMPLE for at in range(_SAMPLE)]
    rows = connection.execute(sql, (BITS // 8, *some)).fetchall()
    return sorted(wanted, key=lambda place: sum(not lacks(bits, [place]) for (bits,) in rows))


def _lacking(
    wanted: Sequence[int], letters: bytes = b""
) -> list[tuple[str, tuple[bytes | int, ...]]]:
    """SQL that holds where a bit is not set, and its values."""
    bits: list[tuple[str, tuple[bytes | int, ...]]] = [
        ("NOT instr(?, substr(bits, ?, 1))", (_WITH_BIT[place & 7], (place >> 3) + 1))
        for place in wanted[:_ASKED]
    ]
    return bits + [
        ("substr(bits, ?, ?) = zeroblob(?)", ((letter & 127) * _OF_BYTE + 1, _OF_BYTE, _OF_BYTE))
        for letter in letters[:_ASKED]
    ]


# In so many parts it is looked which bits are rare.
_SAMPLE = 12
# So many of a form's bits are asked for, and all bytes in which a bit is set.
_ASKED = 64
_WITH_BIT = [bytes(byte for byte in range(256) if byte & 128 >> bit) for bit in range(8)]
