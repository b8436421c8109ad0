"""What is remembered of a function's answers."""

from __future__ import annotations

from apitrail.remembered import LONGEST, remembered


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
