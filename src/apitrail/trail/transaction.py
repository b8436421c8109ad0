"""One durable transaction: all of its rows or none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

import aiosqlite


async def commit(
    database: aiosqlite.Connection, work: Iterable[tuple[str, Sequence[Sequence[object]]]]
) -> None:
    """Run each SQL with its rows and commit, or change nothing and raise sqlite3.Error."""
    try:
        await database.execute("BEGIN IMMEDIATE")
        for sql, rows in work:
            await database.executemany(sql, rows)
        await database.execute("COMMIT")
    except sqlite3.Error:
        if database.in_transaction:
            await database.execute("ROLLBACK")
        raise
