"""The file of a trail: made once, recognised, guarded by its triggers."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

import trails
from apitrail.errors import UsageError
from apitrail.evidence.verify import Verdict
from apitrail.trail import database
from trails import TRUST, check, make


def test_readers_need_no_write_access(tmp_path):
    trail = make(tmp_path / "trail", 3)
    (trail / "trail.db").chmod(0o400)
    with sqlite3.connect(f"file:{trail / 'trail.db'}?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert check(trail, TRUST).verdict is Verdict.OK


def test_files_are_the_owners_alone(tmp_path):
    trail = make(tmp_path / "trail", 1)
    for name in ("trail.db", "pending.db", "checkpoint"):
        assert (trail / name).stat().st_mode & 0o077 == 0, name
    assert trail.stat().st_mode & 0o077 == 0


def test_guards_stop_our_own_mistakes(tmp_path):
    trail = make(tmp_path / "trail", 1)
    with trails.forge(trail, guarded=True) as database:
        for sql in (
            "UPDATE entry SET data = x'00'",
            "DELETE FROM entry",
            "INSERT INTO entry VALUES (99, x'00')",
            "DELETE FROM checkpoint",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                database.execute(sql)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("PRAGMA application_id=1", "is not a trail"),
        ("PRAGMA user_version=3", "of format 3, this apitrail reads up to 2"),
        ("PRAGMA user_version=0", "of format 0"),
    ],
)
def test_what_is_no_trail_of_ours_is_refused_by_all(tmp_path, sql, message):
    trail = make(tmp_path / "trail", 1)
    with trails.forge(trail) as connection:
        connection.execute(sql)
    with pytest.raises(UsageError, match=message):
        database.open_read_only(trail)
    with pytest.raises(UsageError, match=message):
        database.is_new(trail / database.FILE)
    with pytest.raises(UsageError, match=message):
        database.create(trail / database.FILE)


def test_what_is_no_database_is_left_as_it_is(tmp_path):
    path = tmp_path / database.FILE
    path.write_bytes(b"a letter to my mother" * 100)
    for use in (database.is_new, database.create):
        with pytest.raises(UsageError, match="cannot be read as a trail"):
            use(path)
    assert path.read_bytes() == b"a letter to my mother" * 100


@pytest.mark.parametrize("content", [None, b""])
def test_an_empty_file_that_a_crash_left_becomes_a_trail(tmp_path, content):
    path = tmp_path / database.FILE
    if content is not None:
        path.write_bytes(content)
    assert database.is_new(path)
    database.create(path)
    assert not database.is_new(path)
    database.create(path)  # again: nothing happens
    with closing(database.open_read_only(tmp_path)) as connection:
        assert database.derived_version(connection) == database.DERIVED


@pytest.mark.parametrize("version", [0, database.DERIVED + 1])
def test_search_tables_of_another_version_are_named(version):
    with pytest.raises(UsageError, match=f"the search tables are of version {version}"):
        database.derived_schema(version)


def test_a_script_is_cut_where_a_statement_ends():
    script = database.schema()
    found = database.statements(script)
    assert "".join(found).split() == script.split()
    assert all(sqlite3.complete_statement(each) for each in found)
    assert any("BEGIN" in each for each in found)  # a trigger is one statement


def test_a_reader_cannot_write(tmp_path):
    trail = make(tmp_path / "trail", 1)
    with closing(database.open_read_only(trail)) as connection:
        for sql in ("DELETE FROM tail", "CREATE TABLE x(y)", "PRAGMA user_version=9"):
            with pytest.raises(sqlite3.OperationalError, match="readonly"):
                connection.execute(sql)
