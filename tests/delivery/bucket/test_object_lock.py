"""A bucket that locks, and one that does not."""

from __future__ import annotations

import sys

import pytest

from apitrail.delivery.bucket import shipping
from apitrail.delivery.bucket.object_lock import Bucket, Location
from apitrail.errors import UsageError


@pytest.mark.parametrize("text", ["s3://", "s3:///x", "https://keep/x", "s3://a//b//c"])
def test_what_is_no_place(text):
    with pytest.raises(UsageError, match="not a place in S3"):
        Location.parse(text)


def test_without_boto3_one_line_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(UsageError, match="S3 needs boto3") as caught:
        Bucket.connect("keep", endpoint=None, profile=None)
    assert caught.value.hint == "pip install 'apitrail[s3]'"


def test_a_profile_that_is_not_there_is_named():
    with pytest.raises(UsageError, match=r"cannot use S3: .*nobody"):
        Bucket.connect("keep", endpoint=None, profile="nobody")


def test_a_bucket_without_versions_is_refused(shelf):
    shelf.client.create_bucket(Bucket="plain")
    place = Location.parse("s3://plain/x")
    bucket = Bucket("plain", shelf.client)
    with pytest.raises(UsageError, match="has no versioning") as caught:
        shipping.Shipping(shelf.trail, place, bucket, retain="1d").ship(shelf.now)
    assert "create-bucket --bucket plain --object-lock-enabled-for-bucket" in caught.value.hint
    assert "put-object-lock-configuration" in caught.value.hint


def test_a_bucket_with_versions_and_no_lock_is_refused(shelf):
    shelf.client.create_bucket(Bucket="versions-only")
    shelf.client.put_bucket_versioning(
        Bucket="versions-only", VersioningConfiguration={"Status": "Enabled"}
    )
    bucket = Bucket("versions-only", shelf.client)
    with pytest.raises(UsageError, match="has no Object Lock"):
        shipping.Shipping(
            shelf.trail, Location("versions-only", ""), bucket, retain="1d"
        ).ship(shelf.now)  # fmt: skip
