"""Empty containers that botocore demands, and that some protocols do not put on the wire."""

from __future__ import annotations

import pytest

from apitrail.aws import models
from apitrail.replay.recorded.left_out import completed
from studio import recorded


def made(service: str, operation: str, protocol: str, parameters: dict, **fields: object) -> dict:
    shape = models.operation(service, operation).input_shape
    call = recorded(
        service=service, operation=operation, protocol=protocol, parameters=parameters, **fields
    )
    return completed(call, shape)


@pytest.mark.parametrize(
    ("service", "operation", "protocol", "sent", "filled"),
    [
        ("sns", "CreatePlatformApplication", "query", {"Name": "n", "Platform": "ADM"},
         {"Attributes": {}}),
        ("elb", "CreateLoadBalancer", "query", {"LoadBalancerName": "l"}, {"Listeners": []}),
        ("cloudwatch", "PutMetricData", "query", {"Namespace": "n", "MetricData": []}, {}),
        ("sqs", "SetQueueAttributes", "query", {"QueueUrl": "u"}, {"Attributes": {}}),
        ("ec2", "CreateTags", "ec2", {"Resources": ["i-1"]}, {"Tags": []}),
        ("kafka", "UntagResource", "rest-json", {"ResourceArn": "a"}, {"TagKeys": []}),
        # JSON has a place for an empty one: what is not there was not sent.
        ("sqs", "SetQueueAttributes", "json", {"QueueUrl": "u"}, {}),
        ("dynamodb", "PutItem", "json", {"TableName": "t"}, {}),
        # What has required members of its own is not empty.
        ("ses", "SendEmail", "query", {"Source": "a@b.c", "Destination": {}}, {}),
        ("iam", "GetUser", "query", {}, {}),
    ],
)  # fmt: skip
def test_required_containers_that_were_empty_are_given(service, operation, protocol, sent, filled):
    assert made(service, operation, protocol, sent) == sent | filled


def test_a_refused_call_is_left_as_it_was():
    sent = {"Name": "n", "Platform": "ADM"}
    kept = made("sns", "CreatePlatformApplication", "query", sent, error="InvalidParameter")
    assert kept == sent


def test_containers_inside_of_others_are_given_too():
    sent = {"Source": "a@b.c", "Template": "t", "Destinations": [{}]}
    kept = made("ses", "SendBulkTemplatedEmail", "query", sent)
    assert kept["Destinations"] == [{"Destination": {}}]
