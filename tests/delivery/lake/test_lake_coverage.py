"""A lake's lists say who was recording when, and who is late."""

from __future__ import annotations

import pytest

import delivering
import trails
from apitrail.delivery.lake import lake_coverage, lake_directory
from apitrail.delivery.lake.lake_place import Directory
from apitrail.errors import UsageError
from apitrail.evidence.verify.report import Trust
from apitrail.trail import statements
from apitrail.trail.statements import Close, Heartbeat, Open
from delivering import HOUR, HOURS, MINUTE

OPEN = Open(apitrail="1.2.3", configuration={"heartbeat": 600})
BEAT, CLOSE = Heartbeat(calls=0), Close(reason="asked")


def told(tmp_path, *said, now=HOUR + HOURS + MINUTE, **options):
    """The coverage of a log that says this at these minutes."""
    clock = trails.Clock()
    signer = delivering.signer(tmp_path / "trail")

    async def work(log):
        for minute, what in said:
            clock.now = HOUR + minute * MINUTE - 1
            await log.append(statements.draft(what))

    trails.write(tmp_path / "trail", work, signer=signer, clock=clock)
    lake_directory.export(tmp_path / "trail", tmp_path / "lake", now=HOUR + 99 * HOURS)
    place = Directory.at(tmp_path / "lake")
    [found] = lake_coverage.coverage(place, Trust((signer.verifier,), "--key"), now=now, **options)
    return found


def minutes(found):
    return [
        ((s.since - HOUR) // MINUTE, (s.until - HOUR) // MINUTE, s.stopped) for s in found.spans
    ]


def test_a_recorder_that_goes_on_is_recording(tmp_path):
    found = told(tmp_path, (0, OPEN), (10, BEAT), (20, BEAT))
    assert (found.state, minutes(found), found.version) == ("recording", [(0, 20, False)], "1.2.3")
    assert (found.heartbeat - HOUR) // MINUTE == 20
    assert found.holds


def test_a_recorder_that_stopped_is_never_late(tmp_path):
    found = told(tmp_path, (0, OPEN), (10, BEAT), (15, CLOSE), now=HOUR + 99 * HOURS)
    assert (found.state, minutes(found)) == ("stopped", [(0, 15, True)])
    assert found.holds


def test_a_recorder_that_crashed_was_there_until_its_last_sign(tmp_path):
    found = told(tmp_path, (0, OPEN), (10, BEAT), (18, OPEN), (28, BEAT))
    assert minutes(found) == [(0, 10, False), (18, 28, False)]


def test_a_recorder_that_was_silent_was_not_there(tmp_path):
    found = told(tmp_path, (0, OPEN), (10, BEAT), (45, BEAT), (55, BEAT))
    assert minutes(found) == [(0, 10, False), (45, 55, False)]


def test_a_recorder_whose_next_hour_is_over_and_not_here_is_late(tmp_path):
    found = told(tmp_path, (0, OPEN), (10, BEAT), now=HOUR + 2 * HOURS + 20 * MINUTE)
    assert (found.state, found.late) == ("late by 20m", 1200)
    assert not found.holds


def test_how_late_is_late_is_the_askers_choice(tmp_path):
    now = HOUR + 2 * HOURS + 20 * MINUTE
    assert told(tmp_path, (0, OPEN), (10, BEAT), now=now, late=3600).late is None


def test_lists_that_do_not_hold_are_named(lake):
    gone = lake.files()[1]
    gone.unlink()
    place = Directory.at(lake.path)
    trust = Trust((delivering.signer(lake.trail).verifier,), "--key")
    [found] = lake_coverage.coverage(place, trust, now=HOUR)
    assert str(found.report.verdict) == "TAMPERED"
    assert f"{gone.name} is missing" in found.report.message
    [unknown] = lake_coverage.coverage(place, Trust((), "--key"), now=HOUR)
    assert (str(unknown.report.verdict), unknown.spans) == ("UNTRUSTED-KEY", ())


def test_where_no_list_is_there_is_nothing_to_tell(tmp_path):
    with pytest.raises(UsageError, match="no list is here"):
        lake_coverage.coverage(Directory.at(tmp_path), Trust((), "--key"), now=HOUR)


def test_a_log_without_recorders_never_started(lake):
    trust = Trust((delivering.signer(lake.trail).verifier,), "--key")
    [found] = lake_coverage.coverage(Directory.at(lake.path), trust, now=HOUR)
    assert found.state == "never started"
    assert found.to_json()["recorded"] == []


def test_a_span_is_told_in_iso_8601(tmp_path):
    [span] = told(tmp_path, (0, OPEN), (10, BEAT)).to_json()["recorded"]
    assert span["since"].startswith("2023-11-14T23:00:00.0")
    assert span["until"].startswith("2023-11-14T23:10:00.0")
    assert span["stopped"] is False


def test_lists_of_hours_before_a_time_are_not_read(tmp_path):
    said = (0, OPEN), *((10 * n, BEAT) for n in range(1, 30))
    whole = told(tmp_path, *said, now=HOUR + 5 * HOURS)
    [path, *_] = sorted((tmp_path / "lake").rglob("00000001.json"))
    path.write_text("gone")
    place = Directory.at(tmp_path / "lake")
    trust = Trust((delivering.signer(tmp_path / "trail").verifier,), "--key")
    asked = {"now": HOUR + 5 * HOURS, "since": HOUR + 3 * HOURS}
    [late] = lake_coverage.coverage(place, trust, **asked)
    assert (late.state, late.heartbeat, late.report.holds) == ("recording", whole.heartbeat, True)
    assert [(m[0], m[2]) for m in minutes(late)] == [(120, False)]
    assert not lake_coverage.coverage(place, trust, now=asked["now"])[0].report.holds
