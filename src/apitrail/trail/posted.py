"""Where the entries of a value are that few of a block have: their places, for several blocks together.

One row tells of a rare value what else is a row of `marked` for each block, or an entry of an index for each
entry. Derived from the rows of `event` alone; which blocks there are is `blocks`'.
"""

from __future__ import annotations

import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apitrail.errors import FormatError
from apitrail.trail.byte_order import little_endian
from apitrail.trail.frames import exact

# The places of so many blocks lie together: a place among them takes two bytes.
TOGETHER = 8
# Of a value that more entries of a block have the block's marks tell.
MOST = 240

type Posts = Mapping[int, tuple[int, ...] | None]
"""By value: the places of its entries in a block; None where they are many."""

SQL = (
    "INSERT INTO posted(stretch, field, value, many, places) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT DO UPDATE SET many = many | excluded.many, "
    "places = CAST(places || excluded.places AS BLOB)"
)
_OF_FIELD = "SELECT value, many, places FROM posted WHERE stretch = ? AND field = ?"
_UPDATE = "UPDATE posted SET many = ?, places = ? WHERE stretch = ? AND field = ? AND value = ?"


def of_values(values: Sequence[int], counts: Mapping[int, int]) -> Posts:
    """Where each value is that a block has, but for negative ones, which stand for none."""
    found: dict[int, list[int] | None] = {
        value: [] if count <= MOST else None for value, count in counts.items() if value >= 0
    }
    for place, value in enumerate(values):
        if (places := found.get(value)) is not None:
            places.append(place)
    return {value: None if places is None else (*places,) for value, places in found.items()}


def rows(block: int, number: int, size: int, posts: Posts) -> list[tuple[Any, ...]]:
    """What is to be added for a block of so many entries, after those before it."""
    stretch, at = divmod(block, TOGETHER)
    return [
        (
            stretch, number, value, 1 << at if places is None else 0,
            _bytes(at * size + place for place in places or ()),
        )
        for value, places in sorted(posts.items())
    ]  # fmt: skip


def drop(connection: sqlite3.Connection, block: int, number: int, size: int) -> None:
    """Leave out what there is of a block; raises FormatError."""
    stretch, at = divmod(block, TOGETHER)
    for value, many, data in connection.execute(_OF_FIELD, (stretch, number)).fetchall():
        places, left = places_from(data), many & ~(1 << at)
        del places[slice(*_limits(places, at, size))]
        key = stretch, number, value
        if places or left:
            connection.execute(_UPDATE, (left, _bytes(places), *key))
        else:
            sql = "DELETE FROM posted WHERE stretch = ? AND field = ? AND value = ?"
            connection.execute(sql, key)


def put(connection: sqlite3.Connection, block: int, number: int, size: int, posts: Posts) -> None:
    """Add a block's among those of others that come after it too; raises FormatError."""
    stretch, at = divmod(block, TOGETHER)
    there = set[int]()
    for value, many, data in connection.execute(_OF_FIELD, (stretch, number)).fetchall():
        if value in posts:
            places = places_from(data)
            start, _ = _limits(places, at, size)
            places[start:start] = array("H", [at * size + each for each in posts[value] or ()])
            dense = many | (1 << at if posts[value] is None else 0)
            connection.execute(_UPDATE, (dense, _bytes(places), stretch, number, value))
            there.add(value)
    others = {value: places for value, places in posts.items() if value not in there}
    connection.executemany(SQL, rows(block, number, size, others))


def stored(connection: sqlite3.Connection, block: int, number: int, size: int) -> Posts:
    """What the table says of a block's field; raises FormatError."""
    stretch, at = divmod(block, TOGETHER)
    found: dict[int, tuple[int, ...] | None] = {}
    for value, many, data in connection.execute(_OF_FIELD, (stretch, number)).fetchall():
        places = places_from(data)
        start, stop = _limits(places, at, size)
        if many & 1 << at:
            found[value] = None if start == stop else (-1,)
        elif start < stop:
            found[value] = tuple(place - at * size for place in places[start:stop])
    return found


def blocks_of(stretch: int, many: int) -> list[int]:
    """The blocks of which a row says that they have many."""
    return [stretch * TOGETHER + at for at in range(TOGETHER) if many >> at & 1] if many else []


def last_block(stretch: int, many: int, data: object, size: int) -> int:
    """The last block that a row says something of. Raises FormatError: of none, or its places are in no order."""
    places = places_from(data)
    if [*places] != sorted({*places}) or not (places or many):
        raise FormatError("the places of a value are in no order")
    last = places[-1] // size if places else 0
    return stretch * TOGETHER + max(last, many.bit_length() - 1)


def places_from(data: object) -> array[int]:
    """The places of a row, in order; raises FormatError."""
    content = exact(data)
    if len(content) % 2:
        raise FormatError("the places of a value are of another size")
    return little_endian(array("H", content))


def _limits(places: array[int], at: int, size: int) -> tuple[int, int]:
    start = bisect_left(places, at * size)
    return start, bisect_left(places, (at + 1) * size, start)


def _bytes(places: Iterable[int]) -> bytes:
    return little_endian(array("H", [*places])).tobytes()
