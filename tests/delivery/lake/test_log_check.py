"""What one log has in a lake: its chain of lists, its tree, and its trail where it is at hand."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import delivering
import trails
from apitrail.delivery.lake.lake_list import LakeList
from apitrail.entry import TAGS
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Target
from delivering import HOUR, HOURS, NOW


def verdict(lake, **beside):
    report = lake.check(**beside)
    return str(report.verdict), report.message


def test_rows_are_held_against_the_logs_tree(lake):
    def change(rows):
        return [rows[0] | {"leaf_hash": "00" * 32}, rows[1]]

    lake.rewrite(2, change)
    word, message = verdict(lake)
    assert word == "TAMPERED"
    assert "are not those of the log's tree" in message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[:1], "the row of entry 3 is missing"),
        (lambda rows: [*rows, rows[1]], "its row of entry 3 is not listed, or there twice"),
        (lambda rows: rows[::-1], "its row of entry 2 is not in its place"),
        (lambda rows: [r | {"log": "else"} for r in rows], "is of the log 'else'"),
        (lambda rows: [rows[0] | {"leaf_hash": "00"}, rows[1]], "its row of entry 2 has no time, or no leaf hash"),
        (lambda rows: [r | {"idx": r["idx"] + 9} for r in rows], "its row of entry 11 is not listed"),
    ],
)  # fmt: skip
def test_rows_are_those_that_are_listed(lake, change, said):
    lake.rewrite(2, change)
    assert said in verdict(lake)[1]


def test_a_row_that_says_something_else_than_its_entry_is_named_where_the_trail_is(lake):
    lake.rewrite(2, lambda rows: [rows[0] | {"eventname": "ListUsers"}, rows[1]])
    assert lake.check().holds
    word, message = verdict(lake, trail=lake.trail)
    assert word == "TAMPERED"
    assert "the row of entry 2 differs in eventname" in message


def test_a_listed_file_that_is_no_parquet_is_named(lake):
    [file] = LakeList.parse(lake.lists()[1].read_bytes()).files
    (lake.path / file.name).write_bytes(b"junk")
    made = replace(file, sha256=hashlib.sha256(b"junk").hexdigest())
    lake.resign(2, lambda said: replace(said, files=(made,)))
    assert "it is no Parquet file" in verdict(lake)[1]


def test_a_column_of_another_type_is_named(lake):
    [file] = LakeList.parse(lake.lists()[1].read_bytes()).files
    table = pq.read_table(lake.path / file.name)
    at = table.schema.get_field_index("idx")
    pq.write_table(table.set_column(at, "idx", pa.array(["2", "3"])), lake.path / file.name)
    digest = hashlib.sha256((lake.path / file.name).read_bytes()).hexdigest()
    lake.resign(2, lambda said: replace(said, files=(replace(file, sha256=digest),)))
    assert "it has no column idx as a lake has it" in verdict(lake)[1]


def test_columns_of_another_version_are_not_looked_into(lake):
    [file] = LakeList.parse(lake.lists()[1].read_bytes()).files
    table = pq.read_table(lake.path / file.name).append_column("later", pa.array([1, 2]))
    pq.write_table(table, lake.path / file.name)
    digest = hashlib.sha256((lake.path / file.name).read_bytes()).hexdigest()
    lake.resign(2, lambda said: replace(said, files=(replace(file, sha256=digest),)))
    assert lake.check(trail=lake.trail).holds


# -- the trail -------------------------------------------------------------------------------


def test_every_row_is_made_anew_of_the_trail(lake):
    report = lake.check(trail=lake.trail)
    assert report.holds
    assert [log.compared for log in report.logs] == [6]


def test_a_trail_of_another_log_is_not_compared(lake, tmp_path):
    other = tmp_path / "second"
    lake.check(trail=other)
    assert [log.compared for log in lake.check(trail=tmp_path / "none").logs] == [0]


def test_a_trail_with_other_entries_is_a_fork(lake, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(lake.trail / "keys", other / "keys")
    delivering.record(other, [delivering.at(HOUR + n, n + 60) for n in range(9)])
    word, message = verdict(lake, trail=other)
    assert word == "FORK"
    assert "the trail has other entries than" in message


def test_a_file_that_still_holds_what_was_erased_is_named(lake):
    async def work(log):
        await log.erase([Target(2, ("who",)), Target(3, TAGS)], reason="a test")

    trails.write(lake.trail, work, signer=delivering.signer(lake.trail), clock=trails.Clock(NOW))
    report = lake.check(trail=lake.trail)
    assert report.holds
    [log] = report.logs
    [(name, indexes)] = log.erased.items()
    assert lake.files()[1].name in name
    assert indexes == (2, 3)
    assert "still holds what was erased of entries 2, 3" in report.message
    assert log.to_json()["stillHolding"] == {name: [2, 3]}


def test_what_was_erased_is_no_excuse_for_other_values(lake):
    lake.rewrite(2, lambda rows: [rows[0] | {"eventname": "ListUsers"}, rows[1]])

    async def work(log):
        await log.erase([Target(2, ("request",))], reason="a test")

    trails.write(lake.trail, work, signer=delivering.signer(lake.trail), clock=trails.Clock(NOW))
    assert "the row of entry 2 differs in eventname" in verdict(lake, trail=lake.trail)[1]


def test_what_was_erased_before_has_no_row(empty):
    async def work(log):
        await log.erase([Target(2, TAGS)], reason="a test")

    trails.write(empty.trail, work, signer=delivering.signer(empty.trail), clock=trails.Clock(NOW))
    empty.export(NOW + 2 * HOURS)
    report = empty.check(trail=empty.trail, now=NOW + 2 * HOURS)
    assert report.holds
    assert [log.rows for log in report.logs] == [5]
    assert [log.erased for log in report.logs] == [{}]


def test_a_change_of_key_is_followed(empty):
    from apitrail.evidence import maintenance

    empty.export(HOUR + 2 * HOURS)
    old = delivering.signer(empty.trail).verifier
    maintenance.rotate(empty.trail)
    with Reader(empty.trail) as source:
        assert source.size == 7
    empty.export(NOW, as_it_stands=True)
    assert delivering.signer(empty.trail).verifier != old
    assert empty.check(trail=empty.trail).holds
