"""One story through some thirty services and all protocols: replayed, played back, and as a script."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from apitrail.replay.recorded import Recorded
from apitrail.replay.resend import secrets
from apitrail.replay.resend.identifiers import Identifiers
from apitrail.replay.resend.outcome import Outcome
from apitrail.replay.resend.pace import Pace
from apitrail.replay.resend.plan import Plan
from apitrail.replay.resend.repetition import repeat
from apitrail.replay.resend.sender import Sender
from apitrail.replay.scripts import formats
from studio import REGION, Studio, calls

MACHINE = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}  # fmt: skip


def archive() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        made.writestr(zipfile.ZipInfo("a.py"), "def f(e, c): return 1")
    return data.getvalue()


def services(client: Callable[[str], Any]) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    client("iam").get_role(RoleName="r")
    function = client("lambda").create_function(
        FunctionName="f", Runtime="python3.12", Role=role, Handler="a.f",
        Code={"ZipFile": archive()}, Environment={"Variables": {"MODE": "fast"}},
    )["FunctionArn"]  # fmt: skip
    topic = client("sns").create_topic(Name="t")["TopicArn"]
    queue = client("sqs").create_queue(QueueName="q")["QueueUrl"]
    arn = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    subscription = client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"], ReturnSubscriptionArn=True
    )  # fmt: skip
    client("sns").unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    template = {"Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "cf"}}}}
    client("cloudformation").create_stack(StackName="st", TemplateBody=json.dumps(template))
    client("cloudformation").describe_stacks(StackName="st")
    zone = client("route53").create_hosted_zone(Name="example.com", CallerReference="1")
    record = {"Name": "a.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}  # fmt: skip
    client("route53").change_resource_record_sets(
        HostedZoneId=zone["HostedZone"]["Id"],
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]},
    )
    client("sts").assume_role(RoleArn=role, RoleSessionName="session")
    client("cloudwatch").put_metric_data(Namespace="n", MetricData=[{"MetricName": "m", "Value": 1.5}])  # fmt: skip
    client("logs").create_log_group(logGroupName="g")
    client("kinesis").create_stream(StreamName="ks", ShardCount=1)
    client("kinesis").put_record(StreamName="ks", Data=b"\0d", PartitionKey="p")
    shard = {"StreamName": "ks", "ShardId": "shardId-000000000000"}
    iterator = client("kinesis").get_shard_iterator(ShardIteratorType="TRIM_HORIZON", **shard)
    client("kinesis").get_records(ShardIterator=iterator["ShardIterator"])
    client("events").put_rule(Name="r", ScheduleExpression="rate(1 day)")
    client("events").put_targets(Rule="r", Targets=[{"Id": "1", "Arn": function}])
    machine = client("stepfunctions").create_state_machine(
        name="sm", definition=MACHINE, roleArn=role
    )
    client("stepfunctions").start_execution(stateMachineArn=machine["stateMachineArn"])
    client("ecr").create_repository(repositoryName="repo")
    client("ecr").get_authorization_token()
    api = client("apigateway").create_rest_api(name="api")["id"]
    root = client("apigateway").get_resources(restApiId=api)["items"][0]["id"]
    client("apigateway").create_resource(restApiId=api, parentId=root, pathPart="x")
    ec2 = client("ec2")
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=5)["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    ec2.copy_snapshot(SourceRegion=REGION, SourceSnapshotId=snapshot)
    ec2.create_key_pair(KeyName="kp")
    buckets(client("s3"))
    client("rds").create_db_instance(
        DBInstanceIdentifier="db1", DBInstanceClass="db.t3.micro", Engine="postgres",
        MasterUsername="u", MasterUserPassword="p4ssw0rd!",
    )  # fmt: skip
    client("ecs").create_cluster(clusterName="cl")
    client("cognito-idp").create_user_pool(PoolName="p")
    client("autoscaling").create_launch_configuration(
        LaunchConfigurationName="lc", ImageId="ami-12c6146b", InstanceType="t2.micro", UserData="hi"
    )


def buckets(s3: Any) -> None:
    s3.create_bucket(Bucket="breadth", CreateBucketConfiguration={"LocationConstraint": REGION})
    for number in range(3):
        s3.put_object(Bucket="breadth", Key=f"k {number}é", Body=b"%d" % number)
    s3.put_bucket_versioning(Bucket="breadth", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="breadth", Key="v", Body=b"1")["VersionId"]
    s3.get_object(Bucket="breadth", Key="v", VersionId=version)["Body"].read()
    token = s3.list_objects_v2(Bucket="breadth", MaxKeys=2)["NextContinuationToken"]
    s3.list_objects_v2(Bucket="breadth", MaxKeys=2, ContinuationToken=token)
    source = {"Bucket": "breadth", "Key": "v", "VersionId": version}
    s3.copy_object(Bucket="breadth", Key="copy", CopySource=source)
    s3.delete_objects(Bucket="breadth", Delete={"Objects": [{"Key": "k 0é"}]})
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket="breadth", Key="none")


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with mock_aws():
        studio = Studio()
        services(studio.client)
    return studio.record(tmp_path_factory.mktemp("breadth") / "trail")


# What the secrets were, by operation and length.
SECRETS: dict[str, str | bytes] = {
    "CreateFunction:4": "fast",
    f"CreateFunction:{len(archive())}": archive(),
    f"CreateStateMachine:{len(MACHINE)}": MACHINE,
    "CreateDBInstance:9": "p4ssw0rd!",
    "CreateLaunchConfiguration:4": "hi",
}


def given(found: list[Recorded]) -> dict[str, str | bytes]:
    return {
        redacted: SECRETS[re.sub(r"\w+:(\w+) .*, (\d+) bytes", r"\1:\2", where)]
        for redacted, where in secrets.wanted(found)
    }


def test_all_of_it_comes_out_the_same(trail: Path) -> None:
    found = calls(trail)
    plan = Plan(identifiers=Identifiers(), given=given(found))
    with mock_aws():
        outcomes: list[Outcome] = list(repeat(found, plan, Sender(None), pace=Pace()))
    assert ["\n".join(o.lines()) for o in outcomes if o.verdict != "same"] == []
    assert len(outcomes) == 48


def test_all_of_it_is_answered_offline(trail: Path, apitrail_playback: Callable[..., Any]) -> None:
    played = apitrail_playback(trail)
    config = Config(retries={"total_max_attempts": 1})
    services(lambda name: boto3.client(name, config=config))
    assert played.misses == []


def test_all_of_it_runs_as_a_program(trail: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = "\n".join(formats.lines("boto3", calls(trail)))
    assert "not written" not in program
    for name, operation, length in re.findall(
        r"(REDACTED_\d+): \w+:(\w+) .*, (\d+) bytes", program
    ):
        value = SECRETS[f"{operation}:{length}"]
        monkeypatch.setenv(name, value if isinstance(value, str) else "zip")
    # A zip does not fit into an environment.
    program = program.replace("'ZipFile': REDACTED_1", f"'ZipFile': {archive()!r}")
    with mock_aws():
        exec(compile(program, "story.py", "exec"), {})
        assert len(boto3.client("kinesis", region_name=REGION).list_streams()["StreamNames"]) == 1


@pytest.mark.parametrize("form", ["script", "curl"])
def test_all_of_it_has_a_shell_form_but_secrets_inside_of_encodings(form: str, trail: Path) -> None:
    script = "\n".join(formats.lines(form, calls(trail)))
    left_out = re.findall(r"^# not written: ([\w:-]+), event", script, flags=re.MULTILINE)
    encoded = ["lambda:CreateFunction", "autoscaling:CreateLaunchConfiguration"]
    assert left_out == ([] if form == "script" else encoded)
