"""A transaction that fails changes nothing, and the next one works."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from apitrail.trail import transaction

INSERT = "INSERT INTO t VALUES (?)"


def test_all_of_it_or_nothing():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.execute("CREATE TABLE t(x INTEGER PRIMARY KEY)")
        with pytest.raises(sqlite3.IntegrityError):
            transaction.commit(database, [(INSERT, [(1,), (2,)]), (INSERT, [(1,)])])
        assert not database.in_transaction
        transaction.commit(database, [(INSERT, [(2,), (3,)])])
        assert list(database.execute("SELECT x FROM t ORDER BY x")) == [(2,), (3,)]


def test_a_lack_of_memory_leaves_no_transaction_open():
    def starve() -> int:
        raise MemoryError

    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.execute("CREATE TABLE t(x INTEGER PRIMARY KEY)")
        database.create_function("starve", 0, starve)
        with pytest.raises(MemoryError):
            transaction.commit(
                database, [(INSERT, [(1,)]), ("INSERT INTO t SELECT starve()", [()])]
            )
        transaction.commit(database, [(INSERT, [(1,)])])
        assert list(database.execute("SELECT x FROM t")) == [(1,)]


@pytest.mark.parametrize("many", [1, 2, 3, 63, 64, 65, 200])
def test_however_many_rows_there_are(many):
    rows = [(number,) for number in range(many)]
    gone = ("DELETE FROM t WHERE x IN (VALUES (?))", rows[::2])
    once_more = (
        "INSERT INTO t VALUES (?) ON CONFLICT(x) DO UPDATE SET x = -excluded.x",
        rows[1::2],
    )
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.execute("CREATE TABLE t(x INTEGER PRIMARY KEY)")
        transaction.commit(database, [(INSERT, rows)])
        assert list(database.execute("SELECT x FROM t ORDER BY x")) == rows
        transaction.commit(database, [gone, once_more])
        left = [(-number,) for (number,) in reversed(rows[1::2])]
        assert list(database.execute("SELECT x FROM t ORDER BY x")) == left


def test_one_row_of_many_that_fails_keeps_out_all():
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.execute("CREATE TABLE t(x INTEGER PRIMARY KEY)")
        rows = [(number,) for number in (1, 2, 3, 4, 5, 3, 6, 7)]
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            transaction.commit(database, [(INSERT, [(0,)]), (INSERT, rows)])
        assert not database.in_transaction
        assert list(database.execute("SELECT x FROM t")) == []
