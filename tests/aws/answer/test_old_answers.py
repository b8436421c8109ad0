"""Answers to clients of SQS's former protocol."""

from __future__ import annotations

import pytest

from apitrail.aws.answer import response
from apitrail.aws.call import Call
from apitrail.exchange import Body, Response


def test_old_sqs_client_gets_an_old_answer():
    body = """<ReceiveMessageResponse><ReceiveMessageResult><Message><MessageId>5fea7756</MessageId>
      <Body>This is a test message</Body>
      <Attribute><Name>SenderId</Name><Value>195004372649</Value></Attribute>
      <Attribute><Name>SentTimestamp</Name><Value>1238099229000</Value></Attribute>
      <MessageAttribute><Name>a</Name><Value><DataType>String</DataType>
        <StringValue>v</StringValue></Value></MessageAttribute></Message>
      <Message><MessageId>2</MessageId></Message></ReceiveMessageResult>
      <ResponseMetadata><RequestId>b6633655</RequestId></ResponseMetadata></ReceiveMessageResponse>"""
    call = response.parse(
        Call(service="sqs", operation="ReceiveMessage", protocol="query"),
        Response(status=200, http_version="HTTP/1.1", headers=(), body=Body.of(body.encode())),
    )
    assert call.result == {
        "Messages": [
            {
                "MessageId": "5fea7756",
                "Body": "This is a test message",
                "Attributes": {"SenderId": "195004372649", "SentTimestamp": "1238099229000"},
                "MessageAttributes": {"a": {"DataType": "String", "StringValue": "v"}},
            },
            {"MessageId": "2"},
        ]
    }
    assert (call.request_id, call.problems) == ("b6633655", ())


@pytest.mark.parametrize(
    ("operation", "inside", "result"),
    [
        ("ListQueues", "<QueueUrl>u</QueueUrl><QueueUrl>v</QueueUrl>", {"QueueUrls": ["u", "v"]}),
        ("GetQueueUrl", "<QueueUrl>u</QueueUrl>", {"QueueUrl": "u"}),
        ("ListQueueTags", "<Tag><Key>a</Key><Value>b</Value></Tag>", {"Tags": {"a": "b"}}),
        (
            "SendMessageBatch",
            (
                "<SendMessageBatchResultEntry><Id>1</Id></SendMessageBatchResultEntry>"
                "<BatchResultErrorEntry><Id>2</Id><Message>no</Message></BatchResultErrorEntry>"
            ),
            {"Successful": [{"Id": "1"}], "Failed": [{"Id": "2", "Message": "no"}]},
        ),
    ],
)
def test_other_old_sqs_answers(operation, inside, result):
    body = f"<{operation}Response><{operation}Result>{inside}</{operation}Result></{operation}Response>"
    call = response.parse(
        Call(service="sqs", operation=operation, protocol="query"),
        Response(status=200, http_version="HTTP/1.1", headers=(), body=Body.of(body.encode())),
    )
    assert call.result == result
