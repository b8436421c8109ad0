from __future__ import annotations

import pytest

from apitrail.insights.surprise import HIGHEST, Known, Slots
from apitrail.insights.thresholds import DAY, MINUTE


def test_many_calls_of_ten_minutes_are_one_slot():
    slots = Slots(0)
    for second in range(600):
        slots.visit(second * 1000)
    assert slots.count == 1


def test_older_slots_weigh_less():
    slots = Slots(0)
    slots.visit(0)
    slots.visit(10 * DAY)
    assert slots.count == pytest.approx(1 + 0.9**10)


def test_who_meets_new_things_often_is_less_surprised():
    often, seldom = Known(), Known()
    for number in range(50):
        often.meet(str(number), number * 10 * MINUTE, 3)
    seldom.meet("a", 0, 3)
    assert often.surprise(100, 0) < 0.5 < seldom.surprise(100, 0) <= HIGHEST


def test_a_suspect_is_trusted_after_some_days_and_for_good():
    known = Known()
    known.meet("a", 0, 3)
    known.suspect("a", 0)
    for day in range(2):
        known.meet("a", day * DAY, 3)
        assert not known.knows("a")
    known.meet("a", 2 * DAY, 3)
    assert known.knows("a")
    known.suspect("a", 3 * DAY)
    assert known.knows("a")
