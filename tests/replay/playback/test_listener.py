"""A boto3 program and aws-cli on recorded answers, offline, through a real socket."""

from __future__ import annotations

import asyncio
import http.client
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from apitrail.query import Filter
from apitrail.replay.playback import listener
from apitrail.replay.pytest_plugin import Playback
from apitrail.replay.recorded import redactions
from studio import REGION, Studio, calls

type Play = Callable[..., Playback]


def invoices(client: Callable[..., Any]) -> list[Any]:
    """The program under test: it puts an invoice away, lists people, and makes what they need."""
    said: list[Any] = []
    s3 = client("s3")
    s3.create_bucket(
        Bucket="invoices", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    s3.put_object(Bucket="invoices", Key="2026/11 é.txt", Body=b"paid" * 9, Metadata={"by": "mary"})
    found = s3.get_object(Bucket="invoices", Key="2026/11 é.txt")
    said.append((found["Body"].read(), found["Metadata"], found["ETag"]))
    said.append([o["Key"] for o in s3.list_objects_v2(Bucket="invoices")["Contents"]])
    head = s3.head_object(Bucket="invoices", Key="2026/11 é.txt")
    said.append((head["ContentLength"], head["LastModified"]))
    table = client("dynamodb")
    table.create_table(
        TableName="orders", BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )  # fmt: skip
    table.put_item(TableName="orders", Item={"id": {"S": "1"}, "b": {"B": b"\0\xff"}})
    said.append(table.get_item(TableName="orders", Key={"id": {"S": "1"}})["Item"])
    iam = client("iam")
    said.append(iam.create_user(UserName="John")["User"]["Arn"])
    said.append(iam.create_access_key(UserName="John")["AccessKey"]["AccessKeyId"])
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    said.append([v["VpcId"] for v in ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]])
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    # Asked twice, answered twice: first with a message, then with none.
    sqs.send_message(QueueUrl=url, MessageBody="m")
    said += [
        [m["Body"] for m in sqs.receive_message(QueueUrl=url).get("Messages", [])] for _ in "ab"
    ]
    said.append([m["MetricName"] for m in client("cloudwatch").list_metrics()["Metrics"]])
    client("lambda").list_functions()
    client("events").put_rule(Name="r", ScheduleExpression="rate(1 day)")
    with pytest.raises(ClientError) as refused:
        iam.get_user(UserName="Nobody")
    error = refused.value.response["Error"]
    said.append((error["Code"], error["Message"]))
    return said


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """A trail of the program's calls, and what it said then."""
    with mock_aws():
        studio = Studio()
        said = invoices(studio.client)
    return studio.record(tmp_path_factory.mktemp("story") / "trail"), said


def client(service: str) -> Any:
    retries = Config(retries={"total_max_attempts": 1})
    return boto3.client(service, config=retries)  # the fixture set endpoint, region and keys


def test_the_program_runs_offline_as_it_ran_when_it_was_recorded(
    story: tuple[Path, list[Any]], apitrail_playback: Play
) -> None:
    trail, said = story
    played = apitrail_playback(trail)
    assert invoices(client) == said
    assert played.misses == []


def test_what_was_asked_repeatedly_ends_with_the_last_answer(
    story: tuple[Path, list[Any]], apitrail_playback: Play
) -> None:
    apitrail_playback(story[0])
    sqs = client("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    received = [len(sqs.receive_message(QueueUrl=url).get("Messages", [])) for _ in "abcd"]
    assert received == [1, 0, 0, 0]


def test_a_miss_names_the_nearest_call_and_what_differs(
    story: tuple[Path, list[Any]], apitrail_playback: Play
) -> None:
    played = apitrail_playback(story[0])
    [created] = [c for c in calls(story[0]) if c.name == "iam:CreateUser"]
    with pytest.raises(ClientError) as miss:
        client("iam").create_user(UserName="Bob")
    error = miss.value.response["Error"]
    assert error["Code"] == "PlaybackMiss"
    assert error["Message"] == (
        f"no such iam:CreateUser was recorded; nearest is event {created.event_id}: "
        'UserName is "Bob" and was "John"'
    )
    assert miss.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert played.misses == [error["Message"]]


@pytest.mark.parametrize(
    ("service", "method", "arguments"),
    [
        ("dynamodb", "list_tables", {}),
        ("lambda", "list_layers", {}),
        ("cloudwatch", "describe_alarms", {}),
        ("ec2", "describe_regions", {}),
        ("s3", "list_buckets", {}),
        ("sts", "get_caller_identity", {}),
    ],
)
def test_a_miss_is_an_error_in_every_protocol(
    service: str,
    method: str,
    arguments: dict[str, Any],
    story: tuple[Path, list[Any]],
    apitrail_playback: Play,
) -> None:
    apitrail_playback(story[0])
    with pytest.raises(ClientError) as miss:
        getattr(client(service), method)(**arguments)
    assert miss.value.response["Error"]["Code"] == "PlaybackMiss"
    assert f"no {service}:" in miss.value.response["Error"]["Message"]


def test_only_what_the_filter_lets_in_is_played(
    story: tuple[Path, list[Any]], apitrail_playback: Play
) -> None:
    played = apitrail_playback(story[0], event_source=("iam.amazonaws.com",))
    assert played.player.answers.size == 3
    with pytest.raises(ClientError, match="no s3:ListObjectsV2 was recorded"):
        client("s3").list_objects_v2(Bucket="invoices")


def test_tokens_and_times_need_not_be_the_recorded_ones(
    tmp_path: Path, apitrail_playback: Play
) -> None:
    def ask(make: Callable[..., Any], day: int) -> Any:
        found = make("cloudwatch").get_metric_statistics(
            Namespace="n", MetricName="m", Period=60, Statistics=["Sum"],
            StartTime=datetime(2026, 1, day, tzinfo=UTC), EndTime=datetime(2026, 1, day + 1, tzinfo=UTC),
        )  # fmt: skip
        made = make("secretsmanager").create_secret(Name="s", Description="d")["Name"]
        return found["Label"], made

    with mock_aws():
        studio = Studio()
        said = ask(studio.client, 1)
    apitrail_playback(studio.record(tmp_path / "trail"))
    assert ask(client, 20) == said


def test_a_secret_is_compared_and_played_as_what_stands_for_it(
    tmp_path: Path, apitrail_playback: Play
) -> None:
    with mock_aws():
        studio = Studio()
        studio.client("ssm").put_parameter(Name="/db", Value="hunter2", Type="SecureString")
        studio.client("ssm").get_parameter(Name="/db", WithDecryption=True)
    trail = studio.record(tmp_path / "trail")
    apitrail_playback(trail)
    ssm = client("ssm")
    assert ssm.put_parameter(Name="/db", Value="hunter2", Type="SecureString")["Version"] == 1
    with pytest.raises(ClientError, match=r"Value is .redacted:.* and was .redacted:"):
        ssm.put_parameter(Name="/db", Value="hunter3", Type="SecureString")
    [secret] = set(redactions([call.result for call in calls(trail)]))
    assert ssm.get_parameter(Name="/db", WithDecryption=True)["Parameter"]["Value"] == secret


def test_another_region_gets_its_own_answers_and_any_where_there_are_none(
    tmp_path: Path, apitrail_playback: Play
) -> None:
    with mock_aws():
        studio = Studio()
        for region in ("eu-west-1", "us-east-1"):
            studio.client("ec2", region).describe_availability_zones()
    apitrail_playback(studio.record(tmp_path / "trail"))

    def zone(region: str) -> str:
        ec2 = boto3.client("ec2", region_name=region)
        return str(ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"])

    assert [zone(r) for r in ("us-east-1", "eu-west-1", "us-east-1")] == [
        "us-east-1a", "eu-west-1a", "us-east-1a",
    ]  # fmt: skip
    assert zone("ap-south-1") == "eu-west-1a"


def test_a_body_kept_in_part_is_a_miss_with_the_reason(
    tmp_path: Path, apitrail_playback: Play
) -> None:
    from dataclasses import replace

    with mock_aws():
        studio = Studio()
        s3 = studio.client("s3")
        s3.create_bucket(
            Bucket="invoices", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        s3.put_object(Bucket="invoices", Key="big", Body=b"x" * 100)
        s3.get_object(Bucket="invoices", Key="big")
    last = studio.exchanges[-1]
    assert last.response is not None
    cut = replace(last.response.body, data=last.response.body.data[:10])
    studio.exchanges[-1] = replace(last, response=replace(last.response, body=cut))
    apitrail_playback(studio.record(tmp_path / "trail"))
    with pytest.raises(
        ClientError, match="cannot be played back: of its answer's 100 bytes 10 were"
    ):
        client("s3").get_object(Bucket="invoices", Key="big")


def test_what_was_not_recorded_is_forwarded_where_that_is_wanted(
    story: tuple[Path, list[Any]], tmp_path: Path, apitrail_playback: Play
) -> None:
    with mock_aws():
        studio = Studio()
        studio.client("iam").list_users()
    behind = apitrail_playback(studio.record(tmp_path / "behind"))
    played = apitrail_playback(story[0], upstream=behind.url)
    assert client("iam").list_users()["Users"] == []
    assert played.misses == [
        "no iam:ListUsers was recorded; of iam were CreateAccessKey, CreateUser, GetUser"
    ]
    assert client("iam").create_user(UserName="John")["User"]["UserName"] == "John"


def test_an_upstream_that_is_away_is_said(
    story: tuple[Path, list[Any]], apitrail_playback: Play
) -> None:
    apitrail_playback(story[0], upstream="http://127.0.0.1:9")
    with pytest.raises(ClientError, match="the upstream cannot be reached"):
        client("iam").list_users()


def test_without_the_key_only_the_length_of_a_secret_counts(
    tmp_path: Path, apitrail_playback: Play
) -> None:
    from apitrail.__main__ import run

    with mock_aws():
        studio = Studio()
        studio.client("ssm").put_parameter(Name="/db", Value="hunter2", Type="SecureString")
    trail = studio.record(tmp_path / "trail")
    bundle = tmp_path / "story.zip"
    assert run(["export", "--trail", str(trail), "-o", str(bundle)]) == 0
    (trail / "keys" / "redaction.key").unlink()
    for path in (bundle, trail):
        apitrail_playback(path)
        compared_by_length(client("ssm"))
    # Reading makes no keys.
    assert not (trail / "keys" / "redaction.key").exists()


def compared_by_length(ssm: Any) -> None:
    assert ssm.put_parameter(Name="/db", Value="hunter3", Type="SecureString")["Version"] == 1
    with pytest.raises(ClientError, match=r"a secret of 9 bytes.* and was .*a secret of 7 bytes"):
        ssm.put_parameter(Name="/db", Value="nine char", Type="SecureString")


@pytest.fixture
def port(story: tuple[Path, list[Any]]) -> Iterator[int]:
    with ExitStack() as stack:
        yield int(
            stack.enter_context(listener.running(listener.prepare(story[0]))).rpartition(":")[2]
        )


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 400),
        ("localhost", 400),
        ("invoices.localhost", 400),
        ("iam.amazonaws.com", 400),
        ("evil.example", 403),
        ("", 403),
    ],
)
def test_a_web_page_cannot_ask_under_its_own_name(port: int, host: str, status: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", "/", b"nonsense", {"Host": host})
    answer = connection.getresponse()
    assert answer.status == status
    answer.read()
    connection.close()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:4599"])
def test_a_web_page_cannot_ask_under_our_name(port: int, origin: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("POST", "/", b"nonsense", {"Host": "127.0.0.1", "Origin": origin})
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (403, b"Web pages are not served.\n")
    connection.close()


@pytest.mark.parametrize(
    ("host", "status"),
    [("play.example", 400), ("invoices.play.example:80", 400), ("evil.example", 403)],
)
def test_beyond_loopback_too_a_name_must_be_known(
    story: tuple[Path, list[Any]], host: str, status: int
) -> None:
    app = listener.App(listener.prepare(story[0]), ["Play.example"])
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"nonsense"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "scheme": "http", "http_version": "1.1", "raw_path": b"/",
        "query_string": b"", "headers": [(b"host", host.encode())], "server": ("192.0.2.7", 80),
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == status


def test_a_test_suite_uses_the_fixture_by_its_name_alone(
    story: tuple[Path, list[Any]], tmp_path: Path
) -> None:
    suite = tmp_path / "test_shop.py"
    suite.write_text(
        "import boto3\n"
        "def test_invoice(apitrail_playback):\n"
        f"    apitrail_playback({str(story[0])!r})\n"
        "    user = boto3.client('iam').create_user(UserName='John')['User']\n"
        "    assert user['Arn'].endswith(':user/John')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(suite)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_nothing_is_recorded_that_has_no_answer(story: tuple[Path, list[Any]]) -> None:
    player = listener.prepare(story[0], Filter())
    assert player.answers.size == len(calls(story[0]))
    assert json.dumps(player.answers.regions)
