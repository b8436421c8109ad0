from __future__ import annotations

from apitrail.insights.watch import watch
from watched import AFTER, DAY, HOUR, MINUTE, T0, call, routine, starts


def burst(number, name="CreateTags", at=AFTER, **changes):
    return [
        call(at + n * 500, name, eventID=f"burst-{n}", **changes)
        for n in range(number)
    ]  # fmt: skip


def test_a_burst_of_calls_is_told_with_who_made_them():
    found = [each for each in starts(routine(9), burst(200)) if each.kind == "rate"]
    [insight] = found
    assert insight.operation == "CreateTags"
    assert insight.details()["insightType"] == "ApiCallRateInsight"
    assert insight.average > 50 * insight.baseline
    assert insight.events[-1].startswith("burst-")
    assert insight.attributions[0].insight[0][0].endswith("assumed-role/app/s")


def test_a_burst_of_errors_names_the_error():
    errors = burst(200, "DescribeInstances", errorCode="ThrottlingException")
    few = [
        call(T0 + n * HOUR, "DescribeInstances", errorCode="ThrottlingException")
        for n in range(180)
    ]
    found = [each for each in starts(routine(9), few, errors) if each.kind == "error-rate"]
    assert [each.error for each in found] == ["ThrottlingException"]
    assert found[0].details()["errorCode"] == "ThrottlingException"


def test_a_nightly_job_is_usual():
    nights = [
        call(T0 + day * DAY + 3 * HOUR + n * 500, "CreateSnapshot")
        for day in range(12)
        for n in range(150 + day)
    ]
    assert not [each for each in starts(routine(12), nights) if each.kind == "rate"]


def test_it_ends_when_it_is_calm_again():
    calls = sorted([*routine(9), *burst(200)], key=lambda each: each.time)
    found = [each for each in watch(calls) if each.kind == "rate"]
    assert [each.state for each in found] == ["Start", "End"]
    assert found[0].shared_id == found[1].shared_id
    assert found[1].time > found[0].time + 5 * MINUTE


def test_a_young_series_is_not_judged():
    assert not [each for each in starts(routine(9), burst(200, "NewThing")) if each.kind == "rate"]
