"""Bodies written anew for a sample of all operations are read back as what they were made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.loaders
import pytest
from botocore.model import OperationModel, ServiceModel

from apitrail.aws.answer import response
from apitrail.aws.call import Call
from apitrail.event import plain
from apitrail.exchange import Body, Response
from apitrail.replay.playback import answer_body
from aws.answers import IN_HEAD, Results

LOADER = botocore.loaders.Loader()
SECRET = f"redacted:hmac-sha256:a5663de7:{'v' * 43}:24"
# One of each protocol and those that have a way of their own.
SERVICES = (
    "iam", "sts", "sns", "cloudformation", "autoscaling", "ec2", "s3", "route53", "cloudfront", "dynamodb",
    "kms", "sqs", "secretsmanager", "ecs", "lambda", "apigateway", "eks", "cloudwatch", "arc-region-switch",
)  # fmt: skip
# The deprecated member `Event` and the list `Events` are written as the same element; a bucket's
# location is not as modelled. Neither holds a secret.
PECULIAR = {"GetBucketNotification", "GetBucketLocation"}


def operations(service: str) -> Iterator[tuple[OperationModel, str]]:
    model = ServiceModel(LOADER.load_service_model(service, "service-2"), service)
    for name in model.operation_names:
        operation = model.operation_model(name)
        streams = operation.has_event_stream_output or operation.has_streaming_output
        if operation.output_shape is None or streams or name in PECULIAR:
            continue
        for protocol in model.metadata.get("protocols", [model.metadata["protocol"]]):
            if protocol in answer_body.TYPES:
                yield operation, protocol


def read(operation: OperationModel, protocol: str, data: bytes) -> Any:
    call = Call(
        service=operation.service_model.service_name, operation=operation.name, protocol=protocol
    )
    answer = Response(status=200, http_version="HTTP/1.1", headers=(), body=Body.of(data))
    found = response.parse(call, answer)
    assert found.problems == ()
    return plain(found.result)


def in_the_body(operation: OperationModel, protocol: str, value: dict[str, Any]) -> dict[str, Any]:
    """Without what headers carry, which are recorded as they were."""
    shape = operation.output_shape
    if not protocol.startswith("rest") or shape is None:
        return value
    return {n: v for n, v in value.items() if shape.members[n].serialization.get("location") not in IN_HEAD}  # fmt: skip


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_written_is_read_back(service: str) -> None:
    found = list(operations(service))
    assert found
    for operation, protocol in found[:: max(1, len(found) // 25)]:
        made = Results(operation.name, protocol).output(operation.output_shape)
        value = plain(in_the_body(operation, protocol, made))
        data = answer_body.success(operation, protocol, value, "request-id")
        again = in_the_body(operation, protocol, read(operation, protocol, data))
        assert again == value, (service, operation.name, protocol)


def operation(service: str, name: str) -> OperationModel:
    return ServiceModel(LOADER.load_service_model(service, "service-2"), service).operation_model(name)  # fmt: skip


def test_a_secret_is_what_stands_for_it() -> None:
    create = operation("iam", "CreateAccessKey")
    key = {"AccessKey": {"AccessKeyId": "AKIA", "SecretAccessKey": SECRET}}
    assert read(create, "query", answer_body.success(create, "query", key, "r")) == key


def test_secret_bytes_are_what_stands_for_them_and_a_secret_time_is_none() -> None:
    generate = operation("kms", "GenerateDataKey")
    found = read(
        generate, "json", answer_body.success(generate, "json", {"Plaintext": SECRET}, "r")
    )
    assert found["Plaintext"] == plain(SECRET.encode())
    token = operation("sts", "GetSessionToken")
    value = {"Credentials": {"SessionToken": SECRET, "Expiration": SECRET}}
    found = read(token, "query", answer_body.success(token, "query", value, "r"))
    assert found["Credentials"] == {"SessionToken": SECRET, "Expiration": "1970-01-01T00:00:00Z"}


@pytest.mark.parametrize("protocol", answer_body.TYPES)
def test_errors_are_read_back(protocol: str) -> None:
    data = answer_body.error(protocol, "NoSuchThing", 'no <such> "thing"', "r")
    headers = (("Content-Type", answer_body.TYPES[protocol]),)
    answer = Response(status=400, http_version="HTTP/1.1", headers=headers, body=Body.of(data))
    error = response.parse(
        Call(service="iam", operation="GetUser", protocol=protocol), answer
    ).error
    assert error is not None
    assert (error.code, error.message) == ("NoSuchThing", 'no <such> "thing"')
