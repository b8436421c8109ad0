"""What is shipped, once, whatever fails on the way."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ConnectionClosedError

import delivering
import trails
from apitrail.delivery.bucket import shipping
from apitrail.delivery.logfiles.store import Store
from apitrail.entry import TAGS
from apitrail.errors import UsageError
from apitrail.trail.statements import Target
from apitrail.trail.writer import Trail


def lost(shelf, when):
    """The next answers to PutObject for which `when(key)` holds get lost after S3 has acted."""

    shelf.reconnect()

    def sending(params, context, **_):
        context["path"] = params["url_path"]

    def answered(context, **_):
        if when(context["path"]):
            raise ConnectionClosedError(endpoint_url="moto")

    shelf.client.meta.events.register("before-call.s3.PutObject", sending, unique_id="sending")
    shelf.client.meta.events.register("after-call.s3.PutObject", answered, unique_id="answered")


def found_again(shelf):
    shelf.client.meta.events.unregister("before-call.s3.PutObject", unique_id="sending")
    shelf.client.meta.events.unregister("after-call.s3.PutObject", unique_id="answered")


def test_everything_is_there_in_cloudtrails_layout(shelf):
    outcome = shelf.ship()
    assert outcome.shipments == (1,)
    assert outcome.files == 6
    assert len(shelf.listed("audit/AWSLogs/123456789012/CloudTrail/eu-central-1/2023/11/")) == 3
    assert len(shelf.listed("/CloudTrail-Digest/")) == 3
    assert len(shelf.listed("/apitrail/shipments/00000001.")) == 2
    assert str(shelf.check().verdict) == "OK"


def test_every_object_is_locked_for_as_long_as_asked(shelf):
    shelf.ship(retain="7y")
    for key in shelf.listed():
        lock, _ = shelf.bucket.about(key, shelf.version(key))
        assert lock is not None
        assert lock.mode == "COMPLIANCE"
        assert lock.until.year == 2030


def test_digests_keep_their_signature_beside_them(shelf):
    shelf.ship()
    [first, *_] = shelf.listed("/CloudTrail-Digest/")
    _, about = shelf.bucket.about(first, shelf.version(first))
    assert about["signature-algorithm"] == "SHA256withRSA"
    assert len(about["signature"]) == 512


def test_nothing_is_shipped_twice(shelf):
    shelf.ship()
    before = shelf.versions()
    assert shelf.ship().shipments == ()
    assert shelf.versions() == before
    shelf.call(500)
    assert shelf.ship().shipments == (2,)
    assert {key: shelf.versions()[key] for key in before} == before


def test_a_head_is_shipped_where_no_call_is_new(shelf):
    shelf.ship()
    trails.write(
        shelf.trail, lambda trail: trail.append(trails.book("heartbeat", calls=0)),
        signer=delivering.signer(shelf.trail),
    )  # fmt: skip
    assert shelf.ship() == shipping.Outcome((2,), 0)
    assert shelf.ship().shipments == ()


def test_shipped_logs_do_not_stay_on_disk(shelf):
    shelf.ship()
    store = Store.of_bucket(shelf.trail, shelf.location.bucket, shelf.location.prefix)
    assert [name for name in store.tree.names() if "AWSLogs" in name] == []


@pytest.mark.parametrize(
    "part", ["/CloudTrail/", "/CloudTrail-Digest/", "00001.json", "00001.note"]
)
def test_an_upload_that_failed_but_persisted_is_found(shelf, part):
    lost(shelf, lambda path: part in path)
    with pytest.raises(UsageError, match="cannot write"):
        shelf.ship()
    assert shelf.listed(part)
    assert shelf.anchors() == []
    found_again(shelf)
    assert shelf.ship().shipments == (1,)
    assert all(len(ids) == 1 for ids in shelf.versions().values())
    assert len(shelf.anchors()) == 1
    assert str(shelf.check().verdict) == "OK"


def test_what_was_found_is_locked_as_long_as_what_is_new(shelf):
    lost(shelf, lambda path: "/CloudTrail/" in path)
    with pytest.raises(UsageError):
        shelf.ship(retain="1d")
    found_again(shelf)
    shelf.ship(retain="7y")
    for key in shelf.listed():
        lock, _ = shelf.bucket.about(key, shelf.version(key))
        assert lock is not None
        assert lock.until.year == 2030


def test_a_retry_of_boto_itself_finds_its_own_object(shelf):
    shelf.reconnect()

    # The first attempt of each request is answered, and then sent again all the same.
    def again(attempts, **_):
        return 0 if attempts == 1 else None

    shelf.client.meta.events.register_first("needs-retry.s3.PutObject", again)
    assert shelf.ship().shipments == (1,)
    assert all(len(ids) == 1 for ids in shelf.versions().values())
    assert str(shelf.check().verdict) == "OK"


def test_a_crash_after_the_anchor_writes_no_second_one(shelf, monkeypatch):
    save = Store.save

    def crash(store, manifest):
        if manifest.shipped:
            raise OSError("power")
        save(store, manifest)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "save", crash)
        with pytest.raises(OSError, match="power"):
            shelf.ship()
    assert len(shelf.anchors()) == 1
    assert shelf.ship().shipments == (1,)
    assert len(shelf.anchors()) == 1
    assert str(shelf.check().verdict) == "OK"


def test_many_files_go_in_several_shipments(shelf, monkeypatch):
    monkeypatch.setattr(shipping, "BATCH", 4)
    assert shelf.ship().shipments == (1, 2)
    assert [anchor.number for _, anchor in shelf.anchors()] == [1, 2]
    assert str(shelf.check().verdict) == "OK"


def test_an_object_of_somebody_else_is_not_taken_for_ours(shelf):
    key = "audit/apitrail/shipments/00000001.json"
    shelf.client.put_object(Bucket=shelf.bucket.name, Key=key, Body=b"{}")
    with pytest.raises(UsageError, match=r"00000001\.json is there already, and is not ours"):
        shelf.ship()


def test_how_long_must_be_said_by_somebody(shelf):
    with pytest.raises(UsageError, match="does not say how long"):
        shelf.ship(retain=None)
    shelf.client.put_object_lock_configuration(
        Bucket=shelf.bucket.name,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 30}},
        },
    )
    assert shelf.ship(retain=None).shipments == (1,)
    [key, *_] = shelf.listed()
    lock, _ = shelf.bucket.about(key, shelf.version(key))
    assert lock is not None
    assert (lock.until.timestamp() * 1000 - shelf.now) // 86_400_000 in (29, 30)


def test_a_lost_record_of_shipments_is_not_begun_anew(shelf, tmp_path):
    shelf.ship()
    store = Store.of_bucket(shelf.trail, shelf.location.bucket, shelf.location.prefix)
    store.tree.directory.rename(tmp_path / "gone")
    with pytest.raises(UsageError, match="shipment 1 went to s3://"):
        shelf.ship()


def test_a_trail_that_lost_entries_is_not_shipped_on(shelf):
    shelf.ship()
    store = Store.of_bucket(shelf.trail, shelf.location.bucket, shelf.location.prefix)
    manifest = json.loads(store.tree.read("apitrail/manifest.json") or b"")
    store.tree.put(
        "apitrail/manifest.json", json.dumps(manifest | {"entries": 1000}).encode()
    )  # fmt: skip
    with pytest.raises(UsageError, match="digests cover 1000 entries"):
        shelf.ship()


def test_copies_out_of_reach_are_known_by_entry(shelf):
    shelf.ship()
    [copy] = shipping.shipped_copies(shelf.trail, [0, 1])
    assert copy.indexes == (0, 1)
    assert copy.url in {f"s3://{shelf.bucket.name}/{key}" for key in shelf.listed("/CloudTrail/")}
    assert copy.until.startswith("2030-")
    assert "locked until 2030-" in str(copy)


def test_copies_of_a_shipment_that_was_cut_short_are_known_too(shelf):
    lost(shelf, lambda path: "00001.json" in path)
    with pytest.raises(UsageError):
        shelf.ship()
    [copy] = shipping.shipped_copies(shelf.trail, [0])
    assert copy.version in {each for ids in shelf.versions().values() for each in ids}


def test_an_erasure_before_shipping_is_in_no_copy(shelf):
    async def erase(trail: Trail):
        await trail.erase([Target(0, TAGS)])

    trails.write(shelf.trail, erase, signer=delivering.signer(shelf.trail))
    shelf.ship()
    assert shipping.shipped_copies(shelf.trail, [0]) == []
    assert str(shelf.check().verdict) == "OK"
