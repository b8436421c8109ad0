"""What is shipped to a lake is there once, whatever fails on the way."""

from __future__ import annotations

import io
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

import delivering
import trails
from apitrail.delivery.bucket.object_lock import Bucket, Location
from apitrail.delivery.bucket.versions import BucketContents
from apitrail.delivery.lake import held_copies, lake_check
from apitrail.delivery.lake.lake_place import Locked
from apitrail.delivery.lake.lake_shipping import LakeShipping
from apitrail.delivery.lake.log_check import Beside
from apitrail.delivery.logfiles.tree import Tree
from apitrail.entry import TAGS
from apitrail.errors import UsageError
from apitrail.trail.statements import Target
from delivering import HOUR, HOURS, MINUTE

LATER = HOUR + 9 * HOURS


def ship(shelf, now=LATER, **options):
    options = {"retain": "7y"} | options
    return LakeShipping(shelf.trail, shelf.location, shelf.bucket, **options).ship(now)


def check(shelf, now=LATER, **options):
    place = Locked(BucketContents(shelf.bucket, shelf.location))
    beside = Beside(trail=shelf.trail, now=now)
    return lake_check.verify_lake(place, delivering.trust(shelf.trail), beside, **options)


def rows(shelf):
    return [
        row["idx"]
        for key in shelf.listed(".parquet")
        for row in pq.read_table(io.BytesIO(shelf.bucket.get(key, shelf.version(key)))).to_pylist()
    ]


def erase(shelf, *indexes):
    async def work(log):
        await log.erase([Target(index, TAGS) for index in indexes], reason="a test")

    trails.write(shelf.trail, work, signer=delivering.signer(shelf.trail), clock=trails.Clock(LATER))  # fmt: skip
    held_copies.forget_unshipped(shelf.trail)


def test_each_hour_is_shipped_with_its_list_and_all_of_it_is_locked(shelf):
    assert [said.number for said in ship(shelf)] == [1, 2, 3]
    assert rows(shelf) == [0, 1, 2, 3, 4, 5]
    assert len(shelf.listed()) == 9
    for key in shelf.listed():
        lock, _ = shelf.bucket.about(key, shelf.version(key))
        assert (lock.mode, lock.until.year) == ("COMPLIANCE", 2030)
    assert check(shelf).holds


def test_nothing_is_shipped_twice(shelf):
    ship(shelf)
    before = shelf.versions()
    assert ship(shelf) == []
    delivering.record(shelf.trail, [delivering.at(LATER, 300)])
    assert ship(shelf) == []
    assert [said.rows for said in ship(shelf, LATER + 2 * HOURS)] == [1]
    assert {key: shelf.versions()[key] for key in before} == before
    assert all(len(ids) == 1 for ids in shelf.versions().values())


def test_files_do_not_stay_on_disk(shelf):
    ship(shelf)
    assert list((shelf.trail / "lake").rglob("*.parquet")) == []


def test_an_hour_is_shipped_as_it_stands_where_asked(shelf):
    assert [said.rows for said in ship(shelf, HOUR + 2 * HOURS)] == [2, 2]
    assert [said.rows for said in ship(shelf, HOUR + 2 * HOURS, as_it_stands=True)] == [2]


class Killed(BaseException):
    """As kill -9: nothing is tidied up by who does not catch it."""


def killing(patch, at):
    """End the process before its step `at`, which is after the step before it.

    A step is whatever the next run could find: an object, or a file of the trail's own.
    """
    steps = iter(range(10_000))

    def counted(real):
        def step(*args, **kwargs):
            if next(steps) == at:
                raise Killed
            return real(*args, **kwargs)

        return step

    for owner, name in ((Bucket, "put"), (Tree, "put"), (Tree, "remove")):
        patch.setattr(owner, name, counted(getattr(owner, name)))


def each_kill(shelf, monkeypatch):
    """A place for each step at which an hour's upload was cut short there."""
    shelf.trail = delivering.record(
        shelf.trail.with_name("hour"), [delivering.at(HOUR + n * MINUTE, n) for n in range(30)]
    )
    at = 0
    while True:
        shelf.location = replace(shelf.location, prefix=f"killed-{at}")
        with monkeypatch.context() as patch:
            killing(patch, at)
            try:
                ship(shelf)
            except Killed:
                yield at
            else:
                return
        at += 1


def test_a_shipper_killed_at_any_step_leaves_no_double_and_no_hole(shelf, monkeypatch):
    kills = 0
    for at in each_kill(shelf, monkeypatch):
        ship(shelf, LATER + (at + 1) * MINUTE)
        report = check(shelf)
        assert report.holds, report.message
        # Each row was compared with its entry, and there is no other version and no other file.
        assert [(log.rows, log.compared) for log in report.logs] == [(30, 30)]
        kills += 1
    assert kills >= 10


@pytest.mark.lake
def test_an_erasure_after_such_a_kill_leaves_none_either(shelf, monkeypatch):
    for at in each_kill(shelf, monkeypatch):
        erase(shelf, at)
        ship(shelf, LATER + (at + 1) * MINUTE)
        report = check(shelf)
        assert report.holds, report.message
        assert set(rows(shelf)) - {at} == set(range(at + 1, 30))
        [log] = report.logs
        # A row that was uploaded before it was erased stays, and is named.
        assert (at in rows(shelf)) == (log.erased != {})


def test_the_next_run_ends_an_hour_where_the_last_one_did(shelf, monkeypatch):
    with monkeypatch.context() as patch:
        killing(patch, 2)
        with pytest.raises(Killed):
            ship(shelf, HOUR, as_it_stands=True)
    delivering.record(shelf.trail, [delivering.at(HOUR + 2 * HOURS + 51 * MINUTE, 400)])
    ship(shelf)
    assert rows(shelf) == [0, 1, 2, 3, 4, 5, 6]
    assert check(shelf).holds


def test_a_lost_answer_is_as_good_as_none(shelf, monkeypatch):
    real = Bucket.put

    def put(self, key, data, **options):
        real(self, key, data, **options)
        if key.endswith(".parquet"):
            raise UsageError("cannot write: the answer was lost")
        return ""

    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "put", put)
        with pytest.raises(UsageError, match="lost"):
            ship(shelf, retain="1d")
    ship(shelf)
    assert check(shelf).holds
    for key in shelf.listed():
        lock, _ = shelf.bucket.about(key, shelf.version(key))
        assert lock.until.year == 2030


def test_a_trail_that_was_brought_back_goes_on_where_it_was(shelf):
    ship(shelf, HOUR + 2 * HOURS)
    (shelf.trail / "lake").rename(shelf.trail / "away")
    assert [said.number for said in ship(shelf, LATER + HOURS)] == [3]
    assert check(shelf).holds
    assert all(len(ids) == 1 for ids in shelf.versions().values())


@pytest.mark.parametrize("part", [".json", ".parquet"])
def test_a_place_that_somebody_else_writes_to_is_refused(shelf, part):
    ship(shelf)
    key = shelf.listed(part)[0]
    shelf.location = replace(shelf.location, prefix="other")
    other = key.replace("audit/", "other/")
    shelf.client.put_object(Bucket=shelf.bucket.name, Key=other, Body=b"theirs")
    with pytest.raises(UsageError, match="is not ours"):
        ship(shelf)


def test_a_bucket_that_does_not_lock_is_refused(shelf):
    shelf.client.create_bucket(Bucket="plain-lake")
    shelf.location, shelf.bucket = Location.parse("s3://plain-lake/x"), Bucket("plain-lake", shelf.client)  # fmt: skip
    with pytest.raises(UsageError, match="versioning"):
        ship(shelf)


def test_an_erasure_names_the_files_that_still_hold_it(shelf, tmp_path):
    from apitrail.delivery.lake import lake_directory

    ship(shelf)
    lake_directory.export(shelf.trail, tmp_path / "lake", now=LATER)
    erase(shelf, 2)
    there, here = sorted(map(str, held_copies.held_copies(shelf.trail, [2])), key=len, reverse=True)
    assert there.startswith("s3://keep-")
    assert "locked until 2030" in there
    assert there.endswith(": entry 2")
    assert here.startswith(str(tmp_path / "lake"))
    assert held_copies.held_copies(shelf.trail, [9]) == []
