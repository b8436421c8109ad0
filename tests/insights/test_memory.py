from __future__ import annotations

import json

import pytest

from apitrail.errors import FormatError
from apitrail.insights import memory
from apitrail.insights.thresholds import Thresholds
from apitrail.insights.watch import Watch
from watched import AFTER, call, routine

LIMITS = Thresholds()


@pytest.fixture(scope="module")
def calls():
    burst = [call(AFTER + n, "GetUser", error="AccessDenied") for n in range(200)]
    attack = [
        call(AFTER, "StopLogging", service="cloudtrail"),
        call(AFTER + 9 * 3_600_000, "GetUser"),
    ]
    return sorted([*routine(9), *burst, *attack], key=lambda each: each.time)


def see(watch, calls):
    return [insight for each in calls for insight in watch.see(each)]


@pytest.mark.parametrize("share", [0.0, 0.5, 0.95, 1.0])
def test_detectors_that_were_kept_go_on_as_if_they_had_not_been(calls, share):
    middle = int(len(calls) * share)
    whole, first = Watch(LIMITS), Watch(LIMITS)
    expected = see(whole, calls)
    told = see(first, calls[:middle])
    second = memory.load(memory.dump(first), LIMITS)
    assert told + see(second, calls[middle:]) == expected
    assert memory.dump(second) == memory.dump(whole)
    assert expected


def test_the_same_calls_give_the_same_bytes(calls):
    one, other = Watch(LIMITS), Watch(LIMITS)
    see(one, calls)
    see(other, calls)
    assert memory.dump(one) == memory.dump(other)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b"[99]", b"[7]", b"[2,[0]]", b"[5,0]", b"[3,1]", b"7", b"[" * 100_000, b"[true,1]"],
)  # fmt: skip
def test_what_no_detectors_wrote_is_not_read(content):
    with pytest.raises(FormatError):
        memory.load(content, LIMITS)


def test_the_last_digit_of_a_logarithm_may_differ_and_nothing_else():
    assert memory.same([1, "a", [0.30000000000000004, None]], [1, "a", [0.3, None]])
    for one, other in ((1, 1.0), ([1], [1, 2]), (0.3, 0.31), ("a", "b"), (None, 0), (True, 1)):
        assert not memory.same(one, other)


def test_thresholds_are_those_of_whoever_reads(calls):
    watch = Watch(LIMITS)
    see(watch, calls[:50])
    content = memory.dump(watch)
    assert json.loads(content)
    again = memory.load(content, Thresholds(quiet=1))
    assert memory.dump(again) == content
    assert again._limits == Thresholds(quiet=1)
