"""Which files a question is about."""

from __future__ import annotations

import shutil

import pytest

import investigated
from apitrail.delivery.lake import lake_files
from apitrail.delivery.lake.dialects import ALWAYS, Period
from apitrail.delivery.lake.lake_files import ArrowPlace
from apitrail.errors import FormatError, UsageError

MIDNIGHT = 1_795_737_600_000


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return investigated.lake(tmp_path_factory.mktemp("lake"))


def find(lake, *about):
    return lake_files.find(ArrowPlace.parse(str(lake)), *about)


def test_files_of_other_days_are_left_out(lake):
    names = find(lake, Period(until=MIDNIGHT)).names
    assert names
    assert {name[:17] for name in names} == {"eventday=20261126"}


def test_files_of_other_logs_are_left_out(lake):
    names = find(lake, ALWAYS, investigated.origin(1)).names
    assert 0 < len(names) < len(find(lake).names)
    assert all("recorder1-" in name for name in names)


def test_a_file_that_no_list_names_is_left_out_and_told(lake, tmp_path):
    lake = shutil.copytree(lake, tmp_path / "copy")
    listed = find(lake).names
    whole = lake / listed[-1]
    foreign = whole.with_name("foreign.parquet")
    broken = whole.with_name(f"{whole.name[:-20]}999999999999.parquet")
    for path in (foreign, broken):
        path.write_bytes(whole.read_bytes())
    found = find(lake)
    assert found.names == listed
    assert sorted(found.unlisted) == sorted(
        f"{whole.parent.name}/{path.name}" for path in (broken, foreign)
    )


@pytest.mark.parametrize("name", ["", "no/such"])
def test_what_is_no_lake_is_named(tmp_path, name):
    with pytest.raises(UsageError, match=r"no lake in|not a directory"):
        find(tmp_path / name)


def test_logs_without_a_call_are_a_lake(lake, tmp_path):
    lake = shutil.copytree(lake, tmp_path / "copy")
    for day in lake.glob("eventday=*"):
        shutil.rmtree(day)
    assert find(lake).names == ()


def test_a_list_that_is_none_is_named(lake, tmp_path):
    lake = shutil.copytree(lake, tmp_path / "copy")
    newest = max(lake.glob("apitrail/lake/*/*.json"))
    newest.write_text("{")
    with pytest.raises(FormatError) as refused:
        find(lake)
    assert str(newest.relative_to(lake)) in str(refused.value)


def test_a_log_that_is_not_there_is_named(lake):
    with pytest.raises(UsageError, match=r"no log 'example\.com/other'"):
        find(lake, ALWAYS, "example.com/other")
