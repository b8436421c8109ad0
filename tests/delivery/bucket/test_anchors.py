"""What the log says of what was shipped."""

from __future__ import annotations

import hashlib

from apitrail.delivery.bucket import shipping
from apitrail.delivery.bucket.object_lock import Location
from apitrail.delivery.bucket.shipment import Shipment
from apitrail.delivery.bucket.versions import BucketContents


def test_the_log_names_every_version(shelf):
    shelf.ship()
    [(_, anchor)] = shelf.anchors()
    named = {*anchor.objects, (anchor.key, anchor.version)}
    named.add((anchor.key.replace(".json", ".note"), anchor.note))
    assert named == {(key, each) for key, ids in shelf.versions().items() for each in ids}
    data = shelf.bucket.get(anchor.key, anchor.version)
    assert data is not None
    assert hashlib.sha256(data).hexdigest() == anchor.sha256


def test_two_places_have_two_chains(shelf):
    other = Location(shelf.bucket.name, "second")
    shelf.ship()
    shipping.Shipping(shelf.trail, other, shelf.bucket, retain="1d").ship(shelf.now)
    assert str(shelf.check().verdict) == "OK"
    assert len(BucketContents(shelf.bucket, other).versions) == 8
    first, second = (
        Shipment.parse(shelf.bucket.get(key, shelf.version(key)) or b"")
        for key in ("audit/apitrail/shipments/00000001.json", "second/apitrail/shipments/00000001.json")
    )  # fmt: skip
    assert first.origin == second.origin
    assert first.logs[0].hash == second.logs[0].hash
