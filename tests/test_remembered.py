"""What is remembered of a function's answers."""

from __future__ import annotations

import pytest

from apitrail.remembered import LONGEST, MANY, remembered


def test_short_arguments_are_asked_once_and_long_ones_leave_nothing_behind() -> None:
    asked: list[str] = []

    @remembered(2)
    def length(text: str, *, more: int = 0) -> int:
        """How long a text is."""
        asked.append(text)
        return len(text) + more

    long = "x" * (LONGEST + 1)
    assert [length(each) for each in ("a", "a", long, long)] == [1, 1, 257, 257]
    assert asked == ["a", long, long]
    assert length("a", more=1) == 2
    assert length.__doc__ == "How long a text is."


def test_a_function_may_say_how_long_its_texts_are() -> None:
    asked: list[str] = []

    @remembered(2, longest=LONGEST + 1)
    def both(text: str, more: str) -> str:
        asked.append(text)
        return text + more

    for size in (1, 1, 2, 2):
        both("x" * (LONGEST + size), "")
    assert [len(text) for text in asked] == [LONGEST + size for size in (1, 2, 2)]


@pytest.mark.parametrize(
    ("argument", "times"),
    [
        (("a", "b"), 1),
        (frozenset({("a", "*")}), 1),
        (("a",) * (MANY + 1), 2),
        (("x" * (LONGEST + 1),), 2),
        (frozenset({("a", "x" * (LONGEST + 1))}), 2),
    ],
    ids=["short", "nested", "many", "long", "long below"],
)
def test_groups_are_remembered_where_all_of_them_is_short(argument: object, times: int) -> None:
    asked: list[object] = []

    @remembered(2, groups=True)
    def count(group: object) -> int:
        asked.append(group)
        return len(asked)

    assert count(argument) <= count(argument)
    assert len(asked) == times


def test_when_all_are_there_they_are_forgotten_and_asked_again() -> None:
    asked: list[int] = []

    @remembered(2)
    def double(number: int) -> int:
        asked.append(number)
        return 2 * number

    assert [double(each) for each in (1, 2, 1, 3, 3, 1)] == [2, 4, 2, 6, 6, 2]
    assert asked == [1, 2, 3, 1]


def test_what_is_raised_is_not_remembered() -> None:
    asked: list[str] = []

    @remembered(2)
    def fail(text: str) -> str:
        asked.append(text)
        raise ValueError(text)

    for _ in range(2):
        with pytest.raises(ValueError, match="x"):
            fail("x")
    assert asked == ["x", "x"]


def test_arguments_by_name_are_remembered_apart() -> None:
    asked: list[tuple[str, int]] = []

    @remembered(8)
    def times(text: str, count: int) -> str:
        asked.append((text, count))
        return text * count

    assert [times("a", count=2), times("a", count=2), times("a", 2), times("a", 2)] == ["aa"] * 4
    assert asked == [("a", 2), ("a", 2)]
