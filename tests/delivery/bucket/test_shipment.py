"""A shipment's manifest: read as it was written, and never without versions."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from apitrail.delivery.bucket.shipment import Shipment, key_of, note_key, whole
from apitrail.delivery.logfiles.place import Place
from apitrail.delivery.logfiles.tree_manifest import Copy, LogFile
from apitrail.errors import FormatError

COPY = Copy("v1", "2030-01-01T00:00:00Z")


def shipment(number: int = 1, *, previous: str | None = None, entries: int = 8) -> Shipment:
    log = LogFile(
        key=f"l{number}", sha256="", hash="", place=Place("123456789012", "eu-central-1"),
        oldest=1, newest=2, indexes=(1, 2), copy=COPY,
    )  # fmt: skip
    return Shipment(
        number=number, origin="o", bucket="b", prefix="p", entries=entries, checkpoint=f"c{number}",
        until=COPY.until, previous=previous, rotations=(), public_keys=(), logs=(log,), digests=(),
    )  # fmt: skip


@pytest.mark.parametrize("made", [shipment(), shipment(2, previous="aa")])
def test_it_is_read_as_it_was_written(made):
    assert Shipment.parse(made.dump()) == made


def test_keys_sort_in_the_order_of_shipments():
    keys = [key_of("p", number) for number in (1, 9, 10, 99_999_999)]
    assert keys == sorted(keys)
    assert keys[0] == "p/apitrail/shipments/00000001.json"
    assert note_key(keys[0]) == "p/apitrail/shipments/00000001.note"
    assert key_of("", 1) == "apitrail/shipments/00000001.json"


def test_a_file_without_its_version_is_in_no_shipment():
    made = shipment()
    made = replace(made, logs=(replace(made.logs[0], copy=None),))
    with pytest.raises(FormatError, match="a file without its version"):
        Shipment.parse(made.dump())


@pytest.mark.parametrize(
    "change",
    [{"version": 2}, {"shipment": "1"}, {"previous": 7}, {"logs": None}, {"logs": [1]}, {"entries": None}],
)  # fmt: skip
def test_what_is_none(change):
    data = json.loads(shipment().dump()) | change
    with pytest.raises(FormatError, match="malformed"):
        Shipment.parse(json.dumps(data).encode())


def test_all_together_are_one_manifest_of_the_newest_head():
    made = whole([shipment(1), shipment(2, previous="aa", entries=12)])
    assert [log.key for log in made.logs] == ["l1", "l2"]
    assert (made.entries, made.checkpoint) == (12, "c2")
