from __future__ import annotations

from dataclasses import replace

from apitrail.insights.insight import END, shares
from watched import AFTER, call, routine, starts


def found():
    [insight] = starts(routine(9), [call(AFTER, "StopLogging", service="cloudtrail")])
    return insight


def test_the_record_is_of_the_shape_of_cloudtrail_s():
    record = found().record()
    assert record["eventType"] == "AwsCloudTrailInsight"
    assert record["eventCategory"] == "Insight"
    context = record["insightDetails"]["insightContext"]
    assert set(context["statistics"]) == {
        "baseline", "insight", "insightDuration", "baselineDuration",
    }  # fmt: skip
    assert context["statistics"]["baselineDuration"] == 8 * 24 * 60
    assert [each["attribute"] for each in context["attributions"]] == [
        "userIdentityArn", "userAgent", "errorCode",
    ]  # fmt: skip


def test_start_and_end_share_an_id_and_have_their_own():
    start = found()
    end = replace(start, state=END, time=start.time + 1)
    assert start.shared_id == end.shared_id
    assert start.id != end.id


def test_ids_are_the_same_each_time():
    assert found().id == found().id


def test_the_most_frequent_values_come_first_and_only_five():
    counts = {f"v{n}": n for n in range(1, 9)}
    assert [value for value, _ in shares(counts, 2)] == ["v8", "v7", "v6", "v5", "v4"]
    assert shares({"a": 4}, 2) == (("a", 2.0),)
