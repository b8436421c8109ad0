"""Log files and digests are named as CloudTrail names them."""

from __future__ import annotations

import pytest

from apitrail.delivery.logfiles.place import NO_ACCOUNT, Place
from delivering import HOUR


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({}, Place(NO_ACCOUNT, "unknown")),
        ({"recipientAccountId": "../../../etc", "awsRegion": "../x"}, Place(NO_ACCOUNT, "unknown")),
        ({"recipientAccountId": "12345678901\u0662", "awsRegion": "eu/x"}, Place(NO_ACCOUNT, "unknown")),
        ({"recipientAccountId": "123456789012\n", "awsRegion": "a" * 99}, Place(NO_ACCOUNT, "unknown")),
        ({"recipientAccountId": None, "awsRegion": "us-gov-west-1"}, Place(NO_ACCOUNT, "us-gov-west-1")),
    ],
)  # fmt: skip
def test_what_a_client_said_leads_nowhere(record, expected):
    assert Place.of(record) == expected


def test_the_names_are_cloudtrails():
    place = Place("123456789012", "eu-central-1")
    assert place.log_key("", HOUR // 1000, "A" * 16) == (
        "AWSLogs/123456789012/CloudTrail/eu-central-1/2023/11/14/"
        "123456789012_CloudTrail_eu-central-1_20231114T2300Z_AAAAAAAAAAAAAAAA.json.gz"
    )
    assert place.digest_key("audit", HOUR // 1000) == (
        "audit/AWSLogs/123456789012/CloudTrail-Digest/eu-central-1/2023/11/14/"
        "123456789012_CloudTrail-Digest_eu-central-1_apitrail_eu-central-1_20231114T230000Z.json.gz"
    )
