"""Events as people and programs read them."""

import csv
import json
from dataclasses import replace

import pytest

from apitrail.event import CallFacts, Event, Resource, What, Who
from apitrail.reading import render

EVENT = Event(
    who=Who(record={"userIdentity": {"type": "IAMUser", "userName": "John"}}),
    what=What(
        record={
            "eventSource": "iam.amazonaws.com",
            "eventName": "CreateUser",
            "awsRegion": "us-east-1",
            "eventID": "11111111-2222-4333-8444-555555555555",
        },
        call=CallFacts(started=1795330234000, ended=1795330234123, status=200),
        resources=(Resource(name="Mary"),),
    ),
)


def with_call(**fields):
    return replace(EVENT, what=replace(EVENT.what, call=replace(EVENT.call, **fields)))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "ok"),
        ({"error": "AccessDenied"}, "AccessDenied"),
        ({"failure": "connection reset", "error": "NoResponse"}, "no answer"),
        ({"status": None}, "unknown"),
    ],
)
def test_the_outcome(fields, expected):
    assert render.outcome(with_call(**fields)) == expected


def test_a_table_is_aligned_and_cut_to_the_screen():
    lines = list(render.table([("a", "b" * 40)], ("ONE", "TWO"), 20))
    assert lines == ["ONE  TWO", f"a    {'b' * 14}…"]


def test_nothing_is_cut_in_a_pipe():
    assert "b" * 400 in list(render.table([("b" * 400,)], ("ONE",), None))[1]


def test_what_was_recorded_cannot_drive_a_terminal():
    [_, line] = render.table([("\x1b[2Jroot\r\n",)], ("NAME",), None)
    assert line == r"\x1b[2Jroot\x0d\x0a"


def test_csv_is_quoted_and_has_a_header():
    record = EVENT.record() | {"errorMessage": 'no, "really"\nno'}
    lines = "\n".join(render.csv_lines([record]))
    [row] = csv.DictReader(lines.splitlines(keepends=True))
    assert row["errorMessage"] == 'no, "really"\nno'
    assert row["userName"] == "John"


def test_text_is_one_line_with_tabs():
    [line] = render.text_lines([EVENT.record() | {"errorMessage": "a\tb\nc"}])
    assert len(line.split("\t")) == len(render.CSV_COLUMNS)
    assert "None" in line


def test_json_keeps_what_is_no_character():
    assert json.loads(render.json_line({"a": "\udcff é"})) == {"a": "\udcff é"}
    render.json_line({"a": "\udcff"}).encode("utf-8")


@pytest.mark.parametrize(
    ("value", "output", "expected"),
    [
        (["a", "b"], "text", ["a", "b"]),
        ([["a", 1], ["b", None]], "text", ["a\t1", "b\tNone"]),
        ([{"x": "a", "y": True}], "csv", ["a,true"]),
        (["a", {"b": 1}], "jsonl", ['"a"', '{"b":1}']),
        (2, "text", ["2"]),
        ({"b": 1}, "json", ['{\n  "b": 1\n}']),
        ([{"who": "John"}, {"who": None}], "table", ["who", "John", ""]),
        ([["a", "b"]], "table", ["a  b"]),
    ],
)
def test_a_query_in_each_form(value, output, expected):
    assert list(render.queried(value, output)) == expected
