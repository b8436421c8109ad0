"""JSON bodies, also hostile ones."""

from __future__ import annotations

import pytest

from apitrail.aws.call import Map
from aws.requests import call


def test_unknown_members_are_kept_and_doubted():
    body = b'{"TableName": "t", "Novelty": {"a": [1]}}'

    found = call(
        "POST",
        "/",
        ("X-Amz-Target", "DynamoDB_20120810.DescribeTable"),
        body=body,
        service="dynamodb",
    )

    assert found.parameters == {"TableName": "t", "Novelty": Map({"a": [1]})}
    assert found.problems == ("unknown member 'Novelty'",)


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 100_000, b"{", b"[]", b'"x"', b"\xff", b"1e99999"]
)
def test_hostile_json_is_a_doubt(body):
    found = call(
        "POST", "/", ("X-Amz-Target", "DynamoDB_20120810.GetItem"), body=body, service="dynamodb"
    )

    assert found.operation == "GetItem"
    assert found.problems
