"""Every way to hide or to change what was shipped, and what verification says of it."""

from __future__ import annotations

import gzip
import json
import shutil

import pytest

import delivering
import trails
from apitrail.delivery.bucket.object_lock import Bucket, Location
from apitrail.delivery.bucket.shipment import Shipment
from apitrail.delivery.bucket.versions import BucketContents
from apitrail.evidence import maintenance, verify
from apitrail.tlog import note

MANIFEST = "audit/apitrail/shipments/00000001.json"


@pytest.fixture
def shipped(shelf):
    shelf.ship()
    shelf.call(700)
    shelf.ship()
    return shelf


def said(shelf, **options):
    report = shelf.check(**options)
    return str(report.verdict), report.message


def test_what_was_shipped_holds(shipped):
    report = shipped.check()
    assert str(report.verdict) == "OK"
    assert report.message.startswith("7 calls in 4 log files under ")
    assert "locked, complete and unaltered up to entry 8" in report.message
    assert "the trail here has what was shipped" in report.message
    assert (report.calls, report.key) == (
        7, str(delivering.signer(shipped.trail).verifier),
    )  # fmt: skip


def test_it_holds_by_itself_where_no_trail_is(shipped, tmp_path):
    verdict, message = said(shipped, trail=tmp_path / "none")
    assert verdict == "OK"
    assert "the trail here" not in message


def test_a_shipment_of_a_later_version_holds_and_what_is_new_in_it_is_named(shelf, monkeypatch):
    dump = Shipment.dump

    def later(shipment):
        said = json.loads(dump(shipment)) | {"weather": [1]}
        said["logs"] = [log | {"colour": "red"} for log in said["logs"]]
        return f"{json.dumps(said)}\n".encode()

    with monkeypatch.context() as patch:
        patch.setattr(Shipment, "dump", later)
        shelf.ship()
        logs = len(Shipment.parse(shelf.bucket.get(MANIFEST, shelf.version(MANIFEST))).logs)
    shelf.call(700)
    shelf.ship()
    report = shelf.check()
    assert str(report.verdict) == "OK"
    assert f"{logs + 1} members of manifests that this apitrail does not know" in report.message
    assert report.unknown == {"logs.colour": logs, "weather": 1}
    assert "the trail here has what was shipped" in report.message


@pytest.mark.parametrize("part", ["/CloudTrail/", "/CloudTrail-Digest/", "1.json", "1.note"])
def test_a_delete_marker_is_named(shipped, part):
    key = shipped.listed(part)[0]
    shipped.client.delete_object(Bucket=shipped.bucket.name, Key=key)
    verdict, message = said(shipped)
    assert verdict == "TAMPERED"
    assert "a delete marker (version " in message
    assert f"hides {key}" in message


@pytest.mark.parametrize("part", ["/CloudTrail/", "/CloudTrail-Digest/", "1.json", "1.note"])
def test_a_new_version_over_an_old_one_is_named(shipped, part):
    key = shipped.listed(part)[0]
    shipped.client.put_object(Bucket=shipped.bucket.name, Key=key, Body=b"forged")
    verdict, message = said(shipped)
    assert verdict == "TAMPERED"
    assert f"of {key} lies beside the one shipped" in message


@pytest.mark.parametrize("part", ["/CloudTrail/", "/CloudTrail-Digest/", "1.json", "1.note"])
def test_a_shortened_retention_is_named(shipped, part):
    key = shipped.listed(part)[0]
    shipped.unlock(key, shipped.version(key))
    verdict, message = said(shipped)
    assert verdict == "TAMPERED"
    assert f"the retention of {key} was shortened to 2023-11-15" in message


def test_a_governed_retention_is_named(shipped):
    key = shipped.listed("/CloudTrail/")[0]
    shipped.client.put_object_retention(
        Bucket=shipped.bucket.name, Key=key, VersionId=shipped.version(key),
        Retention={"Mode": "GOVERNANCE", "RetainUntilDate": "2031-01-01T00:00:00Z"},
    )  # fmt: skip
    verdict, message = said(shipped)
    assert verdict == "TAMPERED"
    assert f"the retention of {key} is GOVERNANCE and was COMPLIANCE" in message


def test_a_missing_retention_is_named(shipped):
    # The same bytes in a place that was never locked, as a copy to a new bucket would have them.
    plain = "never-locked"
    shipped.client.create_bucket(Bucket=plain, ObjectLockEnabledForBucket=True)
    key = shipped.listed("/CloudTrail/")[0]
    data = shipped.bucket.get(key, shipped.version(key))
    version = shipped.client.put_object(Bucket=plain, Key=key, Body=data)["VersionId"]
    holding = BucketContents(Bucket(plain, shipped.client), Location(plain, "audit"))
    lock, _ = holding.bucket.about(key, version)
    assert list(holding.unlocked(key, lock, "2030-01-01T00:00:00Z")) == [
        f"the retention of {key} is missing; it was locked until 2030-01-01T00:00:00Z"
    ]


@pytest.mark.parametrize("name", ["AWSLogs/x.json.gz", "apitrail/shipments/note", "readme"])
def test_a_file_that_no_manifest_knows_is_named(shipped, name):
    shipped.client.put_object(Bucket=shipped.bucket.name, Key=f"audit/{name}", Body=b"x")
    verdict, message = said(shipped)
    assert verdict == "TAMPERED"
    assert f"audit/{name} is in no manifest" in message


def test_an_unknown_file_is_named_even_when_deleted_again(shipped):
    shipped.client.put_object(Bucket=shipped.bucket.name, Key="audit/x", Body=b"x")
    shipped.client.delete_object(Bucket=shipped.bucket.name, Key="audit/x")
    assert "audit/x is in no manifest" in said(shipped)[1]


def test_files_beside_the_prefix_are_nobodys_business(shipped):
    shipped.client.put_object(Bucket=shipped.bucket.name, Key="audit-not/x", Body=b"x")
    assert said(shipped)[0] == "OK"


def test_a_version_that_is_gone_is_named(shipped):
    key = shipped.listed("/CloudTrail/")[0]
    shipped.take_away(key)
    verdict, message = said(shipped)
    assert verdict == "TAMPERED"
    assert f"{key} is missing" in message


def test_a_version_that_was_replaced_is_named(shipped):
    key = shipped.listed("/CloudTrail/")[0]
    data = gzip.decompress(shipped.bucket.get(key, shipped.version(key)) or b"")
    shipped.take_away(key)
    shipped.client.put_object(
        Bucket=shipped.bucket.name, Key=key,
        Body=gzip.compress(data.replace(b"10.0.0.", b"10.9.9.")),
    )  # fmt: skip
    verdict, message = said(shipped)
    assert verdict == "TAMPERED"
    assert f"of {key} lies beside the one shipped" in message


def test_the_newest_shipment_gone_is_truncation_known_from_anchors(shipped):
    newest = MANIFEST.replace("1.json", "2.json")
    shipment = Shipment.parse(shipped.bucket.get(newest, shipped.version(newest)) or b"")
    gone = [newest, newest.replace(".json", ".note"), *(file.key for file in shipment.files())]
    for key in gone:
        shipped.take_away(key)
    assert said(shipped, trail=None)[0] == "OK"
    verdict, message = said(shipped)
    assert verdict == "TRUNCATED"
    assert "00000002.json is missing: entry " in message


def test_a_checkpoint_from_elsewhere_shows_the_truncation_too(shipped):
    newest = (shipped.trail / "checkpoint").read_text()
    verdict, message = said(shipped, trail=None, since=newest)
    assert verdict == "TRUNCATED"
    assert "the checkpoint given is of 10" in message


def test_a_hole_among_shipments_is_named(shipped):
    shipped.take_away(MANIFEST)
    verdict, message = said(shipped)
    assert verdict == "TAMPERED"
    assert f"{MANIFEST} is missing, and there are later shipments" in message


def test_a_shipment_without_its_note_is_named(shipped):
    shipped.take_away(MANIFEST.replace(".json", ".note"))
    verdict, message = said(shipped)
    assert verdict == "TAMPERED"
    assert "00000001.note is missing" in message


def test_an_edited_manifest_is_named(shipped):
    data = shipped.bucket.get(MANIFEST, shipped.version(MANIFEST)) or b""
    shipped.take_away(MANIFEST)
    shipped.client.put_object(
        Bucket=shipped.bucket.name, Key=MANIFEST, Body=data.replace(b"2030-", b"2024-")
    )
    verdict, message = said(shipped)
    assert verdict == "TAMPERED"
    assert f"{MANIFEST} is not what was signed" in message


def test_an_empty_place_is_truncated(shipped):
    shipped.location = Location(shipped.bucket.name, "elsewhere")
    verdict, message = said(shipped)
    assert verdict == "TRUNCATED"
    assert "no shipment is at s3://" in message


def test_a_copy_under_another_prefix_is_not_the_place(shipped):
    for key in shipped.listed():
        data = shipped.bucket.get(key, shipped.version(key)) or b""
        moved = key.replace("audit/", "moved/", 1)
        shipped.client.put_object(Bucket=shipped.bucket.name, Key=moved, Body=data)
    shipped.location = Location(shipped.bucket.name, "moved")
    verdict, message = said(shipped)
    assert verdict == "TAMPERED"
    assert f"the shipments here went to s3://{shipped.bucket.name}/audit" in message


def test_a_trail_shorter_than_what_was_shipped_is_truncated(shelf, tmp_path):
    shelf.ship()
    backup = tmp_path / "backup"
    shutil.copytree(shelf.trail, backup)
    shelf.call(700)
    shelf.ship()
    verdict, message = said(shelf, trail=backup)
    assert verdict == "TRUNCATED"
    assert message == "the trail has 7 entries, and 9 were shipped"


def test_a_trail_with_other_entries_is_a_fork(shelf, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(shelf.trail, other)
    shelf.call(700)
    shelf.ship()
    delivering.record(other, [delivering.at(shelf.now, 800 + number) for number in range(5)])
    verdict, message = said(shelf, trail=other)
    assert verdict == "FORK"
    assert "the trail has other entries than" in message


def test_another_logs_trail_is_not_compared(shipped, tmp_path):
    other = trails.make(
        tmp_path / "other", 2, signer=note.Signer("example.com/other", bytes(range(32)))
    )
    assert said(shipped, trail=other)[0] == "OK"


def test_a_key_nobody_trusts(shipped):
    verdict, message = said(shipped, trust=verify.Trust((trails.SIGNER.verifier,), "--key"))
    assert verdict == "UNTRUSTED-KEY"
    assert "which is not a key you trust" in message


@pytest.mark.parametrize("which", ["old", "new"])
def test_a_changed_key_is_followed_from_either_side(shelf, which):
    shelf.ship()
    old = delivering.trust(shelf.trail)
    maintenance.rotate(shelf.trail)
    shelf.ship()
    report = shelf.check(trust=old if which == "old" else delivering.trust(shelf.trail))
    assert str(report.verdict) == "OK"
    assert report.rotations == 1


def test_all_that_is_wrong_is_named_at_once(shipped):
    one, two = shipped.listed("/CloudTrail/")[:2]
    shipped.client.delete_object(Bucket=shipped.bucket.name, Key=one)
    shipped.client.put_object(Bucket=shipped.bucket.name, Key=two, Body=b"x")
    shipped.client.put_object(Bucket=shipped.bucket.name, Key="audit/z", Body=b"x")
    message = said(shipped)[1]
    assert f"hides {one}" in message
    assert f"of {two} lies" in message
    assert "audit/z is in no manifest" in message
