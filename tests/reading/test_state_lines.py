"""States and differences in words."""

from __future__ import annotations

from apitrail.reading import state_lines
from apitrail.state import knowledge
from apitrail.state.differing import differences
from apitrail.state.knowledge import Told


def told(how: str, value, found=()) -> list[str]:
    return list(state_lines.of_told(Told(label="Table", how=how, value=value, found=tuple(found))))


def test_a_state_that_is_seen_first_has_its_members_and_says_how_many_more() -> None:
    lines = told(knowledge.FIRST, {f"m{n}": n for n in range(9)})
    assert lines[:2] == ["Table: first seen", "  m0 = 0"]
    assert lines[-1] == "  … and 3 more"


def test_each_difference_has_a_sign() -> None:
    found = differences({"a": 1, "b": 2}, {"a": 3, "c": {"d": 4}})
    assert told(knowledge.CHANGED, {}, found) == [
        "Table: seen, and changed",
        "  ~ a: 1 → 3",
        "  - b = 2",
        '  + c = {"d":4}',
    ]


def test_what_is_gone_says_how_that_is_known() -> None:
    assert told(knowledge.INFERRED, None) == ["Table: does not exist, inferred"]
    assert told(knowledge.CHANGED, None) == ["Table: does not exist"]


def test_a_policy_is_shown_as_the_document_it_is() -> None:
    lines = state_lines.members({"Policy": "%7B%22Version%22%3A%222012%22%7D"})
    assert lines == ["  Policy.Version = 2012"]


def test_a_request_stands_for_itself() -> None:
    assert list(state_lines.as_it_is("asked", {"Size": 3})) == ["asked Size = 3"]
    assert list(state_lines.as_it_is("asked", None)) == []
