"""What lies under a prefix, by version: a listing shows only what is on top."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apitrail.delivery.bucket.object_lock import COMPLIANCE, Location, Retention
from apitrail.delivery.bucket.versions import BucketContents

KEY = "audit/file"


@pytest.fixture
def put(shelf):
    def put(key: str = KEY, body: bytes = b"x") -> str:
        return shelf.client.put_object(Bucket=shelf.bucket.name, Key=key, Body=body)["VersionId"]

    return put


def holding(shelf) -> BucketContents:
    return BucketContents(shelf.bucket, shelf.location)


def test_the_first_version_is_the_evidence_whatever_came_over_it(shelf, put):
    one, two = put(body=b"one"), put(body=b"two")
    marker = shelf.client.delete_object(Bucket=shelf.bucket.name, Key=KEY)["VersionId"]
    found = holding(shelf)
    first = found.first(KEY)
    assert first is not None
    assert first.id == one
    assert found.read(KEY, one) == b"one"
    assert sorted(found.hidden(KEY, one)) == [
        f"a delete marker (version {marker}) hides {KEY}",
        f"another version ({two}) of {KEY} lies beside the one shipped",
    ]


def test_a_version_that_is_gone_is_not_there(shelf, put):
    put()
    found = holding(shelf)
    assert found.read(KEY, "none") is None
    assert found.read("audit/other", "none") is None
    assert found.first("audit/other") is None


def test_only_what_is_under_the_prefix_counts(shelf, put):
    put("audit/a")
    put("auditor/b")
    put("c")
    assert list(holding(shelf).versions) == ["audit/a"]
    everything = BucketContents(shelf.bucket, Location(shelf.location.bucket, ""))
    assert sorted(everything.versions) == ["audit/a", "auditor/b", "c"]


@pytest.mark.parametrize(
    ("mode", "until", "said"),
    [
        (COMPLIANCE, datetime(2030, 1, 1, tzinfo=UTC), None),
        (COMPLIANCE, datetime(2031, 1, 1, tzinfo=UTC), None),
        (COMPLIANCE, datetime(2029, 12, 31, tzinfo=UTC), "was shortened to 2029-12-31T00:00:00Z"),
        ("GOVERNANCE", datetime(2031, 1, 1, tzinfo=UTC), "is GOVERNANCE and was COMPLIANCE"),
        (None, None, "is missing"),
    ],
)
def test_a_lock_holds_as_firmly_and_as_long_as_was_said(shelf, mode, until, said):
    lock = None if mode is None else Retention(mode, until)
    told = list(holding(shelf).unlocked(KEY, lock, "2030-01-01T00:00:00Z"))
    assert (said is None and not told) or (said is not None and said in told[0])


def test_a_time_that_is_none_is_a_problem(shelf):
    [told] = holding(shelf).unlocked(KEY, None, "for ever")
    assert told == f"{KEY}: malformed time: 'for ever'"
