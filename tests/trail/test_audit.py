"""A trail's rows as verification wants them: raw, whole, and of one moment."""

from __future__ import annotations

import pytest

import trails
from apitrail.errors import FormatError
from apitrail.tlog import merkle
from apitrail.trail import database
from apitrail.trail.audit import Audit, expected_schema
from trails import make


@pytest.fixture
def trail(tmp_path):
    return make(tmp_path / "trail", 300)


def test_a_pinned_audit_does_not_see_what_is_written_meanwhile(trail):
    with Audit(trail) as pinned, Audit(trail) as free:
        pinned.pin()
        before = pinned.size
        make(trail, 3, first=300)
        assert (pinned.size, pinned.tail()) == (before, pinned.tail())
        assert free.size > before
        assert free.tail() != pinned.tail()


@pytest.mark.parametrize("derived", range(1, database.DERIVED + 1))
def test_each_version_of_the_search_tables_has_its_schema(derived):
    names = {name for _, name, _, _ in expected_schema(derived)}
    assert {"entry", "seal", "facet", "event", "resource", "string", "run"} <= names
    assert ("derived" in names) is (derived > 1)


def test_a_new_trail_has_the_newest_schema(trail):
    with Audit(trail) as audit:
        assert audit.schema() == expected_schema(database.DERIVED)
        assert audit.damage() is None


@pytest.mark.parametrize("table", ["entry", "seal", "facet", "event", "resource", "run"])
@pytest.mark.parametrize("index", [-1, 9_999])
def test_a_row_of_no_entry_is_found_in_every_table(trail, table, index):
    with trails.forge(trail) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        others = ", ".join(c if c != "idx" else str(index) for c in columns)
        if table == "event":
            others = others.replace("id,", "randomblob(16),", 1) if columns[1] == "id" else others
        connection.execute(
            f"INSERT INTO {table}({', '.join(columns)}) "
            f"SELECT {others} FROM {table} ORDER BY idx DESC LIMIT 1"
        )
    with Audit(trail) as audit:
        assert audit.stray(305) == f"table {table!r} has a row for entry {index}"


def test_an_older_root_is_told_from_tiles_and_entries(trail):
    with Audit(trail) as audit:
        leaves = [merkle.leaf_hash(data) for data in audit.entries()]
        for size in (1, 255, 256, 257, len(leaves)):
            assert audit.root_at(size) == merkle.root_of(leaves[:size])


@pytest.mark.parametrize(("old", "new"), [(1, 2), (255, 256), (3, 300), (256, 303), (299, 303)])
def test_a_tree_is_shown_to_continue_an_older_one(trail, old, new):
    with Audit(trail) as audit:
        leaves = [merkle.leaf_hash(data) for data in audit.entries()]
        assert len(leaves) >= new
        merkle.check_consistency(
            old=old, new=new, old_root=merkle.root_of(leaves[:old]),
            new_root=merkle.root_of(leaves[:new]), proof=audit.consistency(old, new),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "size", "message"),
    [
        ("DELETE FROM tile", 256, "tile 0/0 is missing"),
        ("DELETE FROM entry WHERE idx = 290", 300, "entry 290 is missing"),
    ],
)
def test_a_missing_tile_or_entry_is_named(trail, sql, size, message):
    with trails.forge(trail) as connection:
        connection.execute(sql)
    with Audit(trail) as audit, pytest.raises(FormatError, match=message):
        audit.root_at(size)


def test_damage_is_told_on_one_line(trail):
    path = trail / database.FILE
    with trails.forge(trail) as connection:
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'event_name'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    data = bytearray(path.read_bytes())
    data[(page - 1) * size : page * size] = bytes(size)
    path.write_bytes(data)
    with Audit(trail) as audit:
        found = audit.damage()
    assert found
    assert "\n" not in found
