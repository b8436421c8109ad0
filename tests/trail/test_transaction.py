"""A transaction that fails changes nothing, and the next one works."""

from __future__ import annotations

import asyncio
import sqlite3

import aiosqlite
import pytest

from apitrail.trail import transaction

INSERT = "INSERT INTO t VALUES (?)"


def test_all_of_it_or_nothing(tmp_path):
    async def main() -> list:
        async with aiosqlite.connect(tmp_path / "db", isolation_level=None) as database:
            await database.execute("CREATE TABLE t(x INTEGER PRIMARY KEY)")
            with pytest.raises(sqlite3.IntegrityError):
                await transaction.commit(database, [(INSERT, [(1,), (2,)]), (INSERT, [(1,)])])
            assert not database.in_transaction
            await transaction.commit(database, [(INSERT, [(2,), (3,)])])
            return list(await database.execute_fetchall("SELECT x FROM t ORDER BY x"))

    assert asyncio.run(main()) == [(2,), (3,)]
