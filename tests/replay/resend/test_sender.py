"""Sending: credentials, and answers of every kind as they were on the wire."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import boto3
import pytest
from moto import mock_aws

from apitrail.aws.call import Blob
from apitrail.errors import UsageError
from apitrail.replay.resend.plan import Outgoing
from apitrail.replay.resend.sender import Sender
from studio import REGION


def outgoing(operation: str, *, succeeds: bool = True, **parameters: object) -> Outgoing:
    return Outgoing(
        service="s3", operation=operation, region=REGION, parameters=parameters, succeeds=succeeds
    )


@mock_aws
def test_a_stream_is_known_by_its_digest() -> None:
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket="streams", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="streams", Key="k", Body=b"five5")
    call = Sender(None)(outgoing("GetObject", Bucket="streams", Key="k")).call
    assert call is not None
    assert isinstance((call.result or {})["Body"], Blob)
    assert (call.result or {})["Body"].length == 5


@mock_aws
def test_a_refusal_is_an_answer() -> None:
    call = Sender(None)(outgoing("GetObject", Bucket="nowhere", Key="k")).call
    assert call is not None
    assert call.error is not None
    assert (call.error.code, call.result) == ("NoSuchBucket", None)


@mock_aws
def test_what_botocore_itself_refuses_is_sent_where_a_refusal_is_due() -> None:
    for succeeds in (True, False):
        answer = Sender(None)(
            Outgoing(
                service="dynamodb", operation="DescribeTable", region=REGION,
                parameters={"TableName": ""}, succeeds=succeeds,
            )
        )  # fmt: skip
        assert str(answer.failure).startswith("ParamValidationError: ") is succeeds
        assert (answer.call is None) is succeeds


@mock_aws
def test_the_caller_is_told() -> None:
    assert Sender(None).caller().account == "123456789012"


def test_without_credentials_nothing_is_tried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="no credentials to sign with") as refused:
        Sender("http://127.0.0.1:9")
    assert "--profile" in str(refused.value.hint)


def test_a_profile_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="nobody"):
        Sender("http://127.0.0.1:9", profile="nobody")


class _Plain(BaseHTTPRequestHandler):
    """Answers as a gateway without its server does: no word of any protocol."""

    def do_POST(self) -> None:
        self.send_response(404)
        self.end_headers()
        self.wfile.write(b"not found")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(
    ("service", "operation"),
    [("iam", "ListUsers"), ("ec2", "DescribeVpcs"), ("sqs", "ListQueues"), ("lambda", "Invoke")],
)
def test_an_answer_that_is_no_answer_of_the_service_is_told(service: str, operation: str) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Plain) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        parameters = {"FunctionName": "f"} if service == "lambda" else {}
        answer = Sender(f"http://127.0.0.1:{server.server_port}")(
            Outgoing(
                service=service, operation=operation, region=REGION,
                parameters=parameters, succeeds=False,
            )
        )  # fmt: skip
        server.shutdown()
    assert answer.call is not None
    assert answer.call.error is not None
    assert answer.call.error.code == "404"
