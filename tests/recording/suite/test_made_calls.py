"""What a test can say of its calls, and how it is told where that does not hold."""

from __future__ import annotations

import pytest

import trails
from apitrail.event import Event
from apitrail.recording.suite.made_calls import Calls, MadeCall

LIST = MadeCall(operation="s3:ListBuckets", is_write=False)
PUT = MadeCall(
    operation="s3:PutObject", resources=("invoices/1.pdf",), arns=("arn:aws:s3:::invoices/1.pdf",)
)
GET = MadeCall(operation="iam:GetUser", resources=("Mary",), error="NoSuchEntity", is_write=False)


def calls(*made: MadeCall) -> Calls:
    return Calls(lambda: made)


def test_calls_are_chosen_by_what_they_are():
    made = calls(LIST, PUT, GET)
    assert made.writes == [PUT]
    assert made.reads == [LIST, GET]
    assert made.errors == [GET]
    assert made.operations == ["s3:ListBuckets", "s3:PutObject", "iam:GetUser"]
    assert made.resources == ["invoices/1.pdf", "Mary"]


@pytest.mark.parametrize("word", ["s3:PutObject", "PutObject", "s3:put*", "S3:*object", "Put*"])
def test_an_operation_is_named_with_or_without_its_service(word):
    assert calls(LIST, PUT, GET).of(word) == [PUT]


def test_several_operations_are_those_of_any():
    assert calls(LIST, PUT, GET).of("iam:*", "ListBuckets") == [LIST, GET]


@pytest.mark.parametrize("name", ["invoices/1.pdf", "invoices/*", "arn:aws:s3:::invoices/*"])
def test_a_resource_is_named_by_name_or_arn(name):
    assert calls(LIST, PUT, GET).on(name) == [PUT]


def test_letter_case_tells_resources_apart():
    assert not calls(PUT, GET).on("INVOICES/1.pdf", "mary")


def test_a_choice_is_chosen_from_again():
    assert calls(LIST, PUT, GET).of("s3:*").writes.on("invoices/*") == [PUT]


def test_the_calls_of_a_running_test_are_those_made_so_far():
    made: list[MadeCall] = []
    running = Calls(lambda: made)
    assert not running
    made.append(PUT)
    assert running.writes == [PUT]


def test_what_fixtures_did_can_be_forgotten():
    made = [PUT]
    running = Calls(lambda: made)
    running.clear()
    assert not running
    made.append(LIST)
    assert running == [LIST]


def test_a_failure_names_the_calls():
    assert repr(calls(PUT, GET)) == (
        "<2 calls: s3:PutObject invoices/1.pdf, iam:GetUser Mary → NoSuchEntity>"
    )
    assert repr(calls()) == "no calls"


def test_a_failure_is_short_enough_to_be_shown_whole():
    assert len(repr(calls(*[PUT] * 1000))) < 240


def test_items_and_slices_are_those_of_a_list():
    made = calls(LIST, PUT, GET)
    assert (made[0], made[-1], len(made)) == (LIST, GET, 3)
    assert made[1:].writes == [PUT]


@pytest.mark.parametrize(("read_only", "writes"), [(True, False), (False, True), (None, True)])
def test_a_call_of_which_nobody_knows_whether_it_writes_is_a_write(read_only, writes):
    event = Event.parse(trails.call(3))
    assert event.what is not None
    event.what.record.pop("readOnly", None)  # type: ignore[attr-defined]
    if read_only is not None:
        event.what.record["readOnly"] = read_only  # type: ignore[index]
    assert MadeCall.of(event).is_write is writes


def test_a_call_is_what_was_recorded():
    event = Event.parse(trails.call(3))
    made = MadeCall.of(event)
    assert made.operation.partition(":")[2] == event.record()["eventName"]
    assert made.id == event.record()["eventID"]
    assert made.record == event.record()
