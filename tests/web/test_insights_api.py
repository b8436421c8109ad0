"""Insights events over CloudTrail's API."""

from __future__ import annotations

import json

import pytest

import refusing
import trails
from apitrail.insights.thresholds import Thresholds
from apitrail.trail import statements
from apitrail.trail.reader import Reader
from apitrail.trail.telling import Teller
from apitrail.web import insights_api, lookup, selector_api
from apitrail.web.api_error import Fault
from apitrail.web.content import Served

NOW = trails.T0 + 60_000


@pytest.fixture
def served(tmp_path):
    """A log with two insights: the second is told with another threshold."""
    directory = refusing.make(tmp_path / "trail")
    for thresholds in (Thresholds(), Thresholds(distinct_refusals=4)):
        with Reader(directory) as reader:
            [said] = Teller(0, thresholds).read(reader, reader.size)
        trails.write(directory, lambda trail, said=said: trail.append(statements.draft(said)))
    return Served(directory, lambda: NOW)


def find(served, **given):
    return lookup.lookup(served, {"EventCategory": "insight"} | given)


def by(key, value):
    return [{"AttributeKey": key, "AttributeValue": value}]


def test_the_newest_comes_first_with_aws_s_record(served):
    events = find(served)["Events"]
    assert [event["EventName"] for event in events] == ["List3", "List6"]
    record = json.loads(events[0]["CloudTrailEvent"])
    assert record["eventType"] == "AwsCloudTrailInsight"
    assert record["eventID"] == events[0]["EventId"]


def test_by_the_three_attributes_and_no_other(served):
    [event] = find(served, LookupAttributes=by("EventName", "List6"))["Events"]
    assert find(served, LookupAttributes=by("EventId", event["EventId"]))["Events"] == [event]
    assert len(find(served, LookupAttributes=by("EventSource", "iam.amazonaws.com"))["Events"]) == 2
    with pytest.raises(Fault, match="Insights events are found by"):
        find(served, LookupAttributes=by("Username", "ada"))


def test_by_time(served):
    second = trails.T0 // 1000 + 6
    assert [e["EventName"] for e in find(served, StartTime=second)["Events"]] == ["List6"]
    assert [e["EventName"] for e in find(served, EndTime=second - 1)["Events"]] == ["List3"]


def test_pages(served):
    first = find(served, MaxResults=1)
    second = find(served, MaxResults=1, NextToken=first["NextToken"])
    assert [e["EventName"] for e in (*first["Events"], *second["Events"])] == ["List3", "List6"]
    assert "NextToken" not in second


def test_a_new_insight_is_seen_by_a_server_that_runs(served):
    assert len(find(served)["Events"]) == 2
    with Reader(served.path) as reader:
        [said] = Teller(0, Thresholds(distinct_refusals=5)).read(reader, reader.size)
    trails.write(served.path, lambda trail: trail.append(statements.draft(said)))
    assert len(find(served)["Events"]) == 3


@pytest.mark.parametrize(
    ("selectors", "number"),
    [
        ([], 0),
        ([{"InsightType": "ApiCallRateInsight"}], 0),
        ([{"InsightType": "SequenceInsight"}], 2),
        ([{"InsightType": "SequenceInsight", "EventCategories": ["Data"]}], 0),
    ],
)
def test_selectors_decide_what_is_handed_on(served, selectors, number):
    given = {"TrailName": "apitrail", "InsightSelectors": selectors}
    selector_api.put_insight_selectors(served, given)
    assert len(find(served)["Events"]) == number


def test_list_insights_data(served):
    given = {"InsightSource": "apitrail", "DataType": "InsightsEvents"}
    assert len(insights_api.list_insights_data(served, given)["Events"]) == 2
    given["Dimensions"] = {"EventName": "List3"}
    assert len(insights_api.list_insights_data(served, given)["Events"]) == 1
    with pytest.raises(Fault, match="Dimensions are"):
        insights_api.list_insights_data(served, given | {"Dimensions": {"Weather": "x"}})


def metric(served, **given):
    about = {
        "EventSource": "iam.amazonaws.com", "EventName": "List3", "Period": 60,
        "InsightType": "ApiCallRateInsight", "StartTime": trails.T0 / 1000 - 120,
    }  # fmt: skip
    return insights_api.list_insights_metric_data(served, about | given)


def test_calls_in_each_period(served):
    answer = metric(served)
    assert answer["Values"] == [1.0]
    filled = metric(served, DataType="FillWithZeros")
    assert sum(filled["Values"]) == 1.0
    assert len(filled["Timestamps"]) in {3, 4}


def test_errors_in_each_period(served):
    about = {"InsightType": "ApiErrorRateInsight"}
    assert metric(served, ErrorCode="AccessDenied", **about)["Values"] == [1.0]
    assert metric(served, ErrorCode="Throttling", **about)["Values"] == []


@pytest.mark.parametrize(
    "given",
    [{"InsightType": "Weather"}, {"InsightType": "ApiErrorRateInsight"}, {"Period": 7}, {"StartTime": 0}],
)  # fmt: skip
def test_what_cannot_be_counted_is_refused(served, given):
    with pytest.raises(Fault) as caught:
        metric(served, **given)
    assert caught.value.code == "InvalidParameterException"
