"""The answer of a read that the table does not have stands for itself."""

from __future__ import annotations

from apitrail.state import answered
from apitrail.state.wanted import Wanted


def told(operation: str, parameters: dict, result, name: str = "thing-1"):
    return list(answered.of("unheard-of", operation, parameters, result, Wanted((name,))))


def test_the_structure_that_names_it() -> None:
    result = {"Things": [{"ThingId": "thing-0"}, {"ThingId": "thing-1", "Size": 3}]}
    [found] = told("DescribeThings", {"ThingIds": ["thing-1"]}, result)
    assert found.value == {"ThingId": "thing-1", "Size": 3}


def test_the_whole_answer_where_nothing_in_it_names_it() -> None:
    [found] = told("GetThingPolicy", {"Thing": "thing-1"}, {"Policy": "{}", "ResponseMetadata": {}})
    assert (found.aspect, found.key, found.value) == ("ThingPolicy", "", {"Policy": "{}"})


def test_answers_to_other_questions_are_told_apart() -> None:
    [one] = told("GetThingPart", {"Thing": "thing-1", "Part": "a"}, {"v": 1})
    [two] = told("GetThingPart", {"Thing": "thing-1", "Part": "b"}, {"v": 1})
    assert one.subject != two.subject


def test_no_answer_shows_nothing() -> None:
    assert told("GetThing", {}, None) == []
