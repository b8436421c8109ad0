from __future__ import annotations

from apitrail.insights.habits import KINDS, Caller


def test_a_caller_has_habits_of_every_kind_and_is_surprised_by_what_is_new():
    caller = Caller("a", 0)
    for slot in range(100):
        caller.slots.visit(slot * 600_000)
    assert all(caller.surprise(kind, 0) > 2 for kind in KINDS)
    assert caller.chance("read", 0) < 0.01
