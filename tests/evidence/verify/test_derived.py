"""Search must not lie while the log verifies: rows are held against what the entries say."""

from __future__ import annotations

import pytest

import trails
from apitrail.evidence.verify.derived import Derived, check_strings
from apitrail.evidence.verify.report import Finding
from apitrail.evidence.verify.segment import walk
from apitrail.trail.audit import Audit


@pytest.fixture
def trail(tmp_path):
    return trails.make(tmp_path / "trail", 12)


def hold(trail) -> set[int]:
    """Compare every row of a trail."""
    with Audit(trail) as audit:
        compared = Derived(audit, 0, audit.size)
        walk(audit, 0, audit.size, visit=compared.visit)
        compared.finish()
        check_strings(audit, compared.used)
        return compared.used


def test_what_the_writer_left_holds(trail):
    assert len(hold(trail)) > 12


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("DELETE FROM event WHERE idx = 13", "its row is missing"),
        ("UPDATE event SET idx = 20 WHERE idx = 13", "its row is missing"),
        ("INSERT INTO event(idx, id, time, stand_in) VALUES (0, randomblob(16), 0, 0)", "says nothing"),
        ("UPDATE event SET time = time + 1 WHERE idx = 2", "is not what the event says"),
        ("UPDATE event SET undetermined = 1 WHERE idx = 2", "is not what the event says"),
        ("DELETE FROM book WHERE idx = 0", "entry 0: table 'book'"),
        ("INSERT INTO book VALUES (2)", "entry 2: table 'book'"),
        ("UPDATE event SET run = 1 WHERE idx = 2", "another 'run'"),
        ("UPDATE event SET name = 9999 WHERE idx = 2", "uses string 9999, which is missing"),
        ("INSERT INTO string(value) VALUES ('x')", "used by nothing"),
        ("DELETE FROM run", "its row in table 'run'"),
        ("UPDATE run SET id = 'other'", "its row in table 'run'"),
        ("UPDATE run SET labels = '{\"a\":\"b\"}'", "its row in table 'run'"),
        ("INSERT INTO run VALUES (3, 'x', '{}')", "its row in table 'run'"),
        ("DELETE FROM resource WHERE idx = 2", "entry 2: it cannot be found by its resource"),
        ("UPDATE resource SET idx = 3 WHERE idx = 2", "entry 2: it cannot be found"),
        ("INSERT INTO resource SELECT name, 0, type FROM resource LIMIT 1", "entry 0: it is found by"),
        ("INSERT INTO resource SELECT name, idx, 9999 FROM resource LIMIT 1", "a string that is missing"),
    ],
)  # fmt: skip
def test_each_lie_is_named(trail, sql, message):
    with trails.forge(trail) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute(sql)
    with pytest.raises(Finding, match=message):
        hold(trail)
