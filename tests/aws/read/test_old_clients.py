"""Clients older than today's models."""

from __future__ import annotations

from aws.requests import FORM, call, named


def test_old_sqs_client_posts_a_form_to_the_queue():
    body = (
        b"Action=SendMessage&Version=2012-11-05&MessageBody=hi+there&DelaySeconds=5"
        b"&MessageAttribute.1.Name=a&MessageAttribute.1.Value.DataType=String"
        b"&MessageAttribute.1.Value.StringValue=v%2Bw"
    )

    found = call(
        "POST",
        "/123456789012/q",
        FORM,
        body=body,
        service="sqs",
        host="sqs.eu-west-1.amazonaws.com",
    )

    assert named(found) == ("sqs", "SendMessage")
    assert found.protocol == "query"
    assert found.problems == ()
    assert found.parameters == {
        "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/q",
        "MessageBody": "hi there",
        "DelaySeconds": 5,
        "MessageAttributes": {"a": {"DataType": "String", "StringValue": "v+w"}},
    }


def test_old_sqs_batch_names_its_entries_after_their_shape():
    body = (
        b"Action=DeleteMessageBatch&QueueUrl=u"
        b"&DeleteMessageBatchRequestEntry.2.Id=two&DeleteMessageBatchRequestEntry.10.Id=ten"
    )

    found = call("POST", "/", FORM, body=body, service="sqs")

    assert found.parameters == {"QueueUrl": "u", "Entries": [{"Id": "two"}, {"Id": "ten"}]}


def test_old_cloudwatch_client_sends_a_form():
    body = (
        b"Action=PutMetricData&Version=2010-08-01&Namespace=n"
        b"&MetricData.member.1.MetricName=m&MetricData.member.1.Value=1.5"
    )

    found = call("POST", "/", FORM, body=body, service="monitoring")

    assert found.parameters == {
        "Namespace": "n",
        "MetricData": [{"MetricName": "m", "Value": 1.5}],
    }


def test_cloudfront_of_a_date_that_botocore_never_had():
    found = call("GET", "/2013-05-12/distribution/E1", service="cloudfront", region="us-east-1")

    assert named(found) == ("cloudfront", "GetDistribution")
    assert found.parameters == {"Id": "E1"}
