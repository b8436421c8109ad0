from __future__ import annotations

from apitrail.insights.watch import Watch, watch
from watched import AFTER, HOUR, call, routine


def everything():
    attack = [call(AFTER, "StopLogging", service="cloudtrail")]
    return sorted([*routine(9), *attack], key=lambda each: each.time)


def test_two_runs_tell_the_same():
    assert list(watch(everything())) == list(watch(everything()))


def test_what_was_told_so_far_does_not_depend_on_what_follows():
    calls = everything()
    short = list(watch([each for each in calls if each.time <= AFTER]))
    assert short == list(watch(calls))[: len(short)]


def test_an_insight_without_more_of_it_ends_after_an_hour():
    start, end = watch(everything())
    assert (start.state, end.state) == ("Start", "End")
    assert end.time == start.time + HOUR
    assert end.shared_id == start.shared_id


def test_calls_can_be_fed_one_by_one():
    detectors = Watch()
    fed = [insight for each in everything() for insight in detectors.see(each)]
    assert fed == list(watch(everything()))
