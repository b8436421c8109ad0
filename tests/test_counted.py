"""A number with its noun."""

from __future__ import annotations

from apitrail.counted import counted


def test_one_is_not_many() -> None:
    assert [counted(number, "file") for number in (0, 1, 2)] == ["0 files", "1 file", "2 files"]


def test_a_noun_may_have_another_plural() -> None:
    assert counted(1, "entry", "entries") == "1 entry"
    assert counted(7, "entry", "entries") == "7 entries"
