"""Rows are held against log files that were exported or shipped."""

from __future__ import annotations

import pytest

import delivering
from apitrail.delivery.lake import lake_directory, log_records
from apitrail.delivery.lake.lake_check import verify_lake
from apitrail.delivery.lake.lake_place import Directory
from apitrail.delivery.lake.log_check import Beside
from apitrail.delivery.logfiles import log_directory
from apitrail.errors import UsageError
from apitrail.evidence.verify.report import Finding
from delivering import HOUR, HOURS, NOW


def against(trail, lake, text, endpoint=None):
    trust = delivering.trust(trail)
    records = log_records.of(text, trust, endpoint=endpoint, profile=None)
    return verify_lake(Directory.at(lake), trust, Beside(records=records))


def test_rows_that_say_what_log_files_say_hold(lake, tmp_path):
    log_directory.export(lake.trail, tmp_path / "tree", now=NOW)
    report = against(lake.trail, lake.path, str(tmp_path / "tree"))
    assert report.holds
    assert [log.compared for log in report.logs] == [6]


def test_log_files_that_do_not_hold_are_no_witness(lake, tmp_path):
    log_directory.export(lake.trail, tmp_path / "tree", now=NOW)
    next((tmp_path / "tree").rglob("CloudTrail/**/*.json.gz")).unlink()
    with pytest.raises(UsageError, match="do not hold: T"):
        against(lake.trail, lake.path, str(tmp_path / "tree"))


def test_log_files_of_another_log_are_not_compared(lake, tmp_path):
    from apitrail.trail.keys import Keys

    other = tmp_path / "second"
    Keys.of(other).generate("second.example/log")
    delivering.record(other, [delivering.at(HOUR, 70)])
    log_directory.export(other, tmp_path / "tree", now=NOW)
    records = log_records.of(
        str(tmp_path / "tree"), delivering.trust(other), endpoint=None, profile=None
    )
    report = verify_lake(Directory.at(lake.path), delivering.trust(lake.trail), Beside(records=records))  # fmt: skip
    assert (report.holds, [log.compared for log in report.logs]) == (True, [0])


def test_rows_are_held_against_what_was_shipped(shelf, tmp_path):
    shelf.ship()
    lake_directory.export(shelf.trail, tmp_path / "lake", now=HOUR + 9 * HOURS)
    report = against(shelf.trail, tmp_path / "lake", str(shelf.location), shelf.endpoint)
    assert [log.compared for log in report.logs] == [6]
    shelf.take_away(shelf.listed("/CloudTrail/")[0])
    report = against(shelf.trail, tmp_path / "lake", str(shelf.location), shelf.endpoint)
    assert "is missing, or is not what was listed" in report.message
    shelf.take_away(shelf.listed("00000001.note")[0])
    with pytest.raises(Finding, match="note is missing"):
        against(shelf.trail, tmp_path / "lake", str(shelf.location), shelf.endpoint)
