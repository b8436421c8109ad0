"""What of a recorded request is made anew."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from apitrail.aws import models
from apitrail.replay.recorded import renewal


def anew(
    service: str, operation: str, parameters: dict[str, Any], region: str | None = None
) -> Any:
    shape = models.operation(service, operation).input_shape
    return renewal.anew(
        service, operation, shape, parameters, region=region, renew=lambda token: f"new-{token}"
    )


def test_idempotency_tokens_are_renewed() -> None:
    given = {"ImageId": "ami-1", "ClientToken": "t"}
    assert anew("ec2", "RunInstances", given) == {"ImageId": "ami-1", "ClientToken": "new-t"}
    # DynamoDB's ClientRequestToken is one too, a task's name is none.
    assert anew("dynamodb", "TransactWriteItems", {"ClientRequestToken": "t"}) == {"ClientRequestToken": "new-t"}  # fmt: skip


@pytest.mark.parametrize(
    "computed",
    [{"ContentMD5": "x"}, {"ContentLength": 5}, {"ChecksumCRC32": "x"}, {"SSECustomerKeyMD5": "x"}],
    ids=str,
)
def test_what_botocore_computes_is_left_to_it(computed: dict[str, Any]) -> None:
    kept = {"Bucket": "b", "Key": "k", "ChecksumAlgorithm": "CRC32"}
    assert anew("s3", "PutObject", kept | computed) == kept


def test_user_data_is_encoded_once_only() -> None:
    on_the_wire = base64.b64encode(b"#!/bin/sh").decode()
    assert anew("ec2", "RunInstances", {"UserData": on_the_wire}) == {"UserData": "#!/bin/sh"}
    # For this one boto3 encodes nothing.
    kept = {"LaunchTemplateData": {"UserData": on_the_wire}}
    assert anew("ec2", "CreateLaunchTemplate", kept) == kept


def test_a_presigned_url_is_asked_for_again() -> None:
    arn = "arn:aws:rds:eu-west-1:123456789012:snapshot:s"
    kept = {"SourceDBSnapshotIdentifier": arn, "TargetDBSnapshotIdentifier": "t"}
    signed = kept | {"PreSignedUrl": "https://rds.eu-west-1.amazonaws.com/?X-Amz-Signature=1"}
    assert anew("rds", "CopyDBSnapshot", signed) == kept | {"SourceRegion": "eu-west-1"}
    assert anew("rds", "CopyDBSnapshot", kept) == kept
    volume = {"SourceRegion": "eu-west-1", "SourceSnapshotId": "snap-1"}
    assert anew("ec2", "CopySnapshot", volume | {"PresignedUrl": "https://…"}) == volume


@pytest.mark.parametrize(
    ("region", "constraint"),
    [
        ("us-east-1", {}),
        ("us-west-2", {"CreateBucketConfiguration": {"LocationConstraint": "us-west-2"}}),
        (None, {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}),
    ],
)
def test_a_bucket_is_made_in_the_region_it_is_sent_to(
    region: str | None, constraint: dict[str, Any]
) -> None:
    recorded = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    assert (
        anew("s3", "CreateBucket", {"Bucket": "b"} | recorded, region)
        == {"Bucket": "b"} | constraint
    )
