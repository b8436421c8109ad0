"""`lake commit`: every listed file is in the table once, whatever happened on the way."""

from __future__ import annotations

import fcntl
import shutil

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import GreaterThanOrEqual

import delivering
import investigated
import trails
from apitrail.delivery.lake import committing, iceberg_table, lake_directory
from apitrail.delivery.lake.lake_files import ArrowPlace
from apitrail.errors import UsageError
from apitrail.evidence import verify


class Crash(BaseException):
    """The process ends here."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return investigated.lake(tmp_path_factory.mktemp("made"))


@pytest.fixture
def lake(made, tmp_path):
    """A copy of a lake of two logs."""
    return shutil.copytree(made.parent, tmp_path / "lakes") / "lake"


@pytest.fixture
def commit(lake):
    keys = tuple(delivering.signer(lake.parent / f"trail{n}").verifier for n in range(2))

    def call(place=lake, keys=keys):
        return committing.commit(
            ArrowPlace.parse(str(place)),
            opened(lake),
            verify.Trust(keys, "--key"),
            lake.parent / "lock",
        )

    return call


def opened(lake, name="apitrail.events"):
    place = ArrowPlace.parse(str(lake))
    catalog = f"sqlite:///{lake.parent / 'catalog.db'}"
    return iceberg_table.open_table(catalog, name=name, location=place.url(), properties={})


def rows(lake):
    found = opened(lake).table.scan(selected_fields=("log", "idx")).to_arrow().to_pylist()
    assert len({(row["log"], row["idx"]) for row in found}) == len(found)
    return len(found)


def files(lake):
    return len(list(lake.glob("eventday=*/*.parquet")))


def interrupted(monkeypatch, *, after):
    """The next commit ends the process, before or after it is done."""
    done = SqlCatalog.commit_table

    def commit_table(catalog, *about):
        monkeypatch.setattr(SqlCatalog, "commit_table", done)
        if after:
            done(catalog, *about)
        raise Crash

    monkeypatch.setattr(SqlCatalog, "commit_table", commit_table)


def test_every_listed_file_is_added_once(commit, lake):
    first, second = commit(), commit()
    assert (first.files, first.rows, first.problems) == (files(lake), 482, ())
    assert (second.files, second.before) == (0, files(lake))
    assert rows(lake) == 482


def test_what_is_exported_later_is_added_to_it(commit, lake):
    commit()
    trail = lake.parent / "trail0"
    clock = trails.Clock((investigated.BEGAN + 30 * investigated.HOUR) * 1000)
    trails.write(trail, lambda open_trail: trails.append_all(open_trail, [trails.draft(9999)]),
                 signer=delivering.signer(trail), clock=clock)  # fmt: skip
    lake_directory.export(trail, lake, now=clock.now + 3 * 3_600_000)
    assert (commit().rows, rows(lake)) == (1, 483)


def test_a_copy_of_a_lake_is_not_added_again(commit, lake, tmp_path):
    commit()
    assert commit(place=shutil.copytree(lake, tmp_path / "copy")).files == 0


def test_a_file_that_no_list_names_is_not_added(commit, lake):
    path = min(lake.glob("eventday=*/*"))
    shutil.copy(path, path.with_name("foreign.parquet"))
    assert commit().rows == 482


@pytest.mark.parametrize("change", ["missing", "altered", "longer"])
def test_nothing_of_a_log_comes_after_a_file_that_is_not_as_listed(commit, lake, change):
    path = sorted(lake.glob("eventday=20261126/*recorder0-*"))[1]
    whole = path.read_bytes()
    if change == "missing":
        path.unlink()
    else:
        path.write_bytes(whole + b"!" if change == "longer" else b"?" + whole[1:])
    held = commit()
    assert path.name in str(held.problems[0])
    assert (held.rows, rows(lake)) == (66 + 241, 66 + 241)
    path.write_bytes(whole)
    assert (commit().rows, rows(lake)) == (241 - 66, 482)


def test_a_log_whose_key_is_not_trusted_is_held_back(commit, lake):
    outcome = commit(keys=(delivering.signer(lake.parent / "trail1").verifier,))
    assert (outcome.rows, rows(lake)) == (241, 241)
    assert "recorder0" in str(outcome.problems[0])
    assert "--key" in str(outcome.problems[0].hint)


def test_a_list_that_was_changed_is_held_back(commit, lake):
    path = min(lake.glob("apitrail/lake/*recorder0*/00000002.json"))
    path.write_bytes(path.read_bytes().replace(b'"rows": ', b'"rows":  '))
    outcome = commit()
    assert outcome.rows == 241
    assert "00000002.json is not what was signed" in str(outcome.problems[0])


@pytest.mark.parametrize("after", [False, True])
def test_a_run_after_a_crash_adds_what_is_missing_and_says_so(commit, lake, monkeypatch, after):
    interrupted(monkeypatch, after=after)
    with pytest.raises(Crash):
        commit()
    outcome = commit()
    assert "the last commit was broken off" in str(outcome.broken_off)
    assert ("are in the table" in str(outcome.broken_off)) is after
    assert (outcome.rows, rows(lake)) == (0 if after else 482, 482)
    assert commit().broken_off is None


def test_a_committer_elsewhere_adds_nothing_twice(commit, lake, monkeypatch):
    done = SqlCatalog.commit_table
    place = ArrowPlace.parse(str(lake))
    names = sorted(str(path.relative_to(lake)) for path in lake.glob("eventday=*/*"))
    opened(lake)

    def commit_table(catalog, *about):
        monkeypatch.setattr(SqlCatalog, "commit_table", done)
        opened(lake).add([place.url(name) for name in names[:5]])
        return done(catalog, *about)

    monkeypatch.setattr(SqlCatalog, "commit_table", commit_table)
    assert commit().files == files(lake)
    assert rows(lake) == 482


def test_one_committer_at_a_time(commit, lake):
    with (lake.parent / "lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="another `apitrail lake commit` is at work"):
            commit()


def test_the_table_is_by_day_of_the_events(commit, lake):
    commit()
    scan = opened(lake).table.scan(
        row_filter=GreaterThanOrEqual("eventtime", "2026-11-27T00:00:00+00:00")
    )
    planned = {task.file.file_path.rpartition("eventday=")[2][:8] for task in scan.plan_files()}
    assert planned == {"20261127"}
