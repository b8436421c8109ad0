"""What closing up makes of a log: which files, over which time, and never again."""

from __future__ import annotations

import shutil

import pytest

import delivering
import trails
from apitrail.delivery.logfiles.place import Place
from apitrail.delivery.logfiles.store import Store
from apitrail.entry import TAGS
from apitrail.errors import UsageError
from apitrail.evidence import maintenance
from apitrail.trail.keys import Keys
from apitrail.trail.statements import Target
from delivering import HOUR, MINUTE


@pytest.fixture
def trail(tmp_path):
    return tmp_path / "trail"


def test_nothing_is_made_where_nothing_is_new(trail):
    delivering.record(trail, [delivering.at(HOUR + MINUTE, 1)])
    of = Store.local(trail)
    first = of.close_up(HOUR + 2 * MINUTE)
    again = of.close_up(HOUR + 5 * delivering.HOURS)
    assert (again.logs, again.digests) == (first.logs, first.digests)


def test_a_digests_time_may_be_chosen(trail):
    delivering.record(trail, [delivering.at(HOUR + n * 5 * MINUTE, n) for n in range(3)])
    of = Store.local(trail)
    made = of.close_up(HOUR + 20 * MINUTE, every=300)
    assert delivering.spans(made) == [(0, 300, 1), (300, 600, 1), (600, 900, 1)]
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


def test_what_is_erased_goes_from_the_log_files(trail):
    delivering.record(trail, [delivering.at(HOUR + n, n) for n in range(3)])
    of = Store.local(trail)
    before = of.close_up(HOUR + MINUTE)
    delivering.erase(trail, Target(1, TAGS))
    after = of.close_up(HOUR + 2 * MINUTE)
    assert [each["eventID"][-1] for each in delivering.records(of, after)] == ["1", "3"]
    assert after.logs[0].erased == (1,)
    assert after.logs[0].hash == before.logs[0].hash
    assert after.digests == before.digests


def test_an_erasure_whose_command_died_is_made_up_for(trail):
    delivering.record(trail, [delivering.at(HOUR + n, n) for n in range(3)])
    of = Store.local(trail)
    of.close_up(HOUR + MINUTE)
    trails.write(
        trail, lambda t: t.erase([Target(1, TAGS)]), signer=delivering.signer(trail)
    )  # fmt: skip
    assert len(delivering.records(of, of.close_up(HOUR + 2 * MINUTE))) == 2


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
