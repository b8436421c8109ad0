"""Which three bytes follow each other in the strings of the dictionary, in bits for each 1,024 of them.

What a form of names has between its `*` is in few of these parts: only their strings are held against it.
"""

from __future__ import annotations

import sqlite3
import sys
from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence

from apitrail.errors import FormatError
from apitrail.trail.blocks import Statement
from apitrail.trail.frames import exact

# So many numbers of strings are one part, and it has so many bits.
SIZE, BITS = 1_024, 16_384

SQL = "INSERT OR REPLACE INTO grams VALUES (?, ?)"
# Before and after each string. No byte of UTF-8 is like it.
_END = b"\xff\xff"
# The place of three bytes: each times its factor, one XOR the other, modulo BITS.
_FACTORS = (5_417, 8_543, 12_791)
# For each of the three, the lower and the higher byte that each byte gives.
_TABLES = [
    (
        bytes([byte * factor % BITS & 255 for byte in range(256)]),
        bytes([byte * factor % BITS >> 8 for byte in range(256)]),
    )
    for factor in _FACTORS
]


def places(data: bytes) -> set[int]:
    """The places of the bits of some text, for each three bytes of it."""
    # All at once, each in two bytes of large numbers: a tenth of the time of one after the other.
    many = max(len(data) - 2, 0)
    found = 0
    for at, (low, high) in enumerate(_TABLES):
        each = bytearray(2 * many)
        each[0::2] = data[at : at + many].translate(low)
        each[1::2] = data[at : at + many].translate(high)
        found ^= int.from_bytes(each, "little")
    numbers = array("H", found.to_bytes(2 * many, "little"))
    if sys.byteorder == "big":
        numbers.byteswap()
    return set(numbers)


def of_strings(strings: Iterable[bytes]) -> set[int]:
    """The places of whole strings. What follows a NUL is not looked at, as in SQLite's GLOB."""
    text = _END + b"".join([each + _END for each in strings])
    if b"\0" in text:
        return of_strings(each.partition(b"\0")[0] for each in text[2:-2].split(_END))
    return places(text)


def of_form(text: str) -> tuple[int, ...]:
    """The places of what is before, between and after the `*` of a form."""
    form = text.partition("\0")[0].encode("utf-8", "surrogatepass")
    return tuple(set[int]().union(*map(places, (_END + form + _END).split(b"*"))))


def summed(connection: sqlite3.Connection, part: int) -> bytes:
    """The bits of the strings of a part."""
    rows = connection.execute(
        "SELECT CAST(value AS BLOB) FROM string WHERE id >= ? AND id < ?",
        (part * SIZE, (part + 1) * SIZE),
    )
    bits = bytearray(BITS // 8)
    for place in of_strings([value for (value,) in rows.fetchall()]):
        bits[place >> 3] |= 128 >> (place & 7)
    return bytes(bits)


def due(connection: sqlite3.Connection, numbers: Collection[int]) -> Iterator[Statement]:
    """What is to be added in the transaction that adds strings of these numbers, after them: a part
    is summed up with the first string of the next one."""
    for part in range((min(numbers) - 1) // SIZE, max(numbers) // SIZE):
        yield SQL, [(part, summed(connection, part))]


def again(connection: sqlite3.Connection, numbers: Iterable[int]) -> None:
    """Sum up anew the parts of strings of these numbers, which were erased."""
    newest = last(connection)
    # The next strings may have the numbers of the last ones that were erased.
    connection.execute("DELETE FROM grams WHERE (part + 1) * ? > ?", (SIZE, newest))
    for part in sorted({number // SIZE for number in numbers}):
        if is_whole(part, newest):
            connection.execute(SQL, (part, summed(connection, part)))


def last(connection: sqlite3.Connection) -> int:
    """The largest number of a string, or 0."""
    (newest,) = connection.execute("SELECT coalesce(max(id), 0) FROM string").fetchone()
    return int(newest)


def is_whole(part: int, newest: int) -> bool:
    """Is a part summed up where this is the largest number?"""
    return part >= 0 and (part + 1) * SIZE <= newest


def lacks(data: object, wanted: Iterable[int]) -> bool:
    """Is one of these bits not set in a row of `grams`? Raises FormatError."""
    bits = exact(data)
    if len(bits) != BITS // 8:
        raise FormatError("what a part of the dictionary sums up is of another size")
    return any(not bits[place >> 3] & 128 >> (place & 7) for place in wanted)


def parts(connection: sqlite3.Connection, wanted: Sequence[int]) -> list[int]:
    """The parts that may have a string with all of these bits."""
    every = range(last(connection) // SIZE + 1)
    some = wanted[:_ASKED]
    # In SQL: thousands of parts are not handed to Python. Parts of another size may have anything.
    lacking = " OR ".join(["NOT instr(?, substr(bits, ?, 1))"] * len(some))
    sql = f"SELECT part FROM grams WHERE length(bits) = ? AND ({lacking})"
    values = [value for place in some for value in (_WITH_BIT[place & 7], (place >> 3) + 1)]
    rows = connection.execute(sql, (BITS // 8, *values)).fetchall()
    without = {part for (part,) in rows}
    return [part for part in every if part not in without]


# So many of a form's bits are asked for, and all bytes in which a bit is set.
_ASKED = 64
_WITH_BIT = [bytes(byte for byte in range(256) if byte & 128 >> bit) for bit in range(8)]
