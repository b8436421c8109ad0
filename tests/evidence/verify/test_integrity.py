"""SQLite's own check runs beside that of the entries, and its word counts as much."""

from __future__ import annotations

import pytest

import trails
from apitrail.evidence.verify import Verdict, parallel
from apitrail.evidence.verify.integrity import Integrity
from apitrail.trail.database import NotATrailError


@pytest.fixture
def trail(tmp_path):
    return trails.make(tmp_path / "trail", 12)


def lie(trail) -> None:
    """Leave a row out of an index whose schema is right."""
    with trails.forge(trail) as database:
        (sql,) = database.execute(
            "SELECT sql FROM sqlite_schema WHERE name = 'event_name'"
        ).fetchone()
        database.executescript(
            "DROP INDEX event_name; CREATE INDEX event_name ON event(name) WHERE idx <> 2;"
            "PRAGMA writable_schema = ON;"
        )
        database.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'event_name'", (sql,))


def test_an_index_that_lies_is_noticed_beside_the_entries(trail, monkeypatch):
    monkeypatch.setattr(parallel, "PARALLEL", 1)
    assert trails.check(trail, processes=2).holds
    lie(trail)
    report = trails.check(trail, processes=2)
    assert report.verdict is Verdict.TAMPERED
    assert "missing from index event_name" in report.message


def test_nobody_waits_for_it_where_something_else_does_not_hold(trail):
    with pytest.raises(ZeroDivisionError), Integrity(trail):
        raise ZeroDivisionError


def test_a_database_that_cannot_be_read_is_told(trail):
    with Integrity(trail) as beside:
        assert beside.damage() is None
    (trail / "trail.db").write_bytes(bytes(8192))
    with pytest.raises(NotATrailError), Integrity(trail) as beside:
        beside.damage()
