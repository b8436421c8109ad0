"""The records of log files are those of the events."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import delivering
import refusing
import trails
from apitrail.delivery.logfiles import tree_check
from apitrail.delivery.logfiles.store import Store
from apitrail.insights.mute import Mute
from apitrail.trail import statements
from apitrail.trail.muting import Muting
from apitrail.trail.statements import Target
from apitrail.when import iso_second
from delivering import HOUR, MINUTE


@pytest.fixture
def trail(tmp_path):
    return tmp_path / "trail"


def test_records_are_those_of_the_events_command(trail):
    delivering.record(trail, [delivering.at(HOUR + n, n) for n in range(5)])
    of = Store.local(trail)
    made = of.close_up(HOUR + MINUTE)
    assert [each["eventID"][-1] for each in delivering.records(of, made)] == list("12345")
    assert {each["eventTime"] for each in delivering.records(of, made)} == {
        iso_second(HOUR // 1000)
    }


def test_event_selectors_leave_out_and_the_manifest_counts(trail):
    delivering.record(
        trail,
        [delivering.at(HOUR + n, n, eventCategory="Management") for n in range(6)],
    )
    (trail / "selectors.json").write_text(
        json.dumps(
            {"EventSelectors": [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}]}
        )
    )
    of = Store.local(trail)
    made = of.close_up(HOUR + MINUTE)
    assert made.left_out == 2
    assert {each["eventName"] for each in delivering.records(of, made)} == {
        "CreateUser",
        "DeleteUser",
    }
    kept = Store.of_bucket(trail, "keep", "").close_up(HOUR + MINUTE)
    assert (kept.left_out, len(kept.logs[0].indexes)) == (0, 6)


def test_a_facet_that_is_erased_goes_from_its_record(trail):
    delivering.record(trail, [delivering.at(HOUR + n, n) for n in range(3)])
    of = Store.local(trail)
    of.close_up(HOUR + MINUTE)
    delivering.erase(trail, Target(1, ("who",)))
    found = delivering.records(of, of.tree.manifest())
    assert ["userIdentity" in each for each in found] == [True, False, True]


def test_insights_are_delivered_in_files_of_their_own(trail):
    said = refusing.unusual(trail)
    of = Store.local(trail)
    made = of.close_up(trails.T0 + 60_000)
    calls, insights = made.logs
    assert len(calls.indexes) == 8
    assert insights.is_of_insights
    assert (
        "/CloudTrail-Insight/us-east-1/2026/11/22/123456789012_CloudTrail-Insight_" in insights.key
    )
    [digest] = made.digests
    assert digest.logs == (calls.key, insights.key)
    assert delivering.records(of, made)[-1] == said.record
    report = tree_check.verify_tree(of.tree.directory, trails.TRUST)
    assert (str(report.verdict), report.calls) == ("OK", 8)
    assert "8 calls and 1 insight in 2 log files" in report.message


@pytest.mark.parametrize(
    ("selectors", "count"),
    [
        ([], 1),
        ([{"InsightType": "SequenceInsight"}], 2),
        ([{"InsightType": "ApiCallRateInsight"}], 1),
    ],
)
def test_the_local_copy_has_the_insights_that_are_selected(trail, selectors, count):
    refusing.unusual(trail)
    (trail / "selectors.json").write_text(json.dumps({"InsightSelectors": selectors}))
    assert len(Store.local(trail).close_up(trails.T0 + 60_000).logs) == count
    assert len(Store.of_bucket(trail, "b", "").close_up(trails.T0 + 60_000).logs) == 2


def test_what_was_muted_when_it_was_told_is_not_delivered(trail):
    said = refusing.unusual(trail)
    muting = Muting(mute=Mute(kind="sequence"), by="command")
    later = replace(said, record=said.record | {"eventID": "later"})
    for each in (muting, later):
        trails.write(trail, lambda opened, each=each: opened.append(statements.draft(each)))
    made = Store.of_bucket(trail, "b", "").close_up(trails.T0 + 60_000)
    assert [len(log.indexes) for log in made.logs if log.is_of_insights] == [1]


def test_an_insight_that_is_erased_goes_from_its_file(trail):
    refusing.unusual(trail)
    of = Store.local(trail)
    made = of.close_up(trails.T0 + 60_000)
    delivering.erase(trail, Target(made.logs[1].indexes[0], ("what",)))
    assert len(delivering.records(of, of.tree.manifest())) == 8
    report = tree_check.verify_tree(of.tree.directory, trails.TRUST)
    assert str(report.verdict) == "OK"
