"""Bodies with their framing and compression undone."""

from __future__ import annotations

import gzip
import hashlib
import json

import pytest

from apitrail.aws.call import Blob
from apitrail.exchange import Body
from aws.requests import call, named


@pytest.mark.parametrize(
    ("sha256", "body"),
    [
        (
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            b"5\r\nhello\r\n3\r\n yo\r\n0\r\nx-amz-checksum-crc32:AA==\r\n\r\n",
        ),
        (
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
            b"8;chunk-signature=ab\r\nhello yo\r\n0;chunk-signature=cd\r\n\r\n",
        ),
    ],
)
def test_chunk_framing_is_not_part_of_the_object(sha256, body):
    headers = (("x-amz-content-sha256", sha256), ("Content-Encoding", "aws-chunked,gzip"))

    found = call("PUT", "/b/k", *headers, body=body, service="s3")

    assert found.parameters["Body"] == Blob(length=8, sha256=hashlib.sha256(b"hello yo").digest())
    assert found.parameters["ContentEncoding"] == "gzip"
    assert found.problems == ()


def test_long_bodies_are_told_by_length_and_digest():
    body = Body(data=b"begin", length=10**9, sha256=b"\1" * 32)

    found = call("PUT", "/b/k", body=body, service="s3")

    assert found.parameters["Body"] == Blob(length=10**9, sha256=b"\1" * 32)


def test_a_body_that_was_cut_is_not_parsed():
    body = Body(data=b'{"TableName": "t", "Key"', length=10**6, sha256=b"\1" * 32)

    found = call(
        "POST", "/", ("X-Amz-Target", "DynamoDB_20120810.GetItem"), body=body, service="dynamodb"
    )

    assert (named(found), found.parameters) == (("dynamodb", "GetItem"), {})
    assert found.problems == ("body was not kept whole",)


def test_compressed_requests_are_read():
    target = ("X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData")
    body = gzip.compress(json.dumps({"Namespace": "n", "MetricData": []}).encode())

    found = call(
        "POST", "/", target, ("Content-Encoding", "custom, gzip"), body=body, service="monitoring"
    )

    assert found.parameters == {"Namespace": "n", "MetricData": []}


def test_a_bomb_is_a_doubt():
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    target = ("X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData")

    found = call("POST", "/", target, ("Content-Encoding", "gzip"), body=bomb, service="monitoring")

    assert found.operation == "PutMetricData"
    assert "too large" in found.problems[0]
