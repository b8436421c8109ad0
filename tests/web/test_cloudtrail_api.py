"""The API's other operations, and how it answers what it does not know."""

import json

import boto3
import pytest
from botocore import xform_name
from botocore.parsers import create_parser

import cloudtrails
import trails
from apitrail.web.cloudtrail_api import UNSUPPORTED, CloudTrail
from apitrail.web.content import Served
from cloudtrails import draft, record
from machine import until

TARGET = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."
ARN = f"arn:aws:cloudtrail:us-east-1:{cloudtrails.ACCOUNT}:trail/apitrail"
MODEL = boto3.client("cloudtrail", region_name="us-east-1").meta.service_model


@pytest.fixture
def api(tmp_path):
    path = cloudtrails.make(tmp_path / "trail", [draft(record(n)) for n in range(4)])
    return CloudTrail(Served(path, trails.Clock()))


@pytest.fixture
def ask(api):
    def call(operation, **members):
        """The answer as botocore reads it; an error's code."""
        status, answer = api.answer(TARGET + operation, json.dumps(members).encode())
        response = {"status_code": status, "headers": {}, "body": json.dumps(answer).encode()}
        model = MODEL.operation_model(operation)
        parsed = create_parser("json").parse(response, model.output_shape)
        parsed.pop("ResponseMetadata")
        if status != 200:
            code = parsed["Error"]["Code"]
            known = {error.name for error in model.error_shapes}
            assert code in known | {"ValidationException", "SerializationException"}
            return code
        unknown = set(answer) - set(model.output_shape.members)
        assert not unknown
        return parsed

    return call


def test_every_operation_is_done_or_said_not_to_be(api):
    assert set(api.operations) | UNSUPPORTED == set(MODEL.operation_names)
    assert not set(api.operations) & UNSUPPORTED


@pytest.mark.parametrize("operation", ["CreateTrail", "DeleteTrail", "StopLogging"])
def test_what_is_not_done_is_unsupported(api, operation):
    status, answer = api.answer(TARGET + operation, b"{}")
    assert (status, answer["__type"]) == (400, "UnsupportedOperationException")


@pytest.mark.parametrize("target", ["", "LookupEvents", TARGET + "Look", "DynamoDB_20120810.Scan"])
def test_what_there_is_not_is_unknown(api, target):
    status, answer = api.answer(target, b"{}")
    assert (status, answer["__type"]) == (400, "UnknownOperationException")


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b"\xff", b"[" * 100_000])
def test_what_is_no_structure_does_not_serialize(api, body):
    status, answer = api.answer(TARGET + "LookupEvents", body)
    assert (status, answer["__type"]) == (400, "SerializationException")


def test_the_trail_is_described(ask):
    [about] = ask("DescribeTrails")["trailList"]
    assert (about["Name"], about["TrailARN"], about["HasCustomEventSelectors"]) == (
        "apitrail", ARN, False,
    )  # fmt: skip
    assert ask("DescribeTrails", trailNameList=[ARN])["trailList"] == [about]
    assert ask("DescribeTrails", trailNameList=["other"])["trailList"] == []
    assert ask("GetTrail", Name="apitrail") == {"Trail": about}
    assert ask("ListTrails")["Trails"] == [
        {"TrailARN": ARN, "Name": "apitrail", "HomeRegion": "us-east-1"}
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("other", "TrailNotFoundException"),
        (ARN.replace("apitrail", "other"), "TrailNotFoundException"),
        ("a name", "InvalidTrailNameException"),
        ("arn:aws:s3:::bucket", "CloudTrailARNInvalidException"),
    ],
)
@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("GetTrail", "Name"),
        ("GetTrailStatus", "Name"),
        ("GetEventSelectors", "TrailName"),
        ("PutEventSelectors", "TrailName"),
    ],
)
def test_a_trail_that_is_not_ours_gets_cloudtrails_exceptions(ask, operation, member, name, code):
    assert ask(operation, **{member: name}) == code


def test_a_required_member_is_required(ask):
    assert ask("GetTrail") == "ValidationException"


def test_the_status_tells_whether_a_recorder_runs(ask):
    status = ask("GetTrailStatus", Name=ARN)
    assert status["IsLogging"] is False
    assert status["StartLoggingTime"].timestamp() == trails.T0 // 1000 - 1
    assert status["StopLoggingTime"].timestamp() == trails.T0 // 1000 + 3


def test_there_are_no_tags(ask):
    assert ask("ListTags", ResourceIdList=[ARN])["ResourceTagList"] == [
        {"ResourceId": ARN, "TagsList": []}
    ]
    assert ask("ListTags", ResourceIdList=["x"]) == "CloudTrailARNInvalidException"
    assert ask("ListTags", ResourceIdList=[ARN + "2"]) == "ResourceNotFoundException"


def test_there_are_no_public_keys_before_there_are_digests(ask):
    assert ask("ListPublicKeys") == {"PublicKeyList": []}
    assert ask("ListPublicKeys", StartTime=2, EndTime=1) == "InvalidTimeRangeException"
    assert ask("ListPublicKeys", NextToken="x") == "InvalidTokenException"


def test_event_selectors_are_kept(ask):
    everything = ask("GetEventSelectors", TrailName="apitrail")
    assert [s["Name"] for s in everything["AdvancedEventSelectors"]] == [
        "All management events", "All data events",
    ]  # fmt: skip
    chosen = {
        "ReadWriteType": "WriteOnly", "IncludeManagementEvents": True, "DataResources": [],
        "ExcludeManagementEventSources": ["kms.amazonaws.com"],
    }  # fmt: skip
    wanted = {"TrailARN": ARN, "EventSelectors": [chosen]}
    assert ask("PutEventSelectors", TrailName=ARN, EventSelectors=[chosen]) == wanted
    assert ask("GetEventSelectors", TrailName="apitrail") == wanted
    assert ask("GetTrail", Name=ARN)["Trail"]["HasCustomEventSelectors"] is True
    advanced = everything["AdvancedEventSelectors"][:1]
    ask("PutEventSelectors", TrailName=ARN, AdvancedEventSelectors=advanced)
    found = ask("GetEventSelectors", TrailName="apitrail")
    assert found == {"TrailARN": ARN, "AdvancedEventSelectors": advanced}


def test_selectors_that_are_none_are_refused(ask):
    wrong = [{"ReadWriteType": "Both"}]
    assert ask("PutEventSelectors", TrailName="apitrail", EventSelectors=wrong) == (
        "InvalidEventSelectorsException"
    )


def test_insight_selectors_are_kept(ask):
    assert ask("GetInsightSelectors", TrailName="apitrail") == "InsightNotEnabledException"
    chosen = [{"InsightType": "ApiCallRateInsight", "EventCategories": ["Management"]}]
    ask("PutInsightSelectors", TrailName="apitrail", InsightSelectors=chosen)
    found = ask("GetInsightSelectors", TrailName="apitrail")
    assert found == {"TrailARN": ARN, "InsightSelectors": chosen}
    assert ask("GetTrail", Name=ARN)["Trail"]["HasInsightSelectors"] is True
    ask("PutInsightSelectors", TrailName="apitrail", InsightSelectors=[])
    assert ask("GetInsightSelectors", TrailName="apitrail") == "InsightNotEnabledException"
    wrong = [{"InsightType": "Weather"}]
    assert ask("PutInsightSelectors", TrailName="apitrail", InsightSelectors=wrong) == (
        "InvalidInsightSelectorsException"
    )


def finished(ask, statement):
    query = ask("StartQuery", QueryStatement=statement)["QueryId"]
    until(lambda: ask("DescribeQuery", QueryId=query)["QueryStatus"] not in ("QUEUED", "RUNNING"))
    return query


def test_a_query_gives_rows_of_texts(ask):
    query = finished(
        ask, "SELECT eventName, errorCode, count(*) AS n FROM events GROUP BY 1 ORDER BY 1"
    )
    answer = ask("GetQueryResults", QueryId=query)
    assert answer["QueryStatus"] == "FINISHED"
    assert answer["QueryStatistics"] == {"ResultsCount": 3, "TotalResultsCount": 3}
    assert answer["QueryResultRows"][0] == [
        {"eventName": "CreateUser"},
        {"errorCode": None},
        {"n": "2"},
    ]
    assert ask("DescribeQuery", QueryId=query)["QueryStatistics"]["EventsMatched"] == 3


def test_results_come_in_pages(ask):
    query = finished(ask, "SELECT idx FROM events ORDER BY idx")
    first = ask("GetQueryResults", QueryId=query, MaxQueryResults=3)
    rest = ask("GetQueryResults", QueryId=query, MaxQueryResults=3, NextToken=first["NextToken"])
    found = [row[0]["idx"] for row in first["QueryResultRows"] + rest["QueryResultRows"]]
    assert found == ["1", "2", "3", "4"]
    assert "NextToken" not in rest
    assert ask("GetQueryResults", QueryId=query, NextToken="ffff.3") == "InvalidNextTokenException"
    assert (
        ask("GetQueryResults", QueryId=query, MaxQueryResults=1001) == "InvalidMaxResultsException"
    )


@pytest.mark.parametrize(
    "statement", ["SELECT", "DELETE FROM events", "SELECT * FROM seal", "PRAGMA user_version", ""]
)
def test_a_statement_that_is_no_harmless_select_is_refused(ask, statement):
    assert ask("StartQuery", QueryStatement=statement) == "InvalidQueryStatementException"


def test_a_query_without_end_is_cancelled(ask):
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c"
    query = ask("StartQuery", QueryStatement=endless)["QueryId"]
    assert ask("GetQueryResults", QueryId=query)["QueryStatus"] in ("QUEUED", "RUNNING")
    assert ask("CancelQuery", QueryId=query)["QueryStatus"] == "CANCELLED"
    until(lambda: ask("DescribeQuery", QueryId=query)["QueryStatus"] == "CANCELLED")
    assert ask("CancelQuery", QueryId=query) == "InactiveQueryException"


def test_no_more_than_ten_queries_run(ask):
    endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c"
    queries = [ask("StartQuery", QueryStatement=endless)["QueryId"] for _ in range(10)]
    assert ask("StartQuery", QueryStatement=endless) == "MaxConcurrentQueriesException"
    for query in queries:
        ask("CancelQuery", QueryId=query)


def test_a_query_that_is_not_there_is_not_found(ask):
    assert ask("DescribeQuery", QueryId="0" * 36) == "QueryIdNotFoundException"


def test_operations_are_spelled_as_in_the_model(api):
    client = boto3.client("cloudtrail", region_name="us-east-1")
    assert all(hasattr(client, xform_name(name)) for name in api.operations)
