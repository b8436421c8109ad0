"""Event selectors and Insights selectors over the API."""

import pytest

import cloudtrails
import trails as made
from apitrail.web import selector_api
from apitrail.web.api_error import Fault
from apitrail.web.content import Served
from cloudtrails import draft, record


@pytest.fixture
def served(tmp_path):
    path = cloudtrails.make(tmp_path / "trail", [draft(record(n)) for n in range(3)])
    return Served(path, made.Clock())


def test_selectors_are_kept(served):
    wanted = [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True, "DataResources": []}]
    given = {"TrailName": "apitrail", "EventSelectors": wanted}
    selector_api.put_event_selectors(served, given)
    found = selector_api.get_event_selectors(served, {"TrailName": "apitrail"})
    assert found["EventSelectors"][0]["ReadWriteType"] == "WriteOnly"


def test_insights_are_off_until_asked_for(served):
    with pytest.raises(Fault) as caught:
        selector_api.get_insight_selectors(served, {"TrailName": "apitrail"})
    assert caught.value.code == "InsightNotEnabledException"
    chosen = [{"InsightType": "ApiCallRateInsight"}]
    selector_api.put_insight_selectors(
        served, {"TrailName": "apitrail", "InsightSelectors": chosen}
    )
    found = selector_api.get_insight_selectors(served, {"TrailName": "apitrail"})
    assert found["InsightSelectors"] == chosen


def test_an_insight_that_there_is_not_is_refused(served):
    given = {"TrailName": "apitrail", "InsightSelectors": [{"InsightType": "Weather"}]}
    with pytest.raises(Fault) as caught:
        selector_api.put_insight_selectors(served, given)
    assert caught.value.code == "InvalidInsightSelectorsException"
