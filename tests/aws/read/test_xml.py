"""XML bodies, also hostile ones."""

from __future__ import annotations

import pytest

from aws.requests import call


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><Tagging><TagSet>&a;</TagSet></Tagging>',
        b"<a>" * 5000,
        b"<Tagging><TagSet>",
        b"\xff\xfe\x00",
    ],
)
def test_hostile_xml_is_a_doubt(body):
    found = call("PUT", "/b?tagging", body=body, service="s3")

    assert found.operation == "PutBucketTagging"
    assert found.parameters == {"Bucket": "b"}
    assert found.problems[0].startswith("body is not XML")
