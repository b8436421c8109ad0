"""What an operation's name says of the part that it is about."""

from __future__ import annotations

import pytest

from apitrail.state import readings


def test_a_line_of_the_table() -> None:
    found = readings.find("ec2", "DescribeInstances")
    assert found is not None
    assert (found.aspect, found.path) == ("Instance", ("Reservations", "[]", "Instances", "[]"))
    assert (found.names, found.is_read, found.is_item) == (("InstanceId",), True, True)
    assert readings.find("ec2", "RunInstances").is_read is False
    assert readings.find(None, None) is None


@pytest.mark.parametrize(
    ("service", "operation", "part"),
    [
        ("s3", "PutBucketPolicy", "BucketPolicy"),
        ("s3", "DeleteBucketLifecycle", "BucketLifecycleConfiguration"),
        ("iam", "PutRolePolicy", "RolePolicy"),
        ("ec2", "ModifyInstanceAttribute", None),
        ("dynamodb", "UpdateTable", None),
        ("secretsmanager", "PutResourcePolicy", "ResourcePolicy"),
        ("secretsmanager", "UpdateSecret", None),
        ("unheard-of", "PutThing", None),
    ],
)
def test_the_one_part_that_a_write_is_about(service: str, operation: str, part: str | None) -> None:
    assert readings.part_of(service, operation) == part


@pytest.mark.parametrize(
    ("service", "operation", "ended"),
    [
        ("ec2", "DeleteSecurityGroup", "SecurityGroup"),
        ("ec2", "TerminateInstances", None),
        ("cloudformation", "DeleteStack", None),
        ("s3", "DeleteBucketPolicy", "BucketPolicy"),
        ("s3", "DeleteObject", None),
        ("ec2", "RevokeSecurityGroupIngress", None),
    ],
)
def test_what_a_write_ends(service: str, operation: str, ended: str | None) -> None:
    assert readings.ends(service, operation) == ended


def test_listings_need_not_name_what_they_show() -> None:
    assert "DescribeSecurityGroups" in readings.listings("ec2")
    assert "GetRole" not in readings.listings("iam")
