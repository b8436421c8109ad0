"""Where the entries of a value are that few of a block have: their places, for many blocks together.

One row tells of a rare value what else is a row of `marked` for each block, or an entry of an index for each
entry. A block's rows are added to those of a stretch of few blocks, since each block touches most of them. What a
stretch has is gathered into a part of many blocks while the next one is written, some rows at a time: so who
searches reads few rows. Derived from the rows of `event` alone; which blocks there are is `blocks`'.
"""

from __future__ import annotations

import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from apitrail.errors import FormatError
from apitrail.trail.byte_order import little_endian
from apitrail.trail.frames import exact

# So many blocks are a stretch, and so many a part: a bit for each is a number of SQLite.
TOGETHER, GATHERED = 8, 64
# Of a value that more entries of a block have the block's marks tell.
MOST = 240

type Posts = Mapping[int, tuple[int, ...] | None]
"""By value: the places of its entries in a block; None where they are many."""

type Statement = tuple[str, Sequence[Sequence[Any]]]
"""SQL for one row, and its rows."""

_MORE = "many = many | excluded.many, places = CAST(places || excluded.places AS BLOB)"
SQL = (
    "INSERT INTO posted(stretch, field, value, many, places) VALUES (?, ?, ?, ?, ?) "
    f"ON CONFLICT DO UPDATE SET {_MORE}"
)
_COUNT = "SELECT count(*) FROM posted WHERE stretch = ?"
_LAST = (
    "SELECT field, value FROM posted WHERE stretch = ? ORDER BY field, value LIMIT 1 OFFSET ? - 1"
)
_UP_TO = "WHERE stretch = ? AND (field, value) <= (?, ?)"
_GATHER = (
    "INSERT INTO gathered(part, field, value, many, places) "
    f"SELECT stretch / {{}}, field, value, many, places FROM posted {_UP_TO} "
    f"ON CONFLICT DO UPDATE SET {_MORE}"
)
_KEYS = {"posted": "stretch", "gathered": "part"}
_OF_BLOCK = "SELECT value, many, places FROM {0} WHERE {1} = ? AND field = ?"
_UPDATE = "UPDATE {0} SET many = ?, places = ? WHERE {1} = ? AND field = ? AND value = ?"
_DELETE = "DELETE FROM {0} WHERE {1} = ? AND field = ? AND value = ?"


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
    at = block % GATHERED
    return [
        (
            block // TOGETHER, number, value, _bit(at) if places is None else 0,
            _bytes(at * size + place for place in places or ()),
        )
        for value, places in sorted(posts.items())
    ]  # fmt: skip


def gathering(connection: sqlite3.Connection, step: int, steps: int) -> Iterator[Statement]:
    """What is to be done at a step of a stretch, of so many, for the stretch before it: after the last step
    all of its rows are gathered."""
    before, left = step // steps - 1, steps - step % steps
    (many,) = connection.execute(_COUNT, (before,)).fetchone()
    if many:
        last = connection.execute(_LAST, (before, -(-many // left))).fetchone()
        yield _GATHER.format(GATHERED // TOGETHER), [(before, *last)]
        yield f"DELETE FROM posted {_UP_TO}", [(before, *last)]


def lessen(
    connection: sqlite3.Connection, block: int, number: int, size: int, posts: Posts
) -> None:
    """Say what is left of a block of which something was erased. Raises FormatError."""
    at = block % GATHERED
    for table, key in _KEYS.items():
        part = block // _blocks_in(table)
        names = table, key
        found = connection.execute(_OF_BLOCK.format(*names), (part, number)).fetchall()
        for value, many, data in found:
            places = places_from(data)
            start, stop = _limits(places, at, size)
            was_many = bool(many & _bit(at))
            if start == stop and not was_many:
                continue
            left = posts.get(value, ())
            places[start:stop] = array("I", [at * size + place for place in left or ()])
            others = many & ~_bit(at) | (_bit(at) if left is None else 0)
            if places or others:
                values = others, _bytes(places), part, number, value
                connection.execute(_UPDATE.format(*names), values)
            else:
                connection.execute(_DELETE.format(*names), (part, number, value))


class Stored:
    """What the tables say of blocks. The rows of the last part are kept for those that follow."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._part = -1
        self._rows: dict[int, list[tuple[int, int, array[int]]]] = {}

    def of(self, block: int, number: int, size: int) -> Posts:
        """What they say of a block's field; raises FormatError."""
        part, at = divmod(block, GATHERED)
        if part != self._part:
            self._rows.clear()
            self._part = part
        if number not in self._rows:
            self._rows[number] = [*self._of_part(part, number)]
        found: dict[int, tuple[int, ...] | None] = {}
        for value, many, places in self._rows[number]:
            start, stop = _limits(places, at, size)
            is_many = bool(many & _bit(at))
            if start == stop and not is_many:
                continue
            if value in found or (start < stop and is_many):
                found[value] = (-1,)  # it is told twice
            elif is_many:
                found[value] = None
            else:
                found[value] = tuple(place - at * size for place in places[start:stop])
        return found

    def _of_part(self, part: int, number: int) -> Iterator[tuple[int, int, array[int]]]:
        sql = (
            "SELECT value, many, places FROM gathered WHERE part = ?1 AND field = ?2 UNION ALL "
            "SELECT value, many, places FROM posted "
            "WHERE stretch >= ?1 * ?3 AND stretch < (?1 + 1) * ?3 AND field = ?2"
        )
        values = part, number, GATHERED // TOGETHER
        for value, many, data in self._connection.execute(sql, values).fetchall():
            yield value, many, places_from(data)


def blocks_of(part: int, many: int) -> list[int]:
    """The blocks of which a row says that they have many."""
    if not many:
        return []
    return [part * GATHERED + at for at in range(GATHERED) if many & _bit(at)]


def extent(many: int, places: Sequence[int], size: int) -> tuple[int, int]:
    """The first and the last block of a part of which a row says something. Raises FormatError: it says
    nothing."""
    bits = many & (1 << GATHERED) - 1
    marked = [(bits & -bits).bit_length() - 1, bits.bit_length() - 1] if bits else []
    of_places = [places[0] // size, places[-1] // size] if places else []
    if not (found := [*marked, *of_places]):
        raise FormatError("a value has no places")
    return min(found), max(found)


def check_order(places: Sequence[int]) -> None:
    """Raises FormatError where places are not in order, or one is there twice."""
    if [*places] != sorted({*places}):
        raise FormatError("the places of a value are in no order")


def places_from(data: object) -> array[int]:
    """The places of a row, in order; raises FormatError."""
    content = exact(data)
    if len(content) % 4:
        raise FormatError("the places of a value are of another size")
    return little_endian(array("I", content))


def _blocks_in(table: str) -> int:
    return TOGETHER if table == "posted" else GATHERED


def _bit(at: int) -> int:
    """The bit for a block of a part, as SQLite has it: the highest one is for the sign."""
    return 1 << at if at < 63 else -1 << 63


def _limits(places: array[int], at: int, size: int) -> tuple[int, int]:
    start = bisect_left(places, at * size)
    return start, bisect_left(places, (at + 1) * size, start)


def _bytes(places: Iterable[int]) -> bytes:
    return little_endian(array("I", [*places])).tobytes()
