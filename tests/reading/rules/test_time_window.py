"""A window's memory is bounded, by groups and by entries."""

from __future__ import annotations

import operator
from functools import partial

from apitrail.reading.rules import time_window
from apitrail.reading.rules.time_window import Met, Window


def test_groups_that_were_not_seen_for_longest_are_forgotten(monkeypatch):
    monkeypatch.setattr(time_window, "GROUPS", 2)
    window = Window(1000, time_window.count(partial(operator.le, 2)))
    for index, key in enumerate(("a", "b", "c")):
        assert window.add(key, Met(index, 0)) == ()
    assert window.add("a", Met(3, 0)) == ()  # its first entry is forgotten
    assert [met.index for met in window.add("c", Met(4, 0))] == [2, 4]


def test_of_a_group_no_more_than_so_many_entries_are_kept(monkeypatch):
    monkeypatch.setattr(time_window, "ENTRIES", 3)
    window = Window(1000, time_window.count(lambda count: count > 3))
    assert all(window.add("a", Met(index, 0)) == () for index in range(50))
