"""A call that is described in two halves is described as if all of it had come at once."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import botocore.session
import pytest
from botocore.model import OperationModel

from apitrail.aws import decode
from apitrail.aws.sign import auth
from apitrail.exchange import Body, Exchange, Request, Response
from apitrail.identity.identity import Identity
from apitrail.recording.describing import Described, Describer
from apitrail.redact import Redactor
from apitrail.redact.keep import Keep
from aws import answers
from aws.generator import Generator
from aws.wire import Wire

SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261126/eu-west-1/secretsmanager/aws4_request,"
    " SignedHeaders=host, Signature=" + "0" * 64
)
CALLER = Identity(access_key_id="AKIAIOSFODNN7EXAMPLE", account="123456789012")


def exchange(request: Request) -> Exchange:
    return Exchange(
        id="11111111-2222-4333-8444-555555555555", started=1795330234000, client="10.0.0.7",
        request=request, upstream="https://x:443",
    )  # fmt: skip


def answered(asked: Exchange, status: int, body: bytes) -> Exchange:
    headers = (("x-amzn-RequestId", "r1"),)
    response = Response(status=status, http_version="HTTP/1.1", headers=headers, body=Body.of(body))
    return replace(asked, ended=1795330234123, response=response)


def describe(
    done: Exchange, *, halves: bool, keep: str = "full", after: Identity = CALLER
) -> Described:
    """The event of an exchange, at once or first without its answer."""
    describer = Describer(Redactor(bytes(32)), Keep.parse([{"level": keep}]))
    credential = auth.read(done.request)
    call = decode.request(done.request, credential)
    before = None
    if halves:
        asked = replace(done, ended=None, response=None)
        before = describer.describe(asked, call, credential, CALLER)
    if done.response is not None:
        call = decode.response(call, done.response)
    return describer.describe(done, call, credential, after, before=before)


def secrets_manager(operation: str, body: bytes) -> Request:
    return Request(
        method="POST", scheme="https", host="secretsmanager.eu-west-1.amazonaws.com", target="/",
        http_version="HTTP/1.1", body=Body.of(body),
        headers=(
            ("X-Amz-Target", f"secretsmanager.{operation}"), ("Authorization", SIGNED),
            ("Content-Type", "application/x-amz-json-1.1"),
        ),
    )  # fmt: skip


def test_a_secret_that_only_the_answer_tells_is_taken_out_of_the_request() -> None:
    asked = exchange(
        secrets_manager("GetSecretValue", b'{"SecretId":"db","VersionStage":"hunter2-of-the-test"}')
    )
    done = answered(asked, 200, b'{"Name":"n","SecretString":"hunter2-of-the-test"}')
    told = describe(done, halves=True)
    assert not any(b"hunter2-of-the-test" in content for content in told.facets.values())
    assert told.facets == describe(done, halves=False).facets


def test_what_did_not_change_is_not_written_again() -> None:
    asked = exchange(secrets_manager("DescribeSecret", b'{"SecretId":"db"}'))
    describer = Describer(Redactor(bytes(32)), Keep())
    credential = auth.read(asked.request)
    call = decode.request(asked.request, credential)
    before = describer.describe(asked, call, credential, CALLER)
    done = answered(asked, 200, b'{"Name":"db"}')
    after = describer.describe(
        done, decode.response(call, done.response), credential, CALLER, before=before
    )
    assert after.facets["who"] is before.facets["who"]
    assert after.facets["request"] is before.facets["request"]


def test_a_caller_who_was_learned_is_told() -> None:
    asked = exchange(secrets_manager("DescribeSecret", b'{"SecretId":"db"}'))
    done = answered(asked, 200, b'{"Name":"db"}')
    john = replace(CALLER, type="IAMUser", user_name="John")
    told = describe(done, halves=True, after=john)
    assert told.event.record()["userIdentity"]["userName"] == "John"
    assert told.facets == describe(done, halves=False, after=john).facets


def by(
    identity: Identity = CALLER,
    *,
    run: dict[str, object] | None = None,
    operator: str | None = None,
    client: str = "10.0.0.7",
    agent: str = "aws-cli/2",
    keep: str = "full",
) -> Described:
    """A call of somebody's, described once more."""
    asked = exchange(secrets_manager("DescribeSecret", b'{"SecretId":"db"}'))
    request = replace(asked.request, headers=(*asked.request.headers, ("User-Agent", agent)))
    made = replace(asked, request=request, client=client)
    describer = Describer(Redactor(bytes(32)), Keep.parse([{"level": keep}]))
    credential = auth.read(request)
    call = decode.request(request, credential)
    return describer.describe(made, call, credential, identity, run=run, operator=operator)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        {"client": "10.0.0.8"}, {"agent": "aws-cli/3"}, {"operator": "ann"}, {"agent": "x" * 5_000},
        {"run": {"id": "r2"}}, {"run": {"id": "r1", "labels": {"build": "7"}}},
        {"identity": replace(CALLER, user_name="John", type="IAMUser")},
        {"agent": "curl --user ann:hunter2-of-the-test"},
    ],
    ids=str,
)  # fmt: skip
def test_each_caller_is_told_for_itself(other: dict[str, Any]) -> None:
    run = {"id": "r1"}
    usual = by(run=run)
    told = [by(**{"run": run, **other}) for _ in range(2)]
    assert usual.facets["who"] == by(run=run).facets["who"]
    assert told[0].facets["who"] == told[1].facets["who"] != usual.facets["who"]
    assert told[0].facets["who"] == told[0].event.facets()["who"]
    assert b"hunter2-of-the-test" not in told[1].facets["who"]


@pytest.mark.parametrize("keep", ["none", "metadata", "request", "full"])
def test_the_searchable_side_is_that_of_the_event(keep: str) -> None:
    told = by(run={"id": "r1", "labels": {"a": "b"}}, operator="ann", keep=keep)
    assert told.row == told.event.row()
    assert told.row.operator == "ann"


@pytest.mark.parametrize("keep", ["none", "metadata", "request", "full"])
@pytest.mark.parametrize("status", [200, 400])
def test_every_level_of_keeping_is_the_same_in_halves(keep: str, status: int) -> None:
    asked = exchange(
        secrets_manager("PutSecretValue", b'{"SecretId":"db","SecretString":"s3cret"}')
    )
    done = answered(asked, status, b'{"ARN":"arn:aws:secretsmanager:eu-west-1:1:secret:db-1"}')
    told = describe(done, halves=True, keep=keep)
    assert told.facets == describe(done, halves=False, keep=keep).facets
    assert (told.redacted is None) == (keep == "none")


def body_of(operation: OperationModel, protocol: str) -> bytes:
    """An answer that the model makes up; none where it has no output."""
    if operation.output_shape is None:
        return b""
    result = answers.Results(operation.name, protocol).output(operation.output_shape)
    return bytes(answers.write(operation, protocol, result, random.Random(operation.name)).body)


SERVICES = ("dynamodb", "ec2", "iam", "kms", "lambda", "rds", "s3", "secretsmanager", "sqs", "sts")


@pytest.mark.parametrize("service", SERVICES)
def test_operations_are_described_in_halves_as_at_once(service: str) -> None:
    wire = Wire()
    client = wire.client(service)
    model = botocore.session.get_session().get_service_model(service)
    for name in list(model.operation_names)[::5]:
        operation = model.operation_model(name)
        sent = wire.send(client, name, Generator(name).parameters(operation))
        protocol = model.resolved_protocol
        done = answered(exchange(sent.request), 200, body_of(operation, protocol))
        assert describe(done, halves=True).facets == describe(done, halves=False).facets, name
