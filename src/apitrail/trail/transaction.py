"""One durable transaction: all of its rows or none."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence


def commit(
    database: sqlite3.Connection, work: Iterable[tuple[str, Sequence[Sequence[object]]]]
) -> None:
    """Run each SQL with its rows and commit, or change nothing and raise sqlite3.Error or MemoryError."""
    try:
        database.execute("BEGIN IMMEDIATE")
        for sql, rows in work:
            database.executemany(sql, rows)
        database.execute("COMMIT")
    except BaseException:
        # Whatever it was: a transaction that stays open would keep out all that come later.
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
