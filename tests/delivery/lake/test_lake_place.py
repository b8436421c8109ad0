"""In a bucket every version counts: what hides one, or unlocks one, is named."""

from __future__ import annotations

import pytest

import delivering
from apitrail.delivery.bucket.versions import BucketContents
from apitrail.delivery.lake import lake_check, lake_place
from apitrail.delivery.lake.lake_place import Locked
from apitrail.delivery.lake.lake_shipping import LakeShipping
from apitrail.delivery.lake.log_check import Beside
from apitrail.errors import UsageError
from delivering import HOUR, HOURS


@pytest.fixture
def shipped(shelf):
    LakeShipping(shelf.trail, shelf.location, shelf.bucket, retain="7y").ship(HOUR + 2 * HOURS)
    return shelf


def verdict(shelf):
    place = Locked(BucketContents(shelf.bucket, shelf.location))
    report = lake_check.verify_lake(place, delivering.trust(shelf.trail), Beside())
    return str(report.verdict), report.message


@pytest.mark.parametrize("part", [".parquet", "00000002.json"])
def test_a_delete_marker_is_named(shipped, part):
    key = shipped.listed(part)[0]
    shipped.client.delete_object(Bucket=shipped.bucket.name, Key=key)
    word, message = verdict(shipped)
    assert word == "TAMPERED"
    assert f"hides {key}" in message


@pytest.mark.parametrize("part", [".parquet", "00000002.json"])
def test_another_version_on_top_is_named_and_not_read(shipped, part):
    key = shipped.listed(part)[0]
    shipped.client.put_object(Bucket=shipped.bucket.name, Key=key, Body=b"other")
    word, message = verdict(shipped)
    assert word == "TAMPERED"
    assert f"of {key} lies beside the one shipped" in message
    assert "is not what was" not in message


@pytest.mark.parametrize("part", [".parquet", "00000002.note"])
def test_a_lock_that_was_shortened_is_named(shipped, part):
    key = shipped.listed(part)[0]
    shipped.unlock(key, shipped.version(key))
    assert f"the retention of {key} was shortened" in verdict(shipped)[1]


def test_what_was_taken_away_is_named(shipped):
    key = shipped.listed(".parquet")[1]
    shipped.take_away(key)
    assert f"{key.removeprefix('audit/')} is missing" in verdict(shipped)[1]


def test_a_foreign_object_is_named(shipped):
    shipped.client.put_object(
        Bucket=shipped.bucket.name, Key="audit/eventday=20231114/x.parquet", Body=b"x"
    )
    assert verdict(shipped) == ("TAMPERED", "eventday=20231114/x.parquet is in no list")


def test_a_lake_that_was_downloaded_is_verified_like_any_other(shipped, tmp_path):
    for key in shipped.listed():
        path = tmp_path / "down" / key.removeprefix("audit/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(shipped.bucket.get(key, shipped.version(key)))
    place = lake_place.at(str(tmp_path / "down"))
    assert lake_check.verify_lake(place, delivering.trust(shipped.trail), Beside()).holds


def test_what_is_no_directory_is_no_lake(tmp_path):
    with pytest.raises(UsageError, match="is not a directory"):
        lake_place.at(str(tmp_path / "none"))
