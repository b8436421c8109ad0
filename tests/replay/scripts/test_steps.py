"""A recording as steps that pass on what answers gave."""

from apitrail.replay.scripts.steps import Given, Secret, Text, tell
from studio import recorded

SECRET = f"redacted:hmac-sha256:a5663de7:{'v' * 43}:24"
VPC = recorded(
    service="ec2", operation="CreateVpc", region="eu-west-1",
    parameters={"CidrBlock": "10.0.0.0/16"}, result={"Vpc": {"VpcId": "vpc-1aaaaaa"}},
)  # fmt: skip
SUBNET = recorded(
    service="ec2", operation="CreateSubnet", region="eu-west-1",
    parameters={"VpcId": "vpc-1aaaaaa", "CidrBlock": "10.0.1.0/24"},
)  # fmt: skip


def test_an_id_that_an_answer_gave_becomes_a_variable():
    first, second = tell([VPC, SUBNET]).steps
    assert first.gives == [Given("vpc_id", ("Vpc", "VpcId"))]
    assert second.parameters["VpcId"] == Text((first.gives[0],), "vpc-1aaaaaa")


def test_unlinked_steps_stay_as_recorded():
    _, second = tell([VPC, SUBNET], linked=False).steps
    assert second.parameters["VpcId"] == "vpc-1aaaaaa"


def test_secrets_are_numbered_and_told_where_they_are_needed():
    call = recorded(service="ssm", operation="PutParameter",
                    parameters={"Name": "/n", "Value": SECRET, "Type": "String"})  # fmt: skip
    story = tell([call])
    assert story.secrets == {Secret(1): "ssm:PutParameter Value, 24 bytes"}
    assert Secret(1).name == "REDACTED_1"


def test_what_cannot_be_written_says_why():
    [step] = tell([recorded(service=None, operation=None)]).steps
    assert step.obstacle == "it could not be told which operation it is"


def test_the_region_is_where_most_calls_were_made():
    assert tell([VPC, SUBNET]).region == "eu-west-1"
    assert tell([]).region == "us-east-1"
