"""A log's lists are a chain that it has signed: what is cut out of it, or forks, is named."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

import delivering
import trails
from apitrail.delivery.lake import lake_directory
from apitrail.delivery.lake.lake_list import LakeList
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from delivering import HOURS, NOW


def verdict(lake, **beside):
    report = lake.check(**beside)
    return str(report.verdict), report.message


def test_an_hour_that_is_missing_with_its_list_is_named(lake):
    lake.lists()[1].unlink()
    lake.files()[1].unlink()
    word, message = verdict(lake)
    assert word == "TAMPERED"
    assert "00000002.json is missing, and there are later lists" in message
    hours = (
        "of the hours after that of 2023-11-14T23:00:00Z and before that of 2023-11-15T01:00:00Z"
    )
    assert f"no list has entries 2 to 3, {hours}" in message


def test_a_list_that_is_missing_leaves_its_files_in_no_list(lake):
    lake.lists()[1].unlink()
    assert f"{lake.files()[1].name} is in no list" in verdict(lake)[1]


def test_the_newest_hour_is_missed_where_the_trail_is_at_hand(lake):
    lake.lists()[2].unlink()
    lake.lists()[1].parent.joinpath("00000003.note").unlink()
    lake.files()[2].unlink()
    assert lake.check().holds
    word, message = verdict(lake, trail=lake.trail)
    assert word == "TRUNCATED"
    assert "2 entries from entry 4 on" in message


def test_a_lake_that_ends_before_an_older_checkpoint_is_truncated(lake):
    tail = LakeList.parse(lake.lists()[2].read_bytes()).checkpoint
    assert lake.check(since=tail).holds
    for path in (lake.lists()[2], lake.lists()[2].with_suffix(".note"), lake.files()[2]):
        path.unlink()
    assert verdict(lake, since=tail) == (
        "TRUNCATED", "the lake ends at 4 entries, and the checkpoint given is of 6",
    )  # fmt: skip


def test_a_checkpoint_of_another_past_is_a_fork(lake):
    signer = delivering.signer(lake.trail)
    head = Checkpoint(trails.ORIGIN, 6, bytes(32))
    assert verdict(lake, since=note.sign(str(head), signer))[0] == "FORK"


@pytest.mark.parametrize("suffix", [".json", ".note"])
def test_a_list_that_was_altered_is_named(lake, suffix):
    path = lake.lists()[1].with_suffix(suffix)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\n ", 1))
    word, message = verdict(lake)
    assert word == "TAMPERED"
    assert "00000002" in message


def test_a_note_that_is_missing_is_named(lake):
    lake.lists()[0].with_suffix(".note").unlink()
    assert "00000001.note is missing" in verdict(lake)[1]


def test_a_list_in_the_place_of_another_is_named(lake):
    for suffix in (".json", ".note"):
        shutil.copy(lake.lists()[2].with_suffix(suffix), lake.lists()[1].with_suffix(suffix))
    assert "00000002.json is list 3 of" in verdict(lake)[1]


def test_a_list_signed_twice_is_a_fork(lake, tmp_path):
    other = tmp_path / "other"
    lake_directory.export(lake.trail, other, now=NOW + 9 * HOURS, as_it_stands=True)
    lake.resign(2, lambda said: replace(said, recorder="another"))
    for suffix in (".json", ".note"):
        [mine] = other.glob(f"apitrail/lake/*/00000003{suffix}")
        shutil.copy(mine, lake.lists()[2].with_suffix(suffix))
    word, message = verdict(lake)
    assert word == "FORK"
    assert "00000003.json does not follow the list before it" in message


def test_a_list_of_an_absurd_number_hides_no_other_finding(lake):
    for suffix in (".json", ".note"):
        lake.lists()[0].with_name(f"99999999{suffix}").write_text("{}")
    lake.files()[0].unlink()
    word, message = verdict(lake)
    assert word == "TAMPERED"
    assert "00000004.json and more is missing" in message
    assert "99999999.json" in message
    assert "2 rows of the hour 2023-11-14T23:00:00Z" in message
