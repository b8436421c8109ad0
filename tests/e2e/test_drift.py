"""Changes behind the recorder are told, and those through it are not."""

from __future__ import annotations

import json

import pytest

from machine import Machine

# `through` goes through the recorder, `behind` straight to the stand-in.
STORY = """
import boto3, json, os, sys
from botocore.config import Config
def through(name):
    return boto3.client(name)
def behind(name):
    steering = [k for k in os.environ if "proxy" in k.lower() or k.startswith(("AWS_ENDPOINT", "AWS_CA"))]
    kept = {k: os.environ.pop(k) for k in steering}
    client = boto3.client(name, endpoint_url=sys.argv[1], config=Config(proxies={}))
    os.environ.update(kept)
    return client
def rule(port, cidr="10.0.0.0/8"):
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}]
ec2 = through("ec2")
group = ec2.create_security_group(GroupName="drifting", Description="drifting")["GroupId"]
ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(443))
ec2.describe_security_groups(GroupIds=[group])
ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule(80))
ec2.describe_security_groups()
behind("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=rule(22, "0.0.0.0/0"))
ec2.describe_security_groups()
ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rule(22, "0.0.0.0/0"))
ec2.describe_security_groups(GroupIds=[group])
instance = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
ec2.describe_instances(); ec2.stop_instances(InstanceIds=[instance]); ec2.describe_instances()
tables = through("dynamodb")
key = dict(AttributeName="id", AttributeType="S")
tables.create_table(TableName="orders", AttributeDefinitions=[key], BillingMode="PAY_PER_REQUEST",
                    KeySchema=[dict(AttributeName="id", KeyType="HASH")])
tables.describe_table(TableName="orders")
tables.put_item(TableName="orders", Item={"id": {"S": "1"}})
tables.describe_table(TableName="orders")
buckets = through("s3")
buckets.create_bucket(Bucket="bkt", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
try:
    buckets.get_bucket_policy(Bucket="bkt")
except buckets.exceptions.ClientError:
    pass
buckets.put_object(Bucket="bkt", Key="a", Body=b"x")
allow = dict(Effect="Allow", Principal="*", Action="s3:GetObject", Resource="arn:aws:s3:::bkt/*")
behind("s3").put_bucket_policy(Bucket="bkt", Policy=json.dumps(dict(Version="2012-10-17", Statement=[allow])))
buckets.get_bucket_policy(Bucket="bkt")
print(group)
"""


@pytest.fixture(scope="module")
def machine(moto: str, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine whose recorder was bypassed twice."""
    return Machine(tmp_path_factory.mktemp("drift") / "home", moto)


@pytest.fixture(scope="module")
def group(machine: Machine, moto: str) -> str:
    """The security group of the story."""
    return machine.exec("python", "-c", STORY, moto).stdout.split()[-1]


def test_each_bypass_is_an_insight_and_nothing_else_is(machine: Machine, group: str) -> None:
    replay = ("insights", "--replay", str(machine.trail), "--kind", "drift", "--output", "jsonl")
    lines = machine.apitrail(*replay).stdout.splitlines()
    assert [json.loads(line)["name"] for line in lines] == [
        f"SecurityGroup {group}",
        "BucketPolicy bkt",
    ]
    # Those that the recorder wrote follow from the calls.
    machine.apitrail("verify")


def test_the_history_of_the_group_says_when_and_what(machine: Machine, group: str) -> None:
    said = json.loads(machine.apitrail("history", group, "--output", "json").stdout)
    [drift] = said["drift"]
    [difference] = drift["differences"]
    assert difference["change"] == "added"
    assert (difference["now"]["FromPort"], difference["now"]["IpRanges"]) == (
        22,
        [{"CidrIp": "0.0.0.0/0"}],
    )
    # The revoked rule is not shown as the state after its revocation.
    assert [
        each["FromPort"] for each in said["history"][-1]["state"]["SecurityGroup"]["IpPermissions"]
    ] == [443, 80]


def test_the_state_is_that_of_the_last_look(machine: Machine, group: str) -> None:
    said = json.loads(machine.apitrail("state", group, "--output", "json").stdout)
    [part] = said["parts"]
    assert (part["part"], part["exists"], part["changedSince"]) == ("SecurityGroup", True, [])
    assert part["seen"]["operation"] == "DescribeSecurityGroups"
    assert "BucketPolicy" in machine.apitrail("state", "bkt").stdout
