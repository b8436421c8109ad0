"""Which bodies are read whole before a call goes on."""

from __future__ import annotations

import pytest

from apitrail.aws import decode, held
from apitrail.aws.call import Call
from apitrail.aws.sign import auth
from aws.requests import FORM, request, target


def holds(made):
    route = decode.route(made, auth.read(made))
    while need := decode.needs(route):
        decode.prepare(need)
    return decode.holds(made, route)


@pytest.mark.parametrize(
    ("method", "path", "headers", "service"),
    [
        ("POST", "/", (target("PutItem"),), "dynamodb"),
        ("POST", "/", (FORM,), "iam"),
        ("POST", "/", (FORM,), "ec2"),
        ("POST", "/123456789012/q", (FORM,), "sqs"),
        ("POST", "/2015-03-31/functions", (), "lambda"),
        ("PUT", "/bucket?policy", (), "s3"),
        ("POST", "/bucket?delete", (), "s3"),
        (
            "POST",
            "/service/GraniteServiceVersion20100801/operation/PutMetricData",
            (("smithy-protocol", "rpc-v2-cbor"),),
            "monitoring",
        ),
    ],
)
def test_bodies_that_hold_parameters_are(method, path, headers, service):
    assert holds(request(method, path, *headers, service=service)) == 32 * 1024 * 1024


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("PUT", "/bucket/key", {"service": "s3"}),
        ("PUT", "/bucket/key?partNumber=1&uploadId=u", {"service": "s3"}),
        ("POST", "/2015-03-31/functions/f/invocations", {"service": "lambda"}),
        ("DELETE", "/bucket/key", {"service": "s3"}),
        ("POST", "/x", {"host": "a.lambda-url.eu-west-1.on.aws"}),
        ("POST", "/unknown", {}),
    ],
)
def test_others_stream(method, path, options):
    assert holds(request(method, path, **options)) == 0


def test_an_upload_of_a_browser_streams():
    kind = ("Content-Type", "multipart/form-data; boundary=B")

    assert holds(request("POST", "/bucket", kind, service="s3")) == 0


def test_every_protocol_has_a_limit():
    assert held.MOST == max(held.LONGEST.values()) == 32 * 1024 * 1024


@pytest.mark.parametrize(
    ("service", "operation", "protocol", "length"),
    [
        ("dynamodb", "Scan", "json", 32 * 1024 * 1024),
        ("ec2", "DescribeInstances", "ec2", 32 * 1024 * 1024),
        ("s3", "ListObjectsV2", "rest-xml", 32 * 1024 * 1024),
        ("lambda", "GetFunction", "rest-json", 32 * 1024 * 1024),
        ("s3", "GetObject", "rest-xml", 0),
        ("lambda", "Invoke", "rest-json", 0),
        ("kinesis", "SubscribeToShard", "json", 0),
        ("bedrock-runtime", "InvokeModelWithResponseStream", "rest-json", 0),
        ("s3", "DeleteObject", "rest-xml", 0),
        ("ecr", "GetDownloadUrlForNothing", "http", 1024 * 1024),
        (None, None, None, 0),
    ],
)
def test_of_an_answer_as_much_is_decoded_as_is_no_blob(service, operation, protocol, length):
    call = Call(service=service, operation=operation, protocol=protocol)
    assert held.longest_answer(call) == length
