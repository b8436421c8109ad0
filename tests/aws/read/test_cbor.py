"""CBOR bodies, also hostile ones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aws.requests import call


def test_cbor_goes_by_its_path():
    # Indefinite lengths, tag 1 and a half float, as encoders other than botocore's write them.
    body = bytes.fromhex(
        "bf694e616d657370616365616e6a4d657472696344617461"
        "9fa36a4d65747269634e616d65616d6954696d657374616d70c1006556616c7565f93e00ffff"
    )

    found = call(
        "POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData",
        ("Smithy-Protocol", "rpc-v2-cbor"), ("Content-Type", "application/cbor"),
        body=body, service="monitoring",
    )  # fmt: skip

    [datum] = found.parameters["MetricData"]
    assert found.protocol == "smithy-rpc-v2-cbor"
    assert datum == {"MetricName": "m", "Timestamp": datetime(1970, 1, 1, tzinfo=UTC), "Value": 1.5}


@pytest.mark.parametrize(
    "body",
    [
        b"\x9b" + b"\xff" * 8,
        b"\x81" * 5000,
        b"\xbf\xff\x00",
        b"\x7f\x01\xff",
        b"\xff",
        b"\xc1\x61a",
    ],
)
def test_hostile_cbor_is_a_doubt(body):
    found = call(
        "POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData",
        ("Smithy-Protocol", "rpc-v2-cbor"), body=body, service="monitoring",
    )  # fmt: skip

    assert found.operation == "PutMetricData"
    assert found.problems
