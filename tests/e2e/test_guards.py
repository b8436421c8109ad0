"""Real clients under each guard that comes with apitrail, against moto."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from apitrail.cli import apitrail
from apitrail.policy.guard_trial import attempt, tally
from apitrail.policy.loading import load
from apitrail.query import Filter
from apitrail.trail.reader import Reader
from machine import clean
from proxying import calls, kinds, recording

ACCOUNT = "123456789012"
REGION = "eu-west-1"
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": REGION,
}


def under(trail, moto, guards, act: Callable[[str], Any], *, watching: bool = False) -> Any:
    """What `act` gives, with the URL of a recorder in front of moto that has these guards."""

    async def scenario() -> Any:
        modes = (f"reverse:{moto}@127.0.0.1:0",)
        loaded = load(guards, {}, watching=watching)
        async with recording(trail, modes=modes, guards=loaded) as session:
            return await asyncio.to_thread(act, f"http://127.0.0.1:{session.listeners[0].port}")

    return asyncio.run(scenario())


def client(url, service, region=REGION):
    return boto3.session.Session().client(
        service, endpoint_url=url, region_name=region, aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key="secret",
    )  # fmt: skip


def refusal(call: Callable[..., Any], **parameters: Any) -> tuple[str, str, int] | None:
    """Code, message and number of retries of the refusal; None where the call passed."""
    try:
        call(**parameters)
    except ClientError as error:
        about = error.response["ResponseMetadata"]
        assert about["HTTPStatusCode"] == 403
        return error.response["Error"]["Code"], str(error), about["RetryAttempts"]
    return None


def test_read_only_in_each_protocol(tmp_path, moto):
    def act(url):
        client(url, "sts").get_caller_identity()  # so that the caller is known
        passed = [
            refusal(client(url, "s3").list_buckets),
            refusal(client(url, "ec2").describe_instances),
            refusal(client(url, "dynamodb").list_tables),
            refusal(client(url, "iam").list_users),
        ]
        refused = [
            refusal(client(url, "s3").create_bucket, Bucket="films"),
            refusal(client(url, "ec2").terminate_instances, InstanceIds=["i-12345678"]),
            refusal(client(url, "dynamodb").delete_table, TableName="films"),
            refusal(client(url, "iam").create_user, UserName="bob"),
            refusal(client(url, "sqs").create_queue, QueueName="films"),
            refusal(client(url, "lambda").delete_function, FunctionName="films"),
            refusal(client(url, "cloudwatch").put_metric_data, Namespace="x", MetricData=[]),
            refusal(client(url, "s3").put_object, Bucket="b", Key="k", Body=b"x" * 300_000),
        ]
        return passed, refused

    passed, refused = under(tmp_path, moto, ["read-only"], act)

    assert passed == [None] * 4
    assert all(found and found[0].startswith("AccessDenied") for found in refused)
    assert all(found[2] == 0 for found in refused)
    assert (
        "ec2:TerminateInstances on resource: arn:aws:ec2:eu-west-1:123456789012:instance/"
        in (refused[1][1])
    )
    assert f"User: arn:aws:sts::{ACCOUNT}:user/moto is not authorized to perform" in refused[1][1]
    assert kinds(tmp_path).count("denied") == 8
    assert kinds(tmp_path)[:2] == ["open", "policy"]
    denied = next(call for call in calls(tmp_path) if call.call.operation == "DeleteTable")
    assert denied.record()["errorCode"] == "AccessDenied"
    assert denied.call.status is None
    assert denied.what.decision["effect"] == "deny"
    assert denied.what.decision["action"] == "dynamodb:DeleteTable"
    allowed = next(call for call in calls(tmp_path) if call.call.operation == "ListTables")
    assert allowed.what.decision["effect"] == "allow"

    # Played through the guard again, each call is decided as it was.
    with Reader(tmp_path) as reader:
        tried = list(attempt(reader, Filter(), load(["read-only"], {})))
    was = [call.what.decision for call in calls(tmp_path)]
    assert [each.decision.effect for each in tried] == [each["effect"] for each in was]
    assert [each.decision.action for each in tried] == [each["action"] for each in was]
    found = tally(tmp_path, Filter(), load(["read-only"], {}))
    assert (found.calls, found.refused, len(found.rows())) == (13, 8, 8)
    assert tried[0].told()["decision"] == "allow"


def test_guard_test_tells_by_run_and_statement(tmp_path, moto):
    under(tmp_path, moto, [], lambda url: client(url, "sqs").create_queue(QueueName="films"))
    runner = CliRunner()
    table = runner.invoke(apitrail, ["--trail", str(tmp_path), "guard", "test", "read-only"])
    assert "sqs:CreateQueue" in table.stdout
    assert "1 of 1 call would have been refused" in table.stderr
    told = runner.invoke(
        apitrail, ["--trail", str(tmp_path), "guard", "test", "no-iam", "--output", "json"]
    )
    [line] = map(json.loads, told.stdout.splitlines())
    assert (line["decision"], line["guard"]) == ("allow", "no-iam")


def test_the_other_guards(tmp_path, moto):
    def act(url):
        sqs = client(url, "sqs")
        client(url, "sts").get_caller_identity()
        queue = sqs.create_queue(QueueName="guarded")["QueueUrl"]
        return [
            refusal(sqs.delete_queue, QueueUrl=queue),
            refusal(client(url, "iam").create_user, UserName="bob"),
            refusal(client(url, "sqs", "us-east-1").list_queues),
            refusal(client(url, "iam").list_users),
            refusal(sqs.list_queues),
        ]

    def act_alone(url):
        others = f"https://sqs.{REGION}.amazonaws.com/444455556666/q"
        sqs = client(url, "sqs")
        return [
            refusal(sqs.list_queues),
            refusal(sqs.send_message, MessageBody="x", QueueUrl=others),
        ]

    found = under(tmp_path, moto, ["no-delete", "no-iam", f"one-region={REGION}"], act)
    assert "guard 'no-delete' (statement NoDelete)" in found[0][1]
    assert "guard 'no-iam' (statement NoIdentities)" in found[1][1]
    assert "guard 'one-region=eu-west-1' (statement OneRegion)" in found[2][1]
    assert found[3:] == [None, None]
    # Whose account it is, the trail has learned from the call that asked who it is.
    passed, refused = under(tmp_path, moto, [f"sandbox-account={ACCOUNT}"], act_alone)
    assert passed is None
    assert "(statement OneOwner)" in refused[1]


def test_guards_that_watch_let_pass_and_mark(tmp_path, moto):
    def act(url):
        return refusal(client(url, "sqs").create_queue, QueueName="watched")

    assert under(tmp_path, moto, ["read-only"], act, watching=True) is None
    [call] = calls(tmp_path)
    assert (call.what.decision["effect"], call.what.decision["would"]) == ("watch", "deny")
    assert call.call.status == 200


def test_aws_cli_shows_why(tmp_path, moto):
    def act(url):
        command = [
            sys.executable,
            "-m",
            "awscli",
            "sqs",
            "purge-queue",
            "--queue-url",
            f"{url}/1/q",
        ]
        return subprocess.run(
            [*command, "--endpoint-url", url], env=clean() | KEYS, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    ended = under(tmp_path, moto, ["no-delete"], act)
    assert ended.returncode
    assert "is not authorized to perform: sqs:PurgeQueue" in ended.stderr


@pytest.mark.parametrize("guards", [[], ["read-only"]])
def test_a_call_that_may_be_two_is_not_let_through_by_a_guard(tmp_path, moto, guards):
    """`ambiguous = "record"` lets such calls pass, but not past a guard."""
    configuration = tmp_path / "config.toml"
    configuration.write_text('ambiguous = "record"\n')
    import http.client

    body = b"Action=ListUsers&Action=DeleteUser&UserName=bob&Version=2010-05-08"

    def act(url):
        connection = http.client.HTTPConnection(url.removeprefix("http://"))
        scope = f"AKIAIOSFODNN7EXAMPLE/20261123/{REGION}/iam/aws4_request"
        connection.request("POST", "/", body, {
            "Host": "iam.amazonaws.com", "Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, "
            f"Signature={'ab' * 32}",
        })  # fmt: skip
        answer = connection.getresponse()
        return answer.status, answer.read()

    async def scenario():
        modes = (f"reverse:{moto}@127.0.0.1:0",)
        async with recording(
            tmp_path / "trail", modes=modes, guards=load(guards, {}), configuration=configuration
        ) as session:
            return await asyncio.to_thread(act, f"http://127.0.0.1:{session.listeners[0].port}")

    status, said = asyncio.run(scenario())
    assert (status == 403 and b"only what can be told" in said) is bool(guards)
