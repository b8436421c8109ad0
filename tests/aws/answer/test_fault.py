"""Refusals in every form."""

from __future__ import annotations

import pytest

from apitrail.aws.call import Error
from aws import answers
from aws.responses import parse


@pytest.mark.parametrize(
    ("name", "status", "body", "headers", "error"),
    [
        (
            "iam",
            404,
            (
                "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>m</Message></Error>"
                "<RequestId>r</RequestId></ErrorResponse>"
            ),
            {},
            Error(code="NoSuchEntity", message="m", shape="NoSuchEntityException"),
        ),
        (
            "ec2",
            400,
            (
                "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>m</Message>"
                "</Error></Errors><RequestID>r</RequestID></Response>"
            ),
            {},
            Error(code="InvalidVpcID.NotFound", message="m"),
        ),
        (
            "dynamodb",
            400,
            '{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "m"}',
            {"x-amzn-requestid": "r"},
            Error(code="ResourceNotFoundException", message="m", shape="ResourceNotFoundException"),
        ),
        (
            "dynamodb",
            400,
            '{"__type": "com.amazon.coral.validate#ValidationException", "Message": "m"}',
            {"x-amzn-requestid": "r"},
            Error(code="ValidationException", message="m"),
        ),
        (
            "lambda",
            404,
            '{"Type": "User", "Message": "m"}',
            {
                "x-amzn-errortype": "ResourceNotFoundException:http://internal.amazon.com/coral/",
                "x-amzn-requestid": "r",
            },
            Error(code="ResourceNotFoundException", message="m", shape="ResourceNotFoundException"),
        ),
        (
            "lambda",
            400,
            '{"code": "ServiceException", "message": "m"}',
            {"x-amzn-requestid": "r"},
            Error(code="ServiceException", message="m", shape="ServiceException"),
        ),
        (
            "sqs",
            400,
            '{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "m"}',
            {
                "x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender",
                "x-amzn-requestid": "r",
            },
            Error(
                code="AWS.SimpleQueueService.NonExistentQueue",
                message="m",
                shape="QueueDoesNotExist",
            ),
        ),
        (
            "metrics",
            404,
            answers.plain_cbor(
                {"__type": "com.amazonaws.cloudwatch#ResourceNotFound", "message": "m"}
            ),
            {"content-type": "application/cbor", "x-amzn-requestid": "r"},
            Error(code="ResourceNotFound", message="m", shape="DashboardNotFoundError"),
        ),
        (
            "s3",
            404,
            (
                "<Error><Code>NoSuchTagSet</Code><Message>m</Message><RequestId>r</RequestId>"
                "<HostId>h</HostId></Error>"
            ),
            {},
            Error(code="NoSuchTagSet", message="m"),
        ),
        (
            "get",
            404,
            "<Error><Code>NoSuchKey</Code><Message>m</Message><RequestId>r</RequestId></Error>",
            {},
            Error(code="NoSuchKey", message="m", shape="NoSuchKey"),
        ),
        (
            "oidc",
            400,
            '{"error": "authorization_pending", "error_description": "m"}',
            {"x-amzn-errortype": "AuthorizationPendingException", "x-amzn-requestid": "r"},
            Error(
                code="AuthorizationPendingException",
                message="m",
                shape="AuthorizationPendingException",
            ),
        ),
        (
            "route53",
            400,
            (
                "<InvalidChangeBatch><Messages><Message>m</Message></Messages><RequestId>r</RequestId>"
                "</InvalidChangeBatch>"
            ),
            {},
            Error(code="InvalidChangeBatch", message="m", shape="InvalidChangeBatch"),
        ),
        (
            "unknown",
            403,
            (
                "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>m</Message></Error>"
                "<RequestId>r</RequestId></ErrorResponse>"
            ),
            {},
            Error(code="SignatureDoesNotMatch", message="m"),
        ),
        (
            "unknown",
            400,
            '{"__type": "UnrecognizedClientException", "message": "m"}',
            {"x-amzn-requestid": "r"},
            Error(code="UnrecognizedClientException", message="m"),
        ),
    ],
)
def test_error(name, status, body, headers, error):
    call = parse(name, status, body, *headers.items())
    assert call.error == error
    assert call.result is None
    assert call.request_id == "r"


@pytest.mark.parametrize("name", ["copy", "s3"])
def test_error_under_status_200(name):
    body = (
        "<Error><Code>InternalError</Code><Message>m</Message><RequestId>r</RequestId>"
        "<HostId>h</HostId></Error>"
    )
    call = parse(name, 200, body)
    assert call.error == Error(code="InternalError", message="m")
    assert (call.result, call.request_id, call.host_id) == (None, "r", "h")


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "Not Found"),
        (304, "Not Modified"),
        (301, "Moved Permanently"),
        (503, "Service Unavailable"),
    ],
)
def test_error_without_a_body_is_its_status(status, message):
    call = parse("head", status, b"", ("x-amz-request-id", "r"), ("x-amz-id-2", "h"))
    assert call.error == Error(code=str(status), message=message)
    assert (call.request_id, call.host_id) == ("r", "h")


@pytest.mark.parametrize(
    "body",
    [
        "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>",
        "<!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.01'><HTML><BODY>503</BODY></HTML>",
        "\r\n<HTML>\n",
    ],
)
@pytest.mark.parametrize("name", ["dynamodb", "s3", "iam", "metrics", "unknown"])
def test_page_of_a_load_balancer(name, body):
    call = parse(name, 503, body, ("Content-Type", "text/html"))
    assert call.error == Error(code="503", message="Service Unavailable")
    assert call.problems == ()


def test_plain_text_is_the_message():
    assert parse("dynamodb", 502, "upstream went away").error == Error(
        code="502", message="upstream went away"
    )
