"""An operation's output, read from headers and body."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apitrail.aws.answer import response
from apitrail.aws.call import Blob, EventStream, Map
from apitrail.exchange import Body, Response
from aws import answers
from aws.responses import CALLS, parse


def test_query_result():
    call = parse(
        "sts",
        200,
        """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleResult>
            <Credentials>
              <AccessKeyId>ASIAY34FZKBOKMUTVV7A</AccessKeyId>
              <SecretAccessKey>s/e+c</SecretAccessKey>
              <SessionToken>t</SessionToken>
              <Expiration>2026-01-02T03:04:05Z</Expiration>
            </Credentials>
            <PackedPolicySize>6</PackedPolicySize>
          </AssumeRoleResult>
          <ResponseMetadata><RequestId>c6104cbe</RequestId></ResponseMetadata>
        </AssumeRoleResponse>""",
    )
    assert call.result == {
        "Credentials": {
            "AccessKeyId": "ASIAY34FZKBOKMUTVV7A",
            "SecretAccessKey": "s/e+c",
            "SessionToken": "t",
            "Expiration": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        },
        "PackedPolicySize": 6,
    }
    assert call.request_id == "c6104cbe"
    assert call.sensitive_result == {("Credentials", "SecretAccessKey")}
    assert call.problems == ()


def test_streamed_payload_is_a_digest():
    call = parse("get", 200, b"hello", ("ETag", '"e"'), ("x-amz-meta-Key", "V"))
    body = Body.of(b"hello")
    assert call.result["Body"] == Blob(length=5, sha256=body.sha256)
    assert call.result["Metadata"] == Map({"Key": "V"})
    assert call.result["ETag"] == '"e"'


def test_streamed_payload_needs_no_whole_body():
    body = Body(data=b"he", length=5, sha256=Body.of(b"hello").sha256)
    answer = Response(status=200, http_version="HTTP/1.1", headers=(), body=body)
    call = response.parse(CALLS["get"], answer)
    assert call.result["Body"] == Blob(length=5, sha256=body.sha256)
    assert call.problems == ()


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (
            '<LocationConstraint xmlns="x">eu-west-1</LocationConstraint>',
            {"LocationConstraint": "eu-west-1"},
        ),
        ('<LocationConstraint xmlns="x"/>', {}),
    ],
)
def test_bucket_location(body, result):
    assert parse("location", 200, body).result == result


def test_events_are_counted():
    body = answers.frame({":event-type": "Records"}, b"x") * 2
    call = parse("select", 200, body + answers.frame({":event-type": "End"}, b""))
    assert call.result == {"Payload": EventStream(counts=Map({"Records": 2, "End": 1}))}


def test_initial_response_is_the_result():
    first = answers.frame({":event-type": "initial-response"}, b"{}")
    call = parse(
        "shards", 200, first + answers.frame({":event-type": "SubscribeToShardEvent"}, b"")
    )
    assert call.result == {"EventStream": EventStream(counts=Map({"SubscribeToShardEvent": 1}))}


def test_stream_that_was_not_kept_whole_is_counted_with_a_doubt():
    event = answers.frame({":event-type": "Records"}, b"x")
    body = Body(data=event + event[:9], length=9999, sha256=bytes(32))
    answer = Response(status=200, http_version="HTTP/1.1", headers=(), body=body)
    call = response.parse(CALLS["select"], answer)
    assert call.result["Payload"].counts == {"Records": 1}
    assert call.problems == (
        "response body was not kept whole",
        "event stream ends inside a frame",
    )


@pytest.mark.parametrize(("depth", "is_read"), [(32, True), (120, False)])
def test_only_so_deep(depth, is_read):
    body = '{"Item": {"k": ' + '{"M": {"a": ' * depth + '{"S": "x"}' + "}}" * depth + "}}"
    call = parse("dynamodb", 200, body)
    assert bool(call.result) is is_read
    assert call.problems == (() if is_read else ("response body is nested too deeply",))
