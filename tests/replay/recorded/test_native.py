"""JSON as it is kept, made native again: the inverse of `event.plain`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apitrail.aws import models
from apitrail.errors import FormatError
from apitrail.event import plain
from apitrail.replay.recorded.native import native

SECRET = "redacted:hmac-sha256:a5663de7:v-mKEqllY43NIHn5YS1wRkDXCdP2TgCdUxwXRxBrUpk:24"


def shape(service: str, operation: str) -> Any:
    return models.operation(service, operation).input_shape


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("dynamodb", "PutItem", {"TableName": "t", "Item": {"b": {"B": b"\x00\xff"}, "l": {"L": [{"BOOL": True}]}}}),
        ("cloudwatch", "GetMetricStatistics", {"StartTime": datetime(2026, 1, 2, 3, 4, 5, 600_000, UTC), "Period": 60}),
        ("cloudwatch", "PutMetricData", {"MetricData": [{"MetricName": "m", "Value": float("inf")}]}),
        ("ec2", "RunInstances", {"MinCount": 1, "DryRun": False, "SecurityGroupIds": ["sg-1"]}),
        ("lambda", "Invoke", {"FunctionName": "f", "Payload": b"{}"}),
        ("bedrock-runtime", "Converse", {"additionalModelRequestFields": {"k": [1, {"x": None}]}}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_was_made_plain_is_native_again(
    service: str, operation: str, parameters: dict[str, Any]
) -> None:
    assert native(shape(service, operation), plain(parameters)) == parameters


def test_a_streamed_payload_is_asked_for() -> None:
    kept = {"Bucket": "b", "Key": "k", "Body": {"length": 2, "sha256": "00"}}
    assert native(shape("s3", "PutObject"), kept, lambda _: b"hi")["Body"] == b"hi"
    with pytest.raises(FormatError, match="its body was kept only in part"):
        native(shape("s3", "PutObject"), kept)


def test_a_long_text_that_is_told_by_its_digest_is_no_text() -> None:
    kept = {"TableName": "t", "Item": {"a": {"S": {"length": 300_000, "sha256": "00"}}}}
    with pytest.raises(FormatError, match="its body was kept only in part"):
        native(shape("dynamodb", "PutItem"), kept)


def test_what_stands_for_a_secret_stays_whatever_the_shape() -> None:
    kept = {"FunctionName": "f", "Payload": SECRET}
    assert native(shape("lambda", "Invoke"), kept) == kept


@pytest.mark.parametrize(
    ("service", "operation", "kept"),
    [
        ("lambda", "Invoke", {"Payload": "no base64!"}),
        ("ec2", "RunInstances", {"MinCount": "one"}),
        ("ec2", "RunInstances", {"SecurityGroupIds": 3}),
        ("ec2", "RunInstances", []),
        ("cloudwatch", "GetMetricStatistics", {"StartTime": "soon"}),
    ],
)
def test_what_does_not_fit_the_model_is_named(service: str, operation: str, kept: Any) -> None:
    with pytest.raises(FormatError, match="where the model has a"):
        native(shape(service, operation), kept)
