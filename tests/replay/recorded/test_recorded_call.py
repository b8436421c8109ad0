"""Recorded calls: what of them is known, streamed bodies, and their order."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from moto import mock_aws

from apitrail.event import Answered, CallFacts, Event, What
from apitrail.replay.recorded import Recorded, redactions
from apitrail.replay.recorded.recorded_call import unchunked
from studio import Studio, calls, recorded

BODY = b"five5" * 100


def digest(data: bytes) -> dict[str, object]:
    return {"length": len(data), "sha256": hashlib.sha256(data).hexdigest()}


@mock_aws
def test_a_recorded_upload_gives_its_bytes_back_however_it_was_framed(tmp_path: Path) -> None:
    studio = Studio()
    s3 = studio.client("s3")
    s3.create_bucket(Bucket="invoices", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})  # fmt: skip
    s3.put_object(Bucket="invoices", Key="a", Body=BODY)
    created, put = calls(studio.record(tmp_path / "trail"))
    assert put.request_body != BODY  # aws-chunked
    assert put.payload((put.parameters or {})["Body"]) == BODY
    assert (created.name, created.region, created.error) == (
        "s3:CreateBucket",
        "eu-central-1",
        None,
    )


@pytest.mark.parametrize(
    "body",
    [
        b"5\r\nfive5\r\n0\r\n\r\n",
        b"5;chunk-signature=00\r\nfive5\r\n0;chunk-signature=11\r\nx-amz-checksum-crc32:AA==\r\n\r\n",
        b"2\r\nfi\r\n3\r\nve5\r\n0\r\n\r\n",
    ],
)
def test_chunks_are_joined(body: bytes) -> None:
    assert unchunked(body) == b"five5"


@pytest.mark.parametrize("body", [b"", b"five5", b"5\r\nfive", b"5\r\nfive5XX0\r\n", b"zz\r\n"])
def test_what_is_not_chunks_is_none(body: bytes) -> None:
    assert unchunked(body) is None


def test_a_body_of_which_a_part_was_kept_is_none() -> None:
    assert recorded(request_body=BODY[:9]).payload(digest(BODY)) is None
    assert recorded(request_body=BODY).payload(digest(BODY)) == BODY
    assert recorded(request_body=BODY).payload("redacted:…") is None


def test_a_result_that_could_not_be_read_is_not_known() -> None:
    def result(problem: str) -> object:
        what = What(call=CallFacts(problems=(problem,)), record={"eventID": "1"})
        return Recorded.parse(Event(what=what, response=Answered(result={}))).result

    assert result("response body was not kept whole") is None
    assert result("no region") == {}


def test_redactions_are_found_wherever_they_stand() -> None:
    one, two = (f"redacted:hmac-sha256:a5663de7:{letter * 43}:9" for letter in "ab")
    assert list(redactions({"a": [{"b": f"x {one} y {two}"}], "c": one, "d": 5})) == [one, two, one]
