"""Steps, states and their differences as a page has room for them."""

from __future__ import annotations

from apitrail.reading.resource_history import Call, ResourceHistory
from apitrail.state import knowledge
from apitrail.state.knowledge import Known, Told
from apitrail.web.console import resource_story


def call(index: int, state: dict, told: tuple[Told, ...] = ()) -> Call:
    return Call(
        index=index, id=f"e{index}", time=index, event="ec2:X", caller="a", outcome="read",
        state=state, told=told,
    )  # fmt: skip


def history(*calls: Call) -> ResourceHistory:
    return ResourceHistory(resource="x", calls=calls, arns=(), scope=None, since=0, until=0)


def test_two_states_are_compared_part_by_part() -> None:
    old = call(1, {"Table": {"Size": 1}, "Tags": {"a": "b"}})
    new = call(2, {"Table": {"Size": 2}})
    found = resource_story.compared(old, new)
    assert [(each.path, each.was, each.now) for each in found.found] == [
        ("Table: Size", 1, 2),
        ("Tags", {"a": "b"}, None),
    ]


def test_a_secret_in_a_state_is_told_by_its_length() -> None:
    digest = f"redacted:hmac-sha256:322237be:{'a' * 43}:14"
    [mark] = resource_story.compared(
        call(1, {"S": {"v": "x"}}), call(2, {"S": {"v": digest}})
    ).marks
    assert mark.now is not None
    assert [part.length for part in mark.now] == [14]


def test_many_parts_share_the_room_of_a_page() -> None:
    state = {f"m{n}": n for n in range(100)}
    parts = [
        Known(aspect=f"P{n}", key="", name="x", value=state, index=n, time=n) for n in range(9)
    ]
    shown = resource_story.state(parts)
    assert len(shown) == 9
    assert sum(len(each.members) for each in shown) < resource_story.STATES + 3 * len(parts)


def test_a_version_is_a_call_after_which_something_else_is_known() -> None:
    one, two = {"Table": {"Size": 1}}, {"Table": {"Size": 2}}

    found = resource_story.versions(history(call(1, {}), call(2, one), call(3, one), call(4, two)))
    assert [each.index for each in found] == [4, 2]


def test_a_part_that_does_not_exist_says_how_that_is_known() -> None:
    told = Told(label="Table", how=knowledge.INFERRED, value=None)
    [step] = resource_story.steps(history(call(1, {}, (told,))))
    assert step.said[0].words == "does not exist, inferred"
