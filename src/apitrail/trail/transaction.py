"""One durable transaction: all of its rows or none."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain

# Rows of one statement at the most. Their numbers are powers of two, so that statements stay few
# and are prepared once.
_ROWS = 64


def commit(
    database: sqlite3.Connection, work: Iterable[tuple[str, Sequence[Sequence[object]]]]
) -> None:
    """Run each SQL with its rows and commit, or change nothing and raise sqlite3.Error or MemoryError.

    SQL is for one row: `… VALUES (?, ?) …`. Each statement that runs lets other threads have the
    interpreter and must get it back, so many rows share one.
    """
    try:
        database.execute("BEGIN IMMEDIATE")
        for sql, rows in work:
            _run(database, sql, rows)
        database.execute("COMMIT")
    except BaseException:
        # Whatever it was: a transaction that stays open would keep out all that come later.
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def _run(database: sqlite3.Connection, sql: str, rows: Sequence[Sequence[object]]) -> None:
    start, left = 0, len(rows)
    while left:
        many = min(_ROWS, 1 << (left.bit_length() - 1))
        part = rows[start : start + many]
        database.execute(_of_many(sql, many), tuple(chain.from_iterable(part)))
        start, left = start + many, left - many


@lru_cache(maxsize=512)
def _of_many(sql: str, rows: int) -> str:
    """The SQL for so many rows."""
    if rows == 1:
        return sql
    if sql.startswith("INSERT INTO") and "ON CONFLICT" not in sql:
        # The whole transaction is rolled back in any case. To undo a statement alone, SQLite would keep
        # the pages as they were before it, in a file where they are many.
        sql = sql.replace("INSERT", "INSERT OR ROLLBACK", 1)
    before, values, after = _VALUES.split(sql)
    return f"{before}{', '.join([values] * rows)}{after}"


_VALUES = re.compile(r"(?<=VALUES )(\([^()]*\))")
