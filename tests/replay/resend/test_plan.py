"""What is to be sent, or why nothing can be."""

import pytest

from apitrail.replay.resend.identifiers import Identifiers
from apitrail.replay.resend.plan import ObstacleError, Plan
from studio import recorded

SECRET = f"redacted:hmac-sha256:a5663de7:{'v' * 43}:6"


def plan(**options):
    return Plan(identifiers=Identifiers(), **options)


def test_parameters_are_native_and_identifiers_translated():
    known = Identifiers({"vpc-1aaaaaa": "vpc-2bbbbbb"})
    call = recorded(service="ec2", operation="CreateSubnet", region="eu-west-1",
                    parameters={"VpcId": "vpc-1aaaaaa", "CidrBlock": "10.0.0.0/24"})  # fmt: skip
    out = Plan(identifiers=known).outgoing(call)
    assert out.parameters == {"VpcId": "vpc-2bbbbbb", "CidrBlock": "10.0.0.0/24"}
    assert (out.region, out.succeeds) == ("eu-west-1", True)


def test_another_region_is_taken_but_for_global_services():
    call = {"region": "us-east-1", "parameters": {}}
    ec2 = recorded(service="ec2", operation="DescribeVpcs", **call)
    iam = recorded(service="iam", operation="ListUsers", **call)
    assert plan(region="eu-west-1").outgoing(ec2).region == "eu-west-1"
    assert plan(region="eu-west-1").outgoing(iam).region == "us-east-1"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"parameters": None}, "its parameters were not kept"),
        ({"parameters": {}, "status": None}, "its outcome was never known"),
        ({"parameters": {}, "operation": None}, "which operation it is"),
        ({"parameters": {}, "operation": "Nothing"}, "botocore has no operation iam:Nothing"),
        ({"parameters": {"UserName": SECRET}}, "it needs 1 redacted"),
    ],
)
def test_what_cannot_be_sent_says_why(fields, reason):
    call = recorded(**{"service": "iam", "operation": "GetUser"} | fields)
    with pytest.raises(ObstacleError, match=reason):
        plan().outgoing(call)


def test_a_body_that_was_kept_in_part_is_an_obstacle_in_a_dry_run_too():
    body = {"length": 9, "sha256": "0" * 64}
    call = recorded(service="s3", operation="PutObject", request_body=b"part",
                    parameters={"Bucket": "b", "Key": "k", "Body": body})  # fmt: skip
    with pytest.raises(ObstacleError, match="kept only in part: 4 of 9 bytes"):
        plan().outgoing(call)
