"""Responses: results, errors in all their forms, ids, and what is left of broken ones."""

import gzip
import json
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apitrail.aws import decode, models
from apitrail.aws.answer import response
from apitrail.aws.call import Call, Error
from apitrail.exchange import Body, Response
from apitrail.redact import Redactor
from aws import answers
from aws.responses import CALLS, parse

# --- results


def test_secret_is_marked_only_where_it_is():
    assert parse("secret", 200, '{"SecretString": "x"}').sensitive_result == {("SecretString",)}
    assert parse("secret", 200, '{"Name": "x"}').sensitive_result == frozenset()


def test_body_that_was_not_kept_whole_leaves_the_headers():
    body = Body(data=b"<Copy", length=500, sha256=bytes(32))
    headers = (("x-amz-version-id", "v1"),)
    answer = Response(status=200, http_version="HTTP/1.1", headers=headers, body=body)
    call = response.parse(CALLS["copy"], answer)
    assert call.result == {"VersionId": "v1"}
    assert call.problems == ("response body was not kept whole",)


def test_slow_copy_starts_with_white_space():
    body = "\n\n   <?xml version='1.0'?><CopyObjectResult><ETag>e</ETag></CopyObjectResult>"
    assert parse("copy", 200, body).result == {"CopyObjectResult": {"ETag": "e"}}


@pytest.mark.parametrize("name", ["sts", "ec2", "dynamodb", "lambda", "s3", "metrics"])
def test_empty_body_is_an_empty_result(name):
    call = parse(name, 200)
    assert (call.result, call.error, call.problems) == ({}, None, ())


def test_unknown_operation_has_no_result():
    call = parse("unknown", 200, b"{}", ("x-amzn-RequestId", "r"))
    assert (call.result, call.error, call.request_id) == (None, None, "r")


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_compressed_body(encoding, compress):
    call = parse("secret", 200, compress(b'{"Name": "n"}'), ("Content-Encoding", encoding))
    assert call.result == {"Name": "n"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"not gzip", "response body is not compressed as its header says"),
        (gzip.compress(b"{}", mtime=0)[:-9], "compressed response body is cut off"),
        (
            gzip.compress(bytes(response.MOST_BYTES + 1), mtime=0),
            "response body is too large to decode",
        ),
    ],
)
def test_broken_compression_is_a_doubt(body, problem):
    call = parse("secret", 200, body, ("Content-Encoding", "gzip"))
    assert (call.result, call.problems) == ({}, (problem,))


@pytest.mark.parametrize(
    ("service", "body"),
    [
        ("secret", '{"Name": "n", "Novel": {"MasterPassword": "s3cr3t"}, "AuthToken": "s3cr3t"}'),
        (
            "ec2",
            "<R><vpcSet><item><novel><authToken>s3cr3t</authToken></novel></item></vpcSet></R>",
        ),
    ],
)
def test_a_secret_in_what_the_model_does_not_have_is_redacted(service, body):
    call = parse(service, 200, body)

    assert "s3cr3t" not in str(Redactor(bytes(32)).call(call))


def test_a_doubt_about_the_answer_is_none_about_what_was_asked():
    asked = CALLS["dynamodb"].doubting("asked")
    junk = Response(status=200, http_version="HTTP/1.1", headers=(), body=Body.of(b"junk"))

    call = decode.response(asked, junk)

    assert call.doubts_asked == ("asked",)
    assert len(call.problems) == 2


# --- event streams


# --- errors


@pytest.mark.parametrize(
    ("name", "request_id"), [("ec2", "body"), ("iam", "body"), ("s3", "header")]
)
def test_request_id_is_the_one_that_boto3_shows(name, request_id):
    body = "<Error><Code>c</Code><RequestId>body</RequestId></Error>"
    call = parse(name, 400, body, ("x-amzn-RequestId", "header"))
    assert call.request_id == request_id


def test_error_body_that_was_not_kept_leaves_the_status():
    body = Body(data=b'{"__ty', length=700, sha256=bytes(32))
    answer = Response(status=400, http_version="HTTP/1.1", headers=(), body=body)
    call = response.parse(CALLS["dynamodb"], answer)
    assert call.error == Error(code="400", message="Bad Request")
    assert call.problems == ("response body was not kept whole",)


def test_redirect_after_a_browser_upload_is_success():
    call = parse("post", 303, b"", ("Location", "https://example.com/?key=k"), ("ETag", '"e"'))
    assert call.error is None
    assert call.result == {"Location": "https://example.com/?key=k", "ETag": '"e"'}


def test_refused_browser_upload():
    body = "<Error><Code>AccessDenied</Code><Message>m</Message></Error>"
    assert parse("post", 403, body).error == Error(code="AccessDenied", message="m")


def test_earlier_problems_stay():
    call = response.parse(
        Call(problems=("a",)), Response(status=200, http_version="HTTP/1.1", headers=())
    )
    assert call.problems == ("a",)


# --- hostile bodies

BILLION = """<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<AssumeRoleResponse>&b;</AssumeRoleResponse>"""


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("sts", BILLION),
        ("s3", BILLION),
        ("s3", "<a>" * 5000 + "</a>" * 5000),
        ("s3", "<Tagging"),
        ("dynamodb", '{"Item": ' + '{"M": {"a": ' * 5000 + "1" + "}}" * 5000 + "}"),
        ("dynamodb", '{"Item": {"k": {"L": ' + "[" * 100_000),
        ("dynamodb", "[1, 2]"),
        ("dynamodb", '{"Item": 7}'),
        ("dynamodb", b"\xff\xfe"),
        ("dynamodb", '{"ConsumedCapacity": {"CapacityUnits": 1' + "0" * 5000 + "}}"),
        ("metrics", b"\x9f" * 5000),
        ("metrics", b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("metrics", b"\xa1\x6aDashboardArn"),
        ("lambda", '"text"'),
    ],
)
def test_hostile_body_is_a_doubt(name, body):
    call = parse(name, 200, body)
    assert call.error is None
    assert call.problems


@pytest.mark.parametrize("name", ["iam", "dynamodb", "metrics", "s3"])
def test_hostile_error_body_leaves_the_status(name):
    call = parse(name, 400, BILLION)
    assert call.error == Error(code="400", message="Bad Request")
    assert call.problems


def real_messages():
    """A few hundred responses of many operations in all protocols, successes and errors."""
    found = []
    for service in ("dynamodb", "lambda", "iam", "ec2", "s3", "kinesis", "cloudwatch", "route53"):
        model = models.service(service)
        for protocol in model.metadata.get("protocols") or [model.metadata["protocol"]]:
            for name in model.operation_names[::17]:
                operation = model.operation_model(name)
                rng = random.Random(name)
                call = Call(service=service, operation=name, protocol=protocol)
                if operation.output_shape is not None:
                    value = answers.Results(name, protocol).output(operation.output_shape)
                    found.append((call, answers.write(operation, protocol, value, rng)))
                for shape in operation.error_shapes[:1]:
                    written, _ = answers.refuse(protocol, shape, "m", rng, compatible=False)
                    found.append((call, written))
    return found


REAL = real_messages()


@settings(max_examples=400)
@given(data=st.data())
def test_mutated_messages_never_raise(data):
    call, written = data.draw(st.sampled_from(REAL))
    body = bytearray(written.body)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(body)))
        body[at : at + data.draw(st.integers(0, 8))] = data.draw(
            st.binary(max_size=8) | st.sampled_from([b"<", b"{", b"[[", b"null", b"\xff", b"&x;"])
        )
    headers = [
        (name, data.draw(st.sampled_from([value, "", "junk", "9" * 400, "\xff,\x00"])))
        for name, value in written.headers
    ]
    if data.draw(st.booleans()):
        headers.append(("Content-Encoding", data.draw(st.sampled_from(["gzip", "x", ""]))))
    answer = Response(
        status=data.draw(st.sampled_from([written.status, 100, 204, 302, 500])),
        http_version="HTTP/1.1",
        headers=tuple(headers),
        body=Body.of(bytes(body)),
    )
    parsed = response.parse(call, answer)
    assert (parsed.error is None) == (parsed.result is not None)


@given(
    name=st.sampled_from(sorted(CALLS)),
    status=st.sampled_from([200, 206, 303, 400, 500, 599]),
    body=st.binary(max_size=100)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["Item", "M", "L", "message", "__type", "Code", "Configuration"]),
                inner,
            )
        ),
    ).map(lambda tree: json.dumps(tree).encode()),
    content_type=st.sampled_from(["application/json", "application/cbor", "text/html", ""]),
)
def test_junk_never_raises(name, status, body, content_type):
    parse(name, status, body, ("Content-Type", content_type))
