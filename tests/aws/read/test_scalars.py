"""Scalars in every spelling that services accept."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apitrail.aws.read.scalars import Doubts
from aws.requests import call


@pytest.mark.parametrize(
    "text",
    ["1750000000", '"1750000000"', '"2025-06-15T15:06:40Z"', '"Sun, 15 Jun 2025 15:06:40 GMT"'],
)
def test_times_are_read_in_every_format(text):
    body = f'{{"StartTime": {text}}}'.encode()
    target = ("X-Amz-Target", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents")

    found = call("POST", "/", target, body=body, service="cloudtrail")

    assert found.parameters == {"StartTime": datetime(2025, 6, 15, 15, 6, 40, tzinfo=UTC)}


@pytest.mark.parametrize(("turned", "first", "last"), [(False, "a", "b"), (True, "b", "a")])
def test_turned_doubts_take_the_other_value(turned, first, last):
    doubts = Doubts(turned=turned)

    assert doubts.one("n", ["a", "b"]) == first
    assert doubts.one("n", ["a", "b"], first=False) == last
    assert doubts.unique([("n", "a"), ("n", "b")]) == {"n": last}
    assert doubts == doubts.ambiguous == ["'n' is given twice"]


def test_one_value_is_no_doubt():
    doubts = Doubts()

    assert doubts.one("n", ["a"]) == "a"
    assert doubts.unique([("n", "a"), ("m", "a")]) == {"n": "a", "m": "a"}
    assert doubts == []


def test_doubts_are_bounded():
    doubts = Doubts()
    for number in range(100):
        doubts.twice(str(number))

    assert len(doubts) == len(doubts.ambiguous) == 20
