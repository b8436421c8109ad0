"""The operations that blocks of entries have: name, source, and whether they only read.

Conditions on these that no operation meets are met by no block, and a form of names comes to fewer.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable

from apitrail.trail import blocks

type Operation = tuple[int, int, int]
"""Numbers of a name and of a source, and whether it only reads; -1 for NULL."""


def missing(connection: sqlite3.Connection, block: int) -> bool:
    """Has a block an operation that is not in the table?"""
    sql = (
        f"SELECT 1 FROM (SELECT {blocks.OPERATION} FROM event WHERE idx >= ? AND idx < ? "
        "EXCEPT SELECT name, source, read_only FROM operation) LIMIT 1"
    )
    limits = block * blocks.SIZE, (block + 1) * blocks.SIZE
    return connection.execute(sql, limits).fetchone() is not None


def unused(connection: sqlite3.Connection) -> Operation | None:
    """One in the table that no event is of."""
    for each in connection.execute("SELECT name, source, read_only FROM operation").fetchall():
        if not _is_used(connection, each):
            return tuple(each)
    return None


def of_events(connection: sqlite3.Connection, indexes: Iterable[int]) -> set[Operation]:
    """Those of some events."""
    rows = connection.execute(
        f"SELECT {blocks.OPERATION} FROM event WHERE idx IN (SELECT value FROM json_each(?))",
        (json.dumps([*indexes]),),
    )
    return set(rows.fetchall())


def drop_unused(connection: sqlite3.Connection, some: Iterable[Operation]) -> None:
    """Delete those of some that no event is of any more."""
    unused = [each for each in some if not _is_used(connection, each)]
    sql = "DELETE FROM operation WHERE name = ? AND source = ? AND read_only = ?"
    connection.executemany(sql, unused)


def _is_used(connection: sqlite3.Connection, operation: Operation) -> bool:
    name, source, read_only = (None if number == -1 else number for number in operation)
    # By the index on names: SQLite would take any.
    sql = (
        "SELECT 1 FROM event INDEXED BY event_name "
        "WHERE name IS ? AND +source IS ? AND read_only IS ? LIMIT 1"
    )
    return connection.execute(sql, (name, source, read_only)).fetchone() is not None


def names(
    connection: sqlite3.Connection,
    among: Collection[int],
    sources: Collection[int] | None,
    read_only: int | None,
) -> frozenset[int]:
    """Those of some names that an operation of one of these sources has, which only reads or not;
    None for any."""
    sql = "SELECT DISTINCT o.name FROM json_each(?) n CROSS JOIN operation o ON o.name = n.value"
    values: list[object] = [json.dumps([*among])]
    if sources is not None:
        sql += " AND o.source IN (SELECT value FROM json_each(?))"
        values.append(json.dumps([*sources]))
    if read_only is not None:
        sql += " AND o.read_only = ?"
        values.append(read_only)
    return frozenset(number for (number,) in connection.execute(sql, values).fetchall())
