"""The records of log files are those of the events."""

from __future__ import annotations

import gzip
import json

import pytest

import delivering
import trails
from apitrail.delivery.logfiles import store
from apitrail.delivery.logfiles.store import Store
from apitrail.delivery.logfiles.tree_manifest import Manifest
from apitrail.trail.statements import Target
from apitrail.when import iso_second
from delivering import HOUR, MINUTE


@pytest.fixture
def trail(tmp_path):
    return tmp_path / "trail"


def records(of: Store, made: Manifest):
    found = []
    for log in made.logs:
        found += json.loads(gzip.decompress(of.tree.read(log.key) or b""))["Records"]
    return found


def test_records_are_those_of_the_events_command(trail):
    delivering.record(trail, [delivering.at(HOUR + n, n) for n in range(5)])
    of = Store.local(trail)
    made = of.close_up(HOUR + MINUTE)
    assert [each["eventID"][-1] for each in records(of, made)] == list("12345")
    assert {each["eventTime"] for each in records(of, made)} == {iso_second(HOUR // 1000)}


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
    assert {each["eventName"] for each in records(of, made)} == {"CreateUser", "DeleteUser"}
    kept = Store.of_bucket(trail, "keep", "").close_up(HOUR + MINUTE)
    assert (kept.left_out, len(kept.logs[0].indexes)) == (0, 6)


def erase(trail, *targets):
    trails.write(
        trail, lambda open_trail: open_trail.erase(list(targets)), signer=delivering.signer(trail)
    )  # fmt: skip
    store.follow_erasures(trail)


def test_a_facet_that_is_erased_goes_from_its_record(trail):
    delivering.record(trail, [delivering.at(HOUR + n, n) for n in range(3)])
    of = Store.local(trail)
    of.close_up(HOUR + MINUTE)
    erase(trail, Target(1, ("who",)))
    found = records(of, of.tree.manifest())
    assert ["userIdentity" in each for each in found] == [True, False, True]
