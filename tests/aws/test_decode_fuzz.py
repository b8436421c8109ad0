"""Whatever is sent, decoding answers with a Call."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apitrail.aws import decode
from apitrail.aws.call import Call
from apitrail.aws.read import body, cbor, form_body, json_protocol, xml
from apitrail.aws.read.scalars import Doubts
from apitrail.aws.sign import auth
from apitrail.exchange import Body, Request
from aws.generator import Generator
from aws.wire import Wire

QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SERVICES = ("dynamodb", "ec2", "sqs", "s3", "lambda", "s3control", "monitoring", "rds", "nothing")
HEADERS = st.sampled_from(
    (
        "Content-Type", "Content-Encoding", "X-Amz-Target", "x-amz-content-sha256", "Smithy-Protocol",
        "x-amz-copy-source", "x-amz-meta-a", "x-amz-account-id", "User-Agent", "Range",
        "x-amz-decoded-content-length", "If-Modified-Since",
    )
)  # fmt: skip
VALUES = st.one_of(
    st.text(st.characters(max_codepoint=255), max_size=40),
    st.sampled_from(
        (
            "application/x-www-form-urlencoded", "multipart/form-data; boundary=B", "gzip", "deflate",
            "aws-chunked", "rpc-v2-cbor", "DynamoDB_20120810.GetItem", "AmazonSQS.SendMessage",
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "application/vnd.amazon.eventstream",
        )
    ),
)  # fmt: skip
TEXT = st.text(st.characters(max_codepoint=255), max_size=60)


@QUICK
@given(
    method=st.sampled_from(("GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "")),
    host=st.one_of(
        TEXT, st.sampled_from(("s3.amazonaws.com", "a.b.s3.eu-west-1.amazonaws.com", ""))
    ),
    target=st.one_of(TEXT, st.sampled_from(("/", "/b/k?acl", "/?Action=RunInstances", "/v2/apis"))),
    headers=st.lists(st.tuples(HEADERS, VALUES), max_size=5),
    data=st.one_of(st.binary(max_size=200), st.sampled_from((b"Action=GetUser&a.1.b=c", b"{}"))),
    service=st.sampled_from(SERVICES),
)
def test_arbitrary_requests_never_raise(method, host, target, headers, data, service):
    scope = f"Credential=AKIAQYLPMN5HFIQR7XYA/20260101/us-east-1/{service}/aws4_request"
    signed = ("Authorization", f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=00")
    made = Request(
        method=method,
        scheme="https",
        host=host,
        target=target,
        http_version="HTTP/1.1",
        headers=(*headers, signed),
        body=Body.of(data),
    )

    found = decode.request(made, auth.read(made))

    assert isinstance(found, Call)
    # The catch-all is a last resort: nothing that we know of gets there.
    assert not any(problem.startswith("decoding failed") for problem in found.problems)


@pytest.fixture(scope="module")
def real():
    wire, made = Wire(), []
    for service, operation in (
        ("dynamodb", "PutItem"), ("ec2", "RunInstances"), ("iam", "CreateUser"),
        ("s3", "PutBucketLifecycleConfiguration"), ("lambda", "CreateFunction"),
        ("cloudwatch", "PutMetricData"), ("eventbridgev2", "CreateSubscriber"),
    ):  # fmt: skip
        client = wire.client(service)
        model = client.meta.service_model.operation_model(operation)
        parameters = Generator(operation).parameters(model)
        made.append(wire.send(client, operation, parameters).request)
    return made


@QUICK
@given(data=st.data())
def test_mutated_requests_never_raise(real, data):
    made = data.draw(st.sampled_from(real))
    content = bytearray(made.body.data)
    for position in data.draw(st.lists(st.integers(0, max(len(content) - 1, 0)), max_size=8)):
        if content:
            content[position] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    mutated = Request(
        method=made.method,
        scheme=made.scheme,
        host=made.host,
        target=made.target + data.draw(TEXT),
        http_version=made.http_version,
        headers=made.headers,
        body=Body.of(bytes(content[:cut])),
    )

    found = decode.request(mutated, auth.read(mutated))

    assert not any(problem.startswith("decoding failed") for problem in found.problems)


@QUICK
@given(st.binary(max_size=300))
@pytest.mark.parametrize("parse", [cbor.parse, json_protocol.parse, xml.parse])
def test_parsers_answer_or_doubt(parse, data):
    parse(data, Doubts())


@QUICK
@given(st.binary(max_size=200))
def test_chunks_end_or_are_refused(data):
    try:
        content = b"".join(body.chunks(data))
    except ValueError:
        return
    assert len(content) < len(data)


@QUICK
@given(st.lists(st.tuples(TEXT, TEXT), max_size=20))
def test_trees_are_made_of_any_form(fields):
    form_body.tree(fields, Doubts())
