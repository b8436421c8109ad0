"""Insights as CloudTrail hands them on: LookupEvents with EventCategory=insight, ListInsightsData,
ListInsightsMetricData.

CloudTrail tells rates alone, and only those that a trail's Insights selectors name. Here all kinds
are handed on until somebody puts selectors, but for those that were muted when they were told.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from apitrail.evidence.bundle import Bundle
from apitrail.insights.insight import TYPES
from apitrail.query import Filter
from apitrail.reading.insight_list import call_time, is_selected
from apitrail.trail import statements
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Insight
from apitrail.web import members
from apitrail.web.api_error import Fault
from apitrail.web.content import Served
from apitrail.web.members import Document, Members
from apitrail.web.paging import before, digest, most, token
from apitrail.web.trails import find

PAGE = 50
# What an Insights event can be found by: "LookupEvents" in CloudTrail's API reference.
ATTRIBUTES: Mapping[str, Callable[[Insight], str]] = {
    "EventId": lambda said: str(said.record.get("eventID")),
    "EventName": lambda said: str(_details(said).get("eventName")),
    "EventSource": lambda said: str(_details(said).get("eventSource")),
}
PERIODS = (60, 300, 3600)
MOST_POINTS = 21_600
DAY = 86_400


def lookup(served: Served, given: Members) -> Document:
    """LookupEvents with EventCategory=insight: a page, newest first."""
    wanted: dict[str, str] = {}
    for item in members.objects(given, "LookupAttributes"):
        key, value = members.text(item, "AttributeKey"), members.text(item, "AttributeValue")
        if key is None or key not in ATTRIBUTES or value is None:
            raise Fault(
                "InvalidLookupAttributesException",
                f"Insights events are found by {', '.join(ATTRIBUTES)}.",
            )
        wanted[key] = value
    return _page(served, given, wanted)


def list_insights_data(served: Served, given: Members) -> Document:
    """ListInsightsData: the Insights events of one trail."""
    find(served, members.required(given, "InsightSource"))
    if members.required(given, "DataType") != "InsightsEvents":
        raise Fault("InvalidParameterException", "DataType is InsightsEvents.")
    wanted = given.get("Dimensions") or {}
    if not isinstance(wanted, dict) or not wanted.keys() <= ATTRIBUTES.keys():
        raise Fault("InvalidParameterException", f"Dimensions are {', '.join(ATTRIBUTES)}.")
    return _page(served, given, {key: str(value) for key, value in wanted.items()})


def _page(served: Served, given: Members, wanted: Mapping[str, str]) -> Document:
    asked, limit = digest(given), most(given, PAGE)
    end = before(members.text(given, "NextToken"), asked)
    since, until = members.moment(given, "StartTime"), members.moment(given, "EndTime")
    if since is not None and until is not None and since > until:
        raise Fault("InvalidTimeRangeException", "StartTime is after EndTime.")
    found: list[Document] = []
    last = 0
    with served.source() as source:
        for index, said in _told(served, source, end):
            second = said.time // 1000
            if (since is not None and second < since) or (until is not None and second > until):
                continue
            if any(ATTRIBUTES[key](said) != value for key, value in wanted.items()):
                continue
            if len(found) == limit:
                return {"Events": found, "NextToken": token(last, asked)}
            found.append(_event(said))
            last = index
    return {"Events": found}


def _told(
    served: Served, source: Reader | Bundle, end: int | None
) -> Iterator[tuple[int, Insight]]:
    """Newest first, before entry `end`, as the selectors have it."""
    chosen, mutes = served.state().get("InsightSelectors"), served.mutes(source)
    for index in reversed(served.books.of(source, Insight.KIND)):
        if end is not None and index >= end:
            continue
        said = statements.of(source, Insight.KIND, index)
        if (
            isinstance(said, Insight)
            and is_selected(said, chosen)
            and not mutes.was_quiet(index, said)
        ):
            yield index, said


def _details(said: Insight) -> Document:
    found = said.record.get("insightDetails")
    return found if isinstance(found, dict) else {}


def _event(said: Insight) -> Document:
    details = _details(said)
    return {
        "EventId": said.record.get("eventID"),
        "EventName": details.get("eventName"),
        "EventTime": said.time // 1000,
        "EventSource": details.get("eventSource"),
        "Resources": [],
        "CloudTrailEvent": json.dumps(said.record, separators=(",", ":")),
    }


def list_insights_metric_data(served: Served, given: Members) -> Document:
    """ListInsightsMetricData: how many calls, or errors, there were in each period."""
    source_name, name = members.required(given, "EventSource"), members.required(given, "EventName")
    sort = members.required(given, "InsightType")
    code = members.text(given, "ErrorCode")
    if sort not in {TYPES["rate"], TYPES["error-rate"]}:
        raise Fault("InvalidParameterException", f"InsightType is not {sort}.")
    if sort == TYPES["error-rate"] and not code:
        raise Fault("InvalidParameterException", "ApiErrorRateInsight needs an ErrorCode.")
    period = members.integer(given, "Period") or 3600
    if period not in PERIODS:
        raise Fault("InvalidParameterException", f"Period is one of {PERIODS}.")
    until, since = members.moment(given, "EndTime"), members.moment(given, "StartTime")
    until = served.clock() / 1000 if until is None else until
    since = until - DAY if since is None else since
    first, end = int(since) // period * period, int(until)
    if not first <= end or (end - first) // period >= MOST_POINTS:
        raise Fault("InvalidParameterException", "There are too many periods, or none.")
    where = Filter(
        event_source=(source_name,), event_name=(name,), error=code,
        since=first * 1000, until=end * 1000 + 1000,
    )  # fmt: skip
    with served.source() as source:
        times = (call_time(source, index) for index in source.select(where))
        counts = Counter(time // 1000 // period * period for time in times if time is not None)
    fill = members.text(given, "DataType") == "FillWithZeros"
    moments = list(range(first, end + 1, period)) if fill else sorted(counts)
    answer: Document = {
        "EventSource": source_name, "EventName": name, "InsightType": sort,
        "Timestamps": moments, "Values": [float(counts[moment]) for moment in moments],
    }  # fmt: skip
    return answer | ({"ErrorCode": code} if code else {})
