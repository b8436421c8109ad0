from __future__ import annotations

from apitrail.insights.watch import watch
from watched import AFTER, DAY, HOUR, T0, call, role, routine


def silences(*groups):
    calls = sorted((each for group in groups for each in group), key=lambda each: each.time)
    return [each for each in watch(calls) if each.kind == "silence"]


def test_a_caller_that_stays_away_is_missed_and_comes_back():
    job = [call(T0 + n * HOUR, "GetCostAndUsage", userIdentity=role("cron")) for n in range(24 * 8)]
    back = [call(AFTER + 3 * DAY, "GetCostAndUsage", userIdentity=role("cron"))]
    start, end = silences(routine(12), job, back)
    assert start.caller.endswith("role/cron")
    assert start.events == (job[-1].id,)
    assert job[-1].time + DAY < start.time <= job[-1].time + DAY + 2 * HOUR
    assert (start.state, end.state, end.time) == ("Start", "End", back[0].time)


def test_one_who_comes_now_and_then_is_not_missed():
    job = [call(T0 + n * 3 * DAY, "GetCostAndUsage", userIdentity=role("cron")) for n in range(3)]
    assert not silences(routine(20), job)


def test_people_may_stay_away():
    ada = role("AWSReservedSSO_Dev_0123456789abcdef", "ada")
    assert not silences(routine(12), routine(8, userIdentity=ada))


def test_a_weekend_without_builds_is_no_silence():
    friday = T0 + 11 * DAY + 17 * HOUR
    twice_a_day = [
        call(moment, "PutImage", userIdentity=role("ci"))
        for day in range(12)
        for moment in (T0 + day * DAY + 8 * HOUR, T0 + day * DAY + 17 * HOUR)
    ]
    monday = call(friday + 64 * HOUR, "PutImage", userIdentity=role("ci"))
    assert twice_a_day[-1].time == friday
    assert silences(routine(16), twice_a_day, [monday]) == []
