"""The tables that are searched, made anew from the log: what an older version left is brought up.

The log itself is never touched. One transaction drops the old tables, fills the new ones and says
their version, so that a crash in between leaves the old ones.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TextIO

from apitrail.entry import CALLS, Entry
from apitrail.errors import UsageError
from apitrail.event import Event
from apitrail.query import Row
from apitrail.trail import blocks, database, grams, met, statements
from apitrail.trail.frames import decompress
from apitrail.trail.rows import BOOK_SQL, EVENT_SQL, event_row, labels_text
from apitrail.trail.statements import Run

type Progress = Callable[[int, int], None]
"""Told how many entries are done, of how many."""

TABLES = (
    "event", "resource", "run", "string", "span", "book", "marked", "coded", "operation", "grams",
    "pairs", "posted", "gathered", "met", "derived",
)  # fmt: skip
# The first version that has all rows which others are summed up from.
_SUMMED_FROM = 3
_REMEMBERED = 65_536
_STEP = 1_000


def silent(_done: int, _of: int) -> None:
    """Progress that nobody sees."""


class Told:
    """Progress as a person reads it on stderr: a line that counts on a terminal, else two lines."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._begun = False

    def __call__(self, done: int, of: int) -> None:
        """Say how far it is."""
        text = "apitrail: rebuilding the search tables of an older version"
        if self._out.isatty():
            end = "\n" if done == of else ""
            print(f"\r{text}: {100 * done // max(of, 1)} %", end=end, file=self._out, flush=True)
        elif not self._begun or done == of:
            print(f"{text}{': done' if done == of else ''}", file=self._out, flush=True)
        self._begun = True


def bring_up(path: Path, progress: Progress = silent) -> bool:
    """Rebuild the derived tables of the trail database if they are older; gives whether they were.

    Only the writer may call it, with the trail's lock held.

    Raises:
        UsageError: they are of a newer version, or the database cannot be written.
    """
    with closing(database.open_to_write(path)) as connection:
        version = database.derived_version(connection)
        if version > database.DERIVED:
            raise UsageError(
                f"{str(path)!r} is searched by tables of version {version}, this apitrail writes "
                f"version {database.DERIVED}",
                hint="use the newer apitrail; reading and verifying work with this one too",
            )
        if version == database.DERIVED:
            return False
        connection.execute("BEGIN IMMEDIATE")
        if version >= _SUMMED_FROM:
            _complete(connection, version, progress)
        else:
            _rebuild(connection, progress)
        connection.execute("COMMIT")
    return True


def _complete(connection: sqlite3.Connection, version: int, progress: Progress) -> None:
    """Add to tables that have all rows what they do not sum up."""
    has_blocks = database.has_blocks(version)
    # What is there already is made as it was; the version comes last.
    has_grams = database.has_grams(version)
    connection.execute("DROP TABLE IF EXISTS posted")  # of version 7
    missing = {"posted", "gathered", "met"}
    missing |= set() if database.has_pairs(version) else {"pairs"}
    missing |= set() if has_grams else {"operation", "grams"}
    missing |= set() if has_blocks else {"marked", "coded"}
    for statement in database.statements(database.derived_schema()):
        if any(f"CREATE TABLE {table}(" in statement for table in missing):
            connection.execute(statement)
    connection.execute("UPDATE derived SET version = ?", (database.DERIVED,))
    size = _size(connection)
    if not has_blocks:
        _sum_up(connection, size, lambda done: progress(done, size))
    else:
        blocks.thin_out(connection)
        _post(connection, size, lambda done: progress(done, size))
    if has_blocks and not has_grams:
        whole = blocks.done(size) // len(blocks.FIELDS) * blocks.SIZE
        connection.execute(blocks.OPERATIONS_SQL, (0, whole))
    if not database.has_pairs(version):
        _sum_up_strings(connection, (grams.PAIRS,) if has_grams else grams.KINDS)
    progress(size, size)


def _size(connection: sqlite3.Connection) -> int:
    (size,) = connection.execute("SELECT coalesce(max(idx) + 1, 0) FROM entry").fetchone()
    return int(size)


def _sum_up(connection: sqlite3.Connection, size: int, told: Callable[[int], None]) -> None:
    """Sum up the blocks of a log of this size."""
    for start in range(0, size, blocks.SIZE):
        for each in (blocks, met):
            for sql, rows in each.due(connection, start, min(start + blocks.SIZE, size)):
                connection.executemany(sql, rows)
        told(min(start + blocks.SIZE, size))


def _post(connection: sqlite3.Connection, size: int, told: Callable[[int], None]) -> None:
    """Make the tables of places, and of what meets, for the blocks of a log of this size."""
    for unit in range(blocks.done(size)):
        block, number = divmod(unit, len(blocks.FIELDS))
        posts = blocks.posts_of(connection, block, number)
        every = (
            blocks.posting(connection, block, number, posts),
            met.of_unit(connection, block, number),
        )
        for sql, rows in chain.from_iterable(every):
            connection.executemany(sql, rows)
        if number == 0:
            told(block * blocks.SIZE)


def _sum_up_strings(
    connection: sqlite3.Connection, kinds: Sequence[grams.Kind] = grams.KINDS
) -> None:
    if newest := grams.last(connection):
        for sql, rows in grams.due(connection, range(1, newest + 1), kinds):
            connection.executemany(sql, rows)


def _rebuild(connection: sqlite3.Connection, progress: Progress) -> None:
    """Make all tables anew."""
    for table in TABLES:
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in database.statements(database.derived_schema()):
        connection.execute(statement)
    size = _size(connection)
    filling = _Filling(connection)
    # Many entries are read while many rows are written: each read is a query of its own.
    for start in range(0, size, _STEP):
        rows = connection.execute(
            "SELECT idx, data FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx",
            (start, start + _STEP),
        ).fetchall()
        for index, data in rows:
            filling.add(index, Entry.kind_of(data))
        progress(min(start + _STEP, size), size)
    connection.execute(
        "INSERT INTO span SELECT idx / ?, min(time), max(time) FROM event GROUP BY 1",
        (database.SPAN,),
    )
    _sum_up(connection, size, lambda _done: None)
    _sum_up_strings(connection)


class _Filling:
    """Rows for entries, one after the other; strings are numbered as they come."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._numbers: OrderedDict[str, int] = OrderedDict()

    def add(self, index: int, kind: str) -> None:
        """The rows of one entry, where it has any and its content is there."""
        if kind not in CALLS:
            self._connection.execute(BOOK_SQL, (index,))
        if kind not in (*CALLS, Run.KIND):
            return
        rows = self._connection.execute(
            "SELECT tag, data FROM facet WHERE idx = ? AND tag IN ('who', 'what')", (index,)
        )
        facets = {str(tag): decompress(data) for tag, data in rows}
        if "what" not in facets:
            return
        if kind == Run.KIND:
            said = statements.parse(kind, facets["what"])
            if isinstance(said, Run):
                values = (index, said.id, labels_text(said.labels))
                self._connection.execute("INSERT INTO run VALUES (?, ?, ?)", values)
            return
        self._index(index, Event.parse(facets).row())

    def _index(self, index: int, row: Row) -> None:
        self._connection.execute(EVENT_SQL, event_row(index, row, self._number))
        self._connection.executemany(
            "INSERT INTO resource(name, type, idx) VALUES (?, ?, ?)",
            [(self._number(name), self._number(kind), index) for name, kind in row.resources],
        )

    def _number(self, value: str | None) -> int | None:
        if value is None:
            return None
        if (known := self._numbers.get(value)) is not None:
            self._numbers.move_to_end(value)
            return known
        found = self._connection.execute("SELECT id FROM string WHERE value = ?", (value,))
        row = found.fetchone()
        if row is None:
            added = self._connection.execute("INSERT INTO string(value) VALUES (?)", (value,))
            number = int(added.lastrowid or 0)
        else:
            number = int(row[0])
        self._numbers[value] = number
        if len(self._numbers) > _REMEMBERED:
            self._numbers.popitem(last=False)
        return number
