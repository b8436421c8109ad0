"""What closing up makes of a log: which files, over which time, and never again."""

from __future__ import annotations

import gzip
import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

import delivering
import trails
from apitrail.delivery.logfiles import next_files, store
from apitrail.delivery.logfiles.place import NO_ACCOUNT, Place
from apitrail.delivery.logfiles.store import Store
from apitrail.delivery.logfiles.tree_manifest import Manifest, format_indexes, parse_indexes
from apitrail.entry import TAGS
from apitrail.errors import FormatError, UsageError
from apitrail.evidence import maintenance
from apitrail.trail.keys import Keys
from apitrail.trail.statements import Target
from apitrail.when import iso_second
from delivering import HOUR, MINUTE

HOURS = 60 * MINUTE


@pytest.fixture(autouse=True)
def _environment(tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))


@pytest.fixture
def trail(tmp_path):
    return tmp_path / "trail"


def spans(made: Manifest):
    return [
        (each.start - HOUR // 1000, each.end - HOUR // 1000, len(each.logs))
        for each in made.digests
    ]  # fmt: skip


def records(of: Store, made: Manifest):
    found = []
    for log in made.logs:
        found += json.loads(gzip.decompress(of.tree.read(log.key) or b""))["Records"]
    return found


def test_an_hour_is_a_digest_and_what_is_fresh_counts(trail):
    delivering.record(
        trail, [delivering.at(HOUR + minute * MINUTE, minute) for minute in (1, 59, 61, 130)]
    )
    made = Store.local(trail).close_up(HOUR + 140 * MINUTE)
    assert spans(made) == [(0, 3600, 1), (3600, 7200, 1), (7200, 8400, 1)]


def test_the_next_digest_begins_where_an_early_one_ended(trail):
    delivering.record(trail, [delivering.at(HOUR + MINUTE, 1)])
    of = Store.local(trail)
    first = of.close_up(HOUR + 2 * MINUTE)
    delivering.record(trail, [delivering.at(HOUR + 3 * MINUTE, 2)])
    second = of.close_up(HOUR + 100 * MINUTE)
    assert second.digests[0] == first.digests[0]
    assert spans(second) == [(0, 120, 1), (120, 3600, 1)]


def test_nothing_is_made_where_nothing_is_new(trail):
    delivering.record(trail, [delivering.at(HOUR + MINUTE, 1)])
    of = Store.local(trail)
    first = of.close_up(HOUR + 2 * MINUTE)
    again = of.close_up(HOUR + 5 * HOURS)
    assert (again.logs, again.digests) == (first.logs, first.digests)


def test_two_digests_in_one_second_have_two_names(trail):
    of = Store.local(trail)
    for number in range(3):
        delivering.record(trail, [delivering.at(HOUR + MINUTE, number)])
        made = of.close_up(HOUR + MINUTE)
    assert spans(made) == [(0, 60, 1), (60, 61, 1), (61, 62, 1)]


def test_silent_hours_are_stated(trail):
    delivering.record(trail, [delivering.at(HOUR, 1), delivering.at(HOUR + 3 * HOURS, 2)])
    made = Store.local(trail).close_up(HOUR + 3 * HOURS + MINUTE)
    assert spans(made) == [
        (0, 3600, 1), (3600, 7200, 0), (7200, 10800, 0), (10800, 10860, 1),
    ]  # fmt: skip


def test_a_long_silence_is_one_digest(trail):
    last = next_files.SILENT + 3
    delivering.record(trail, [delivering.at(HOUR, 1), delivering.at(HOUR + last * HOURS, 2)])
    made = Store.local(trail).close_up(HOUR + last * HOURS + MINUTE)
    assert spans(made) == [
        (0, 3600, 1), (3600, last * 3600, 0), (last * 3600, last * 3600 + 60, 1),
    ]  # fmt: skip


def test_a_digests_time_may_be_chosen(trail):
    delivering.record(trail, [delivering.at(HOUR + n * 5 * MINUTE, n) for n in range(3)])
    of = Store.local(trail)
    made = of.close_up(HOUR + 20 * MINUTE, every=300)
    assert spans(made) == [(0, 300, 1), (300, 600, 1), (600, 900, 1)]
    assert of.close_up(HOUR + 21 * MINUTE).every == 300


def test_each_account_and_region_has_its_own_chain(trail):
    delivering.record(
        trail,
        [
            delivering.at(HOUR + 1000, 1),
            delivering.at(HOUR + 2000, 2, awsRegion="us-east-1"),
            delivering.at(HOUR + 3000, 3, recipientAccountId="210987654321"),
            delivering.at(HOUR + 4000, 4),
        ],
    )
    made = Store.local(trail).close_up(HOUR + MINUTE)
    assert {log.place: log.indexes for log in made.logs} == {
        Place("123456789012", "eu-central-1"): (0, 3),
        Place("123456789012", "us-east-1"): (1,),
        Place("210987654321", "eu-central-1"): (2,),
    }


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({}, Place(NO_ACCOUNT, "unknown")),
        ({"recipientAccountId": "../../../etc", "awsRegion": "../x"}, Place(NO_ACCOUNT, "unknown")),
        ({"recipientAccountId": "12345678901\u0662", "awsRegion": "eu/x"}, Place(NO_ACCOUNT, "unknown")),
        ({"recipientAccountId": "123456789012\n", "awsRegion": "a" * 99}, Place(NO_ACCOUNT, "unknown")),
        ({"recipientAccountId": None, "awsRegion": "us-gov-west-1"}, Place(NO_ACCOUNT, "us-gov-west-1")),
    ],
)  # fmt: skip
def test_what_a_client_said_leads_nowhere(record, expected):
    assert Place.of(record) == expected


def test_the_names_are_cloudtrails():
    place = Place("123456789012", "eu-central-1")
    assert place.log_key("", HOUR // 1000, "A" * 16) == (
        "AWSLogs/123456789012/CloudTrail/eu-central-1/2023/11/14/"
        "123456789012_CloudTrail_eu-central-1_20231114T2300Z_AAAAAAAAAAAAAAAA.json.gz"
    )
    assert place.digest_key("audit", HOUR // 1000) == (
        "audit/AWSLogs/123456789012/CloudTrail-Digest/eu-central-1/2023/11/14/"
        "123456789012_CloudTrail-Digest_eu-central-1_apitrail_eu-central-1_20231114T230000Z.json.gz"
    )


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


def test_large_deliveries_are_several_files(trail, monkeypatch):
    monkeypatch.setattr(next_files, "RECORDS", 2)
    delivering.record(trail, [delivering.at(HOUR + n, n) for n in range(5)])
    made = Store.local(trail).close_up(HOUR + MINUTE)
    assert [log.indexes for log in made.logs] == [(0, 1), (2, 3), (4,)]
    assert made.digests[0].logs == tuple(log.key for log in made.logs)


def test_the_key_is_for_nobody_else(trail):
    delivering.record(trail, [delivering.at(HOUR, 1)])
    of = Store.local(trail)
    of.close_up(HOUR + MINUTE)
    path = trail / "keys" / "digest.key"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(UsageError, match="can be read by others"):
        of.close_up(HOUR + MINUTE)


def test_a_new_key_goes_on_the_chain_of_the_old_one(trail):
    delivering.record(trail, [delivering.at(HOUR, 1)])
    of = Store.local(trail)
    of.close_up(HOUR + MINUTE)
    (trail / "keys" / "digest.key").unlink()
    delivering.record(trail, [delivering.at(HOUR + 2 * MINUTE, 2)])
    made = of.close_up(HOUR + 3 * MINUTE)
    assert len(made.public_keys) == 2
    assert len(made.digests) == 2


def test_files_a_crash_left_are_taken_away(trail, monkeypatch):
    delivering.record(trail, [delivering.at(HOUR, 1)])
    of = Store.local(trail)

    def crash(*_):
        raise OSError("power")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "save", crash)
        with pytest.raises(OSError, match="power"):
            of.close_up(HOUR + MINUTE)
    left = of.tree.names()
    made = of.close_up(HOUR + 2 * MINUTE)
    assert left
    assert not set(left) & set(of.tree.names())
    assert len(made.digests) == 1


def erase(trail, *targets):
    trails.write(
        trail, lambda open_trail: open_trail.erase(list(targets)), signer=delivering.signer(trail)
    )  # fmt: skip
    store.follow_erasures(trail)


def test_what_is_erased_goes_from_the_log_files(trail):
    delivering.record(trail, [delivering.at(HOUR + n, n) for n in range(3)])
    of = Store.local(trail)
    before = of.close_up(HOUR + MINUTE)
    erase(trail, Target(1, TAGS))
    after = of.close_up(HOUR + 2 * MINUTE)
    assert [each["eventID"][-1] for each in records(of, after)] == ["1", "3"]
    assert after.logs[0].erased == (1,)
    assert after.logs[0].hash == before.logs[0].hash
    assert after.digests == before.digests


def test_a_facet_that_is_erased_goes_from_its_record(trail):
    delivering.record(trail, [delivering.at(HOUR + n, n) for n in range(3)])
    of = Store.local(trail)
    of.close_up(HOUR + MINUTE)
    erase(trail, Target(1, ("who",)))
    found = records(of, of.tree.manifest())
    assert ["userIdentity" in each for each in found] == [True, False, True]


def test_an_erasure_whose_command_died_is_made_up_for(trail):
    delivering.record(trail, [delivering.at(HOUR + n, n) for n in range(3)])
    of = Store.local(trail)
    of.close_up(HOUR + MINUTE)
    trails.write(
        trail, lambda t: t.erase([Target(1, TAGS)]), signer=delivering.signer(trail)
    )  # fmt: skip
    assert len(records(of, of.close_up(HOUR + 2 * MINUTE))) == 2


def test_a_changed_log_key_is_in_the_manifest(trail):
    delivering.record(trail, [delivering.at(HOUR, 1)])
    maintenance.rotate(trail)
    assert len(Store.local(trail).close_up(HOUR + MINUTE).rotations) == 1


def test_without_the_logs_key_nothing_is_vouched_for(trail, tmp_path):
    delivering.record(trail, [delivering.at(HOUR, 1)])
    (trail / "keys").rename(tmp_path / "keys")
    with pytest.raises(UsageError, match="the log's key is not in"):
        Store.local(trail).close_up(HOUR + MINUTE)
    assert not Keys.of(trail).exist


def test_an_empty_trail_has_nothing_to_close(trail):
    trails.write(trail, nothing, signer=delivering.signer(trail))
    with pytest.raises(UsageError, match="the trail is empty"):
        Store.local(trail).close_up(HOUR)


async def nothing(_trail) -> None:
    """Leave the trail as it is."""


def test_a_trail_that_was_rolled_back_is_refused(trail, tmp_path):
    delivering.record(trail, [delivering.at(HOUR, 1)])
    of = Store.local(trail)
    of.close_up(HOUR + MINUTE)
    manifest = of.tree.manifest()
    of.tree.put("apitrail/manifest.json", manifest.dump().replace(b'"entries": 1', b'"entries": 9'))
    with pytest.raises(UsageError, match="digests cover 9 entries"):
        of.close_up(HOUR + 2 * MINUTE)


def test_other_entries_in_place_of_those_covered_are_refused(trail, tmp_path):
    delivering.record(trail, [delivering.at(HOUR, 1)])
    shutil.copytree(trail, tmp_path / "backup")
    delivering.record(trail, [delivering.at(HOUR, 2)])
    of = Store.local(trail)
    of.close_up(HOUR + MINUTE)
    other = tmp_path / "backup"
    delivering.record(other, [delivering.at(HOUR, 3), delivering.at(HOUR, 4)])
    shutil.copytree(trail / "digests", other / "digests")
    with pytest.raises(UsageError, match="has others in their place"):
        Store.local(other).close_up(HOUR + 2 * MINUTE)


@given(st.sets(st.integers(0, 500)))
def test_indexes_are_written_and_read(indexes):
    rising = tuple(sorted(indexes))
    assert parse_indexes(format_indexes(rising)) == rising


@pytest.mark.parametrize("text", ["3-1", "1,1", "2,1", "x", "1-", "-1", "0-99999999999"])
def test_indexes_that_are_none(text):
    with pytest.raises(FormatError, match="malformed indexes"):
        parse_indexes(text)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"version":2}', b"[" * 99_999])
def test_what_is_no_manifest(data):
    with pytest.raises(FormatError, match="malformed manifest"):
        Manifest.parse(data)


def test_a_manifest_is_read_as_it_was_written(trail):
    delivering.record(trail, [delivering.at(HOUR, 1)])
    made = Store.local(trail).close_up(HOUR + MINUTE)
    assert Manifest.parse(made.dump()) == made
