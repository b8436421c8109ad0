"""The records of log files are those of the events."""

from __future__ import annotations

import json

import pytest

import delivering
from apitrail.delivery.logfiles.store import Store
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
