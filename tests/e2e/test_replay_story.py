"""A story recorded against one stand-in and replayed into a second, empty one: the same state."""

from __future__ import annotations

import importlib.util
import json
import os
import pty
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3 as sdk
import pytest

from machine import KEY, SECRET, Machine, clean, free_port
from serving import serving

REGION = "eu-central-1"
DEMO = Path(__file__).parents[2] / "examples" / "demo.py"
PASSWORD, USER_DATA = "correct horse 1A!", "#!/bin/sh\necho 'hello'\n"
STORY = f"""
import json
ec2, s3, iam = boto3.client("ec2"), boto3.client("s3"), boto3.client("iam")
vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
rule = dict(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
ec2.authorize_security_group_ingress(**rule)
ec2.authorize_security_group_ingress(**{{**rule, "FromPort": 443, "ToPort": 443}})
ec2.revoke_security_group_ingress(**rule)
instance = ec2.run_instances(
    ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group],
    UserData={USER_DATA!r},
)["Instances"][0]["InstanceId"]
ec2.create_tags(Resources=[vpc, subnet, instance], Tags=[{{"Key": "Name", "Value": "web"}}])
s3.create_bucket(Bucket="invoices", CreateBucketConfiguration={{"LocationConstraint": "{REGION}"}})
s3.put_object(Bucket="invoices", Key="2026/11 é.txt", Body=b"paid\\0" * 9, Metadata={{"by": "mary"}})
upload = s3.create_multipart_upload(Bucket="invoices", Key="big")["UploadId"]
part = s3.upload_part(Bucket="invoices", Key="big", UploadId=upload, PartNumber=1, Body=b"x" * 999)
s3.complete_multipart_upload(
    Bucket="invoices", Key="big", UploadId=upload,
    MultipartUpload={{"Parts": [{{"ETag": part["ETag"], "PartNumber": 1}}]}},
)
s3.get_object(Bucket="invoices", Key="big")["Body"].read()
table = boto3.client("dynamodb")
table.create_table(
    TableName="orders", BillingMode="PAY_PER_REQUEST",
    KeySchema=[{{"AttributeName": "id", "KeyType": "HASH"}}],
    AttributeDefinitions=[{{"AttributeName": "id", "AttributeType": "S"}}],
)
table.put_item(TableName="orders", Item={{"id": {{"S": "42"}}, "vpc": {{"S": vpc}}, "b": {{"B": b"\\0\\xff"}}}})
iam.create_user(UserName="John")
key = iam.create_access_key(UserName="John")["AccessKey"]["AccessKeyId"]
policy = {{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "*", "Resource": "*"}}]}}
arn = iam.create_policy(PolicyName="all", PolicyDocument=json.dumps(policy))["Policy"]["Arn"]
iam.attach_user_policy(UserName="John", PolicyArn=arn)
iam.update_access_key(UserName="John", AccessKeyId=key, Status="Inactive")
try:
    iam.create_user(UserName="John")
except iam.exceptions.EntityAlreadyExistsException:
    pass
iam.create_login_profile(UserName="John", Password={PASSWORD!r})
sqs = boto3.client("sqs")
url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
sqs.send_message(QueueUrl=url, MessageBody="first")
sqs.send_message(QueueUrl=url, MessageBody="second")
handle = sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
"""


@contextmanager
def stand_in(directory: Path) -> Iterator[str]:
    """A moto server of its own: its state is shared with no other test."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with serving(command, f"{url}/moto-api/data.json", directory / f"moto-{port}", env=clean()):
        yield url


def empty(url: str) -> str:
    urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/reset", method="POST")).close()
    return url


def state(url: str) -> dict[str, Any]:
    """What is there, in names that do not depend on who gave them."""

    def client(service: str) -> Any:
        return sdk.Session(KEY, SECRET, region_name=REGION).client(service, endpoint_url=url)

    ec2, s3, iam, sqs = map(client, ("ec2", "s3", "iam", "sqs"))
    table = client("dynamodb")
    ours = [{"Name": "cidr", "Values": ["10.7.0.0/16"]}]
    [vpc] = ec2.describe_vpcs(Filters=ours)["Vpcs"]
    of = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    [instance] = [
        i for r in ec2.describe_instances(Filters=of)["Reservations"] for i in r["Instances"]
    ]
    groups = ec2.describe_security_groups(Filters=of)["SecurityGroups"]
    items = table.scan(TableName="orders")["Items"]
    queue = sqs.get_queue_url(QueueName="jobs")["QueueUrl"]
    [key] = iam.list_access_keys(UserName="John")["AccessKeyMetadata"]
    objects = {o["Key"]: s3.get_object(Bucket="invoices", Key=o["Key"]) for o in s3.list_objects_v2(Bucket="invoices")["Contents"]}  # fmt: skip
    data = ec2.describe_instance_attribute(InstanceId=instance["InstanceId"], Attribute="userData")
    return {
        "tags": [vpc["Tags"], instance["Tags"]],
        "subnets": [
            (s["CidrBlock"], s["Tags"]) for s in ec2.describe_subnets(Filters=of)["Subnets"]
        ],
        "rules": {
            g["GroupName"]: [
                (p.get("FromPort"), p["IpRanges"]) for p in g["IpPermissions"] if p["IpRanges"]
            ]
            for g in groups
        },
        "instance": [g["GroupName"] for g in instance["SecurityGroups"]],
        "user data": data["UserData"]["Value"],
        "objects": {k: (o["Body"].read(), o["Metadata"]) for k, o in objects.items()},
        "items": [item | {"vpc": item["vpc"]["S"] == vpc["VpcId"]} for item in items],
        "users": [u["UserName"] for u in iam.list_users()["Users"]],
        "key": key["Status"],
        "policies": [
            p["PolicyName"] for p in iam.list_attached_user_policies(UserName="John")["AttachedPolicies"]
        ],
        "login": iam.get_login_profile(UserName="John")["LoginProfile"]["UserName"],
        "queue": sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"],
    }  # fmt: skip


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with stand_in(tmp_path_factory.mktemp("first")) as url:
        yield url


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with stand_in(tmp_path_factory.mktemp("second")) as url:
        yield url


@pytest.fixture(scope="module")
def desk(first: str, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine on which the story was recorded."""
    desk = Machine(tmp_path_factory.mktemp("desk") / "home", first)
    desk.exec(sys.executable, "-c", f"import boto3\n{STORY}")
    return desk


@pytest.fixture(scope="module")
def secrets(desk: Machine) -> str:
    """The file of redacted values, filled in from the template."""
    template = desk.apitrail("replay", "--list-redactions").stdout
    values = {"UserData": USER_DATA, "Password": PASSWORD}
    lines, value = [], ""
    for line in template.splitlines():
        value = next((v for name, v in values.items() if f" {name}, " in line), value)
        lines.append(line.replace('""', json.dumps(value)) if line.endswith('= ""') else line)
    path = desk.directory / "secrets.toml"
    path.write_text("\n".join(lines))
    return str(path)


def test_the_story_ends_in_the_same_state(
    desk: Machine, first: str, second: str, secrets: str
) -> None:
    empty(second)
    done = desk.apitrail("replay", "--endpoint-url", second, "--redactions", secrets)
    *lines, summary = done.stdout.splitlines()
    assert summary == "28 calls: 28 same"
    assert lines[0].startswith("same      ec2:CreateVpc  ")
    assert done.stderr == ""
    assert state(second) == state(first)
    assert state(second)["items"][0]["vpc"] is True


def test_the_demos_story_ends_in_the_same_state(second: str, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("demo", DEMO)
    assert spec is not None
    assert spec.loader is not None
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    stage = demo.Stage(tmp_path, empty(second))
    recorder = stage.record()
    try:
        demo.story(stage)
    finally:
        recorder.terminate()
        recorder.wait()
        recorder.stderr.close()
    told = demo_state(second)
    desk = Machine(tmp_path / "home", second, {"APITRAIL_TRAIL": str(stage.trail)})
    done = desk.apitrail("replay", "--endpoint-url", empty(second))
    assert done.stdout.splitlines()[-1] == "12 calls: 12 same"
    assert demo_state(second) == told


def demo_state(url: str) -> dict[str, Any]:
    session = sdk.Session(KEY, SECRET, region_name=REGION)
    ec2, s3, iam, table = (
        session.client(name, endpoint_url=url) for name in ("ec2", "s3", "iam", "dynamodb")
    )
    [group] = ec2.describe_security_groups(GroupNames=["web"])["SecurityGroups"]
    return {
        "users": [user["UserName"] for user in iam.list_users()["Users"]],
        "keys": len(iam.list_access_keys(UserName="John")["AccessKeyMetadata"]),
        "rules": group["IpPermissions"],
        "orders": table.scan(TableName="orders")["Items"],
        "invoice": s3.get_object(Bucket="invoices", Key="2026/11.txt")["Body"].read(),
    }


def test_without_the_secrets_two_calls_are_skipped_and_named(desk: Machine, second: str) -> None:
    empty(second)
    done = desk.apitrail("replay", "--endpoint-url", second, "--output", "json", status=1)
    document = json.loads(done.stdout)
    skipped = [call for call in document["calls"] if call["verdict"] == "skipped"]
    assert [call["operation"] for call in skipped] == ["RunInstances", "CreateLoginProfile"]
    assert all("redacted:hmac-sha256:" in call["reason"] for call in skipped)
    assert document["summary"]["skipped"] == 2
    assert PASSWORD not in done.stdout


def test_a_dry_run_sends_nothing(desk: Machine, second: str) -> None:
    empty(second)
    done = desk.apitrail("replay", "--endpoint-url", second, "--dry-run", status=1)
    assert done.stdout.splitlines()[-1] == "28 calls: 26 planned, 2 skipped"
    assert sdk.Session(KEY, SECRET, region_name=REGION).client("iam", endpoint_url=second).list_users()["Users"] == []  # fmt: skip


def test_the_filter_and_ids_choose(desk: Machine, second: str) -> None:
    empty(second)
    [event] = desk.events("--event-name", "CreatePolicy")
    done = desk.apitrail("replay", event["eventID"][:8], "--endpoint-url", second)
    assert done.stdout.splitlines()[-1] == "1 call: 1 same"
    done = desk.apitrail(
        "replay", "--event-source", "dynamodb", "--endpoint-url", second, "--stop-on-diff"
    )
    assert done.stdout.splitlines()[-1] == "2 calls: 2 same"
    # All that is left to do fails, and after the first no more is sent.
    done = desk.apitrail(
        "replay", "--event-source", "dynamodb", "--endpoint-url", second, "--stop-on-diff",
        status=1,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "2 calls: 1 failed, 1 skipped"


def test_the_endpoint_it_was_recorded_from_is_named(desk: Machine, first: str) -> None:
    done = desk.apitrail("replay", "--event-name", "GetObject", "--endpoint-url", first)
    assert done.stderr == "apitrail: warning: 1 call was recorded from this very endpoint\n"


def test_aws_itself_wants_consent_and_shows_who_it_would_be(desk: Machine, second: str) -> None:
    # Credentials are asked after where this machine thinks STS is; nothing else is sent.
    done = desk.apitrail(
        "replay", "--event-name", "CreateUser", "--endpoint-url", "https://iam.amazonaws.com",
        status=2, env={"AWS_ENDPOINT_URL_STS": second},
    )  # fmt: skip
    said = done.stderr.splitlines()
    assert (
        said[0]
        == "apitrail: this is AWS itself: account 123456789012, as arn:aws:sts::123456789012:user/moto"
    )
    assert said[1:] == [
        "apitrail: will not send recorded calls to AWS unasked",
        "hint: --yes-i-mean-it says that you mean that account",
    ]  # fmt: skip
    # Meant, and this machine thinks that all of AWS is there.
    empty(second)
    desk.apitrail(
        "replay", "--event-name", "CreatePolicy", "--endpoint-url", "aws", "--yes-i-mean-it",
        env={"AWS_ENDPOINT_URL": second},
    )  # fmt: skip
    assert len(sdk.Session(KEY, SECRET, region_name=REGION).client("iam", endpoint_url=second).list_policies(Scope="Local")["Policies"]) == 1  # fmt: skip


def test_a_replay_run_through_a_recorder_is_recorded(
    desk: Machine, first: str, tmp_path: Path
) -> None:
    again = Machine(tmp_path / "home", first)
    again.exec(
        "apitrail", "replay", "--trail", str(desk.trail), "--event-name", "GetObject",
        "--endpoint-url", "aws", "--yes-i-mean-it",
    )  # fmt: skip
    assert again.names("--run", "last") == ["GetCallerIdentity", "GetObject"]


def test_a_terminal_sees_how_far_it_is(desk: Machine, second: str) -> None:
    terminal, end = pty.openpty()
    process = desk.start(
        "apitrail", "replay", "--event-source", "sqs", "--dry-run", "--endpoint-url", second,
        stdout=subprocess.PIPE, stderr=end,
    )  # fmt: skip
    out, _ = process.communicate(timeout=60)
    seen = os.read(terminal, 100_000).decode()
    os.close(end)
    os.close(terminal)
    assert out.splitlines()[-1] == "5 calls: 5 planned"
    assert "calls  [" in seen
    assert "100%" in seen


def test_a_program_in_the_shell_runs_on_the_recording(desk: Machine) -> None:
    port = free_port()
    process = desk.start(
        "apitrail", "playback", "--listen", f"127.0.0.1:{port}", stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        said = [process.stderr.readline() for _ in "ab"]
        assert said[1] == f"export AWS_ENDPOINT_URL=http://127.0.0.1:{port}\n"
        here = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
        user = desk.run("aws", "iam", "create-user", "--user-name", "John", "--query", "User.UserName", env=here)  # fmt: skip
        assert user.stdout == '"John"\n'
        missed = desk.run("aws", "iam", "create-user", "--user-name", "Bob", env=here, status=None)
        assert "(PlaybackMiss)" in missed.stderr
        assert 'UserName is "Bob" and was "John"' in process.stderr.readline()
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()


@pytest.mark.parametrize(
    ("form", "command"),
    [("boto3", (sys.executable, "story")), ("script", ("sh", "story"))],
    ids=["boto3", "aws-cli"],
)
def test_an_exported_script_ends_in_the_same_state(
    form: str, command: tuple[str, ...], desk: Machine, first: str, second: str
) -> None:
    empty(second)
    desk.apitrail("export", "--format", form, "-o", str(desk.directory / "story"))
    text = (desk.directory / "story").read_text()
    given = {
        name: USER_DATA if "UserData" in line else PASSWORD
        for line in text.splitlines()
        for name in ("REDACTED_1", "REDACTED_2")
        if f"{name}: " in line
    }
    done = desk.run(*command, env={"AWS_ENDPOINT_URL": second, **given}, timeout=120)
    expected = state(first)
    if "needs_2" in text:
        assert done.stderr == "skipped: aws-cli 1 cannot send binary in JSON: dynamodb:PutItem\n"
        expected["items"] = []
    assert state(second) == expected


def test_exported_curl_commands_are_signed_and_understood(
    desk: Machine, first: str, second: str
) -> None:
    empty(second)
    chosen = [word for name in ("iam", "dynamodb", "s3") for word in ("--event-source", name)]
    desk.apitrail("export", "--format", "curl", *chosen, "-o", str(desk.directory / "story"))
    desk.run("sh", "story", env={"AWS_ENDPOINT_URL": second, "REDACTED_1": PASSWORD})
    session = sdk.Session(KEY, SECRET, region_name=REGION)
    iam, s3, table = (
        session.client(name, endpoint_url=second) for name in ("iam", "s3", "dynamodb")
    )
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["John"]
    assert len(iam.list_attached_user_policies(UserName="John")["AttachedPolicies"]) == 1
    assert s3.get_object(Bucket="invoices", Key="2026/11 é.txt")["Body"].read() == b"paid\0" * 9
    assert table.scan(TableName="orders")["Items"][0]["b"] == {"B": b"\0\xff"}
