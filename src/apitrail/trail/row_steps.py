"""Reading some rows at a time.

Between two steps nothing is open in the database. While a reader is in the middle of a statement, a
recorder's write-ahead log can only grow: so whoever reads slowly must not be (SQLite, "Write-Ahead Logging",
on checkpoint starvation).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from apitrail.trail.search import Bounds

# So many rows are read at a time; of what a filter finds, first few and then ever more, since each step
# begins with a look for the quickest way.
ROWS = 128
FIRST, LAST = 100, 50_000


def of_entries(
    database: sqlite3.Connection, select: str, key: tuple[str, ...], start: int, stop: int
) -> Iterator[tuple[Any, ...]]:
    """The rows of entries [start, stop), in the order of a table's key, which they begin with.

    `select` is without conditions; the key is `idx`, or `idx` and a text.
    """
    columns, marks = ", ".join(key), ", ".join("?" * len(key))
    sql = f"{select} WHERE ({columns}) > ({marks}) AND idx < ? ORDER BY {columns} LIMIT ?"
    # A BLOB is more than every text, so nothing of the entry before comes.
    after: tuple[object, ...] = (start - 1, b"")[: len(key)]
    while rows := database.execute(sql, (*after, stop, ROWS)).fetchall():
        yield from rows
        if len(rows) < ROWS:
            return
        after = rows[-1][: len(key)]


def of_finds(
    find: Callable[[Bounds, int], list[int]], bounds: Bounds, *, ascending: bool
) -> Iterator[int]:
    """Every index between the bounds that `find` gives, which gives so many of the first ones."""
    wanted = FIRST
    while rows := find(bounds, wanted):
        yield from rows
        if len(rows) < wanted:
            return
        bounds = replace(bounds, after=rows[-1]) if ascending else replace(bounds, before=rows[-1])
        wanted = min(4 * wanted, LAST)
