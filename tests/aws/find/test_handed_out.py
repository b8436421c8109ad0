"""Endpoints that describe calls hand out: what real clients send there is what is recorded."""

from __future__ import annotations

import pytest

from apitrail.aws import decode
from apitrail.aws.find import handed_out, host
from apitrail.aws.sign import auth
from aws.wire import Wire

R = "eu-west-1.amazonaws.com"
CALLS = [
    ("iot-data", f"abc-ats.iot.{R}", "DeleteThingShadow", {"thingName": "t1"}),
    (
        "iot-data",
        f"abc-ats.iot.{R}",
        "UpdateThingShadow",
        {"thingName": "t1", "payload": b"{}"},
    ),
    ("iot-data", f"abc.iot.{R}", "GetThingShadow", {"thingName": "t1"}),
    ("iot-data", f"abc-ats.iot.{R}", "Publish", {"topic": "a/b"}),
    ("iot-jobs-data", f"abc.jobs.iot.{R}", "GetPendingJobExecutions", {"thingName": "t"}),
    (
        "iot-jobs-data",
        f"abc.jobs.iot.{R}",
        "DescribeJobExecution",
        {"jobId": "j", "thingName": "t"},
    ),
    ("cloudsearchdomain", f"search-d-1a2b.eu-west-1.cloudsearch.{R[10:]}", "Search", {"query": "q"}),
    (
        "cloudsearchdomain",
        f"doc-d-1a2b.eu-west-1.cloudsearch.{R[10:]}",
        "Suggest",
        {"query": "q", "suggester": "s"},
    ),
    (
        "apigatewaymanagementapi",
        f"a1b2.execute-api.{R}/prod",
        "PostToConnection",
        {"ConnectionId": "c=", "Data": b"x"},
    ),
    ("apigatewaymanagementapi", f"a1b2.execute-api.{R}/p", "DeleteConnection", {"ConnectionId": "c"}),
    (
        "kinesis-video-media",
        f"s-1a2b.kinesisvideo.{R}",
        "GetMedia",
        {"StreamName": "s", "StartSelector": {"StartSelectorType": "NOW"}},
    ),
    ("kinesis-video-archived-media", f"b-1a2b.kinesisvideo.{R}", "ListFragments", {"StreamName": "s"}),
    ("mediastore-data", f"abc.data.mediastore.{R}", "DeleteObject", {"Path": "a/b"}),
    ("mediastore-data", f"abc.data.mediastore.{R}", "ListItems", {}),
    ("mediaconvert", f"abc.mediaconvert.{R}", "CancelJob", {"Id": "j"}),
    ("timestream-write", f"ingest-cell2.timestream.{R}", "TagResource", {"ResourceARN": "a", "Tags": []}),
    ("timestream-query", f"query-cell1.timestream.{R}", "TagResource", {"ResourceARN": "a", "Tags": []}),
    ("neptunedata", f"c.cluster-1a2b.eu-west-1.neptune.{R[10:]}:8182", "GetEngineStatus", {}),
    ("neptunedata", f"c.cluster-1a2b.eu-west-1.neptune.{R[10:]}:8182", "CancelGremlinQuery", {"queryId": "q"}),
    ("dynamodb", f"123456789012.ddb.{R}", "DeleteTable", {"TableName": "t"}),
]  # fmt: skip
STAND_INS = ("localhost:4566", "sqs.eu-west-1.localhost.localstack.cloud:4566", "127.0.0.1:5000")


def sent(service, place, operation, parameters):
    wire = Wire()
    client = wire.client(service, endpoint_url=f"https://{place}")
    return wire.send(client, operation, parameters)


def decoded(request):
    return decode.request(request, auth.read(request))


@pytest.mark.parametrize(("service", "place", "operation", "parameters"), CALLS)
def test_a_handed_out_endpoint_is_its_service_s(service, place, operation, parameters):
    made = sent(service, place, operation, parameters)

    found = decoded(made.request)

    assert (found.service, found.operation) == (service, operation)
    assert found.parameters == made.parameters
    assert found.problems == ()


@pytest.mark.parametrize("place", STAND_INS)
@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [(service, name, given) for service, _, name, given in CALLS if name != "TagResource"],
)
def test_at_a_stand_in_the_signature_decides(service, operation, parameters, place):
    stage = "/prod" if service == "apigatewaymanagementapi" else ""

    found = decoded(sent(service, place + stage, operation, parameters).request)

    assert (found.service, found.operation) == (service, operation)


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("data.iot.eu-west-1.amazonaws.com", "iot-data"),
        ("iot.eu-west-1.amazonaws.com", None),
        ("cloudsearch.eu-west-1.amazonaws.com", None),
        ("ingest.timestream.eu-west-1.amazonaws.com", None),
        ("rds.eu-west-1.amazonaws.com", None),
    ],
)
def test_a_service_s_own_name_is_no_handed_out_one(name, service):
    assert handed_out.service(host.parse(name)) == service
