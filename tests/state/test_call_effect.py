"""A call as far as states go: what it showed, and whether it may have changed something."""

from __future__ import annotations

import pytest

from apitrail.event import Answered, Asked, CallFacts, Event, Resource, What
from apitrail.state.call_effect import effect, is_telling

SHOWN = {"Table": {"TableName": "orders"}}


def event(operation: str = "DescribeTable", *, record=None, result=SHOWN, **call) -> Event:
    reads = operation.startswith("Describe")
    facts = CallFacts(
        service="dynamodb",
        operation=operation,
        **({"started": 1000, "ended": 1020, "status": 200} | call),
    )
    return Event(
        what=What(
            record={"eventID": "e1", "readOnly": reads} | (record or {}), call=facts,
            resources=(Resource(name="orders", arn="arn:aws:dynamodb:eu-central-1:123456789012:table/orders"),),
        ),
        request=Asked(parameters={"TableName": "orders"}), response=Answered(result=result),
    )  # fmt: skip


def test_a_read_shows_and_writes_nothing() -> None:
    found = effect(3, event())
    assert (found.index, found.write, [each.names for each in found.shown]) == (
        3,
        None,
        [("orders",)],
    )


def test_a_write_names_what_it_may_have_changed() -> None:
    write = effect(3, event("UpdateTable", result={})).write
    assert write is not None
    assert "orders" in write.names
    assert write.words == {"orders"}


@pytest.mark.parametrize(
    ("operation", "call", "record"),
    [
        ("UpdateTable", {"status": 400, "error": "ValidationException"}, {}),
        ("PutItem", {}, {}),
        ("UpdateTable", {}, {"managementEvent": False}),
    ],
)
def test_a_call_without_effect_is_no_write(operation: str, call: dict, record: dict) -> None:
    assert effect(1, event(operation, record=record, **call)).write is None


def test_a_call_that_was_not_answered_may_be_carried_out_later() -> None:
    write = effect(1, event("UpdateTable", failure="the connection was closed", status=None)).write
    assert write is not None
    assert write.ended > 600_000


def test_what_was_not_kept_shows_nothing() -> None:
    bare = Event(what=event().what)
    assert effect(1, bare).shown == ()


def test_the_table_tells_which_answers_are_worth_reading() -> None:
    assert is_telling("dynamodb", "DescribeTable")
    assert not is_telling("dynamodb", "Scan")
    assert not is_telling(None, None)
