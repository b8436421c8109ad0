"""Events as a table: its columns, and its times on a narrow screen."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from apitrail.errors import UsageError
from apitrail.event import CallFacts, Event, Resource, Run, What, Who
from apitrail.query import Filter, Pattern
from apitrail.reading import event_table
from apitrail.reading.event_table import CELLS, Look

ENDED = 1_795_330_234_123  # 2026-11-22 06:50:34 UTC
EVENT = Event(
    who=Who(
        record={
            "userIdentity": {"type": "IAMUser", "userName": "John", "accessKeyId": "AKIA1"},
            "sourceIPAddress": "192.0.2.1",
        },
        identity={"known": "learned"},
        run=Run(id="3f2a", labels={"team": "a", "build": "7"}),
    ),
    what=What(
        record={
            "eventSource": "iam.amazonaws.com",
            "eventName": "CreateUser",
            "awsRegion": "us-east-1",
            "eventID": "11111111-2222-4333-8444-555555555555",
        },
        call=CallFacts(started=ENDED - 123, ended=ENDED, status=200),
        resources=(Resource(name="Mary"),),
    ),
)


@pytest.fixture(autouse=True)
def _zone(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def cells(text, event=EVENT):
    names = event_table.parse_names(text)
    return list(event_table.lines([event], Look(names=names)))[1].split("  ")


def test_a_line_says_who_did_what_to_what_with_which_outcome():
    [header, line] = event_table.lines([EVENT], Look())
    assert header.split() == ["TIME", "EVENT", "CALLER", "REGION", "RESULT", "RESOURCE", "ID"]
    assert line.split() == [
        "2026-11-22", "06:50:34", "iam:CreateUser", "John", "us-east-1", "ok", "Mary", "11111111",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("run", "3f2a"),
        ("labels", "build=7 team=a"),
        ("took", "123 ms"),
        ("source-ip", "192.0.2.1"),
        ("known", "learned"),
        ("access-key", "AKIA1"),
        ("event-id", "11111111-2222-4333-8444-555555555555"),
        ("request-id", "-"),
    ],
)
def test_a_column_that_is_asked_for(name, expected):
    assert cells(name)[0].strip() == expected


@pytest.mark.parametrize("name", CELLS)
def test_every_column_of_a_call_of_which_nothing_is_known(name):
    assert cells(name, Event(what=What()))[0].strip() in ("-", "?", "?:?", "unknown", "None")


def test_columns_are_in_the_order_they_are_asked_for_in():
    names = event_table.parse_names("RESULT, event")
    assert next(event_table.lines([EVENT], Look(names=names))).split() == ["RESULT", "EVENT"]


@pytest.mark.parametrize("text", ["time,nothing", "", ","])
def test_a_column_that_does_not_exist_is_said(text):
    with pytest.raises(UsageError, match="no column") as caught:
        event_table.parse_names(text)
    assert "source-ip" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 11, 22, 23, 0, tzinfo=UTC), "06:50:34"),
        (datetime(2026, 11, 23, 1, 0, tzinfo=UTC), "11-22 06:50"),
        (datetime(2027, 1, 1, tzinfo=UTC), "2026-11-22"),
    ],
)
def test_a_short_time_leaves_out_what_is_the_same_today(now, expected):
    assert event_table.short_time(ENDED, now) == expected


def long_event():
    what = replace(EVENT.what, resources=(Resource(name="bucket/logs/2026/11/26/a.txt"),))
    who = replace(EVENT.who, record={"userIdentity": {"accessKeyId": "AKIAIOSFODNN7EXAMPLE"}})
    return replace(EVENT, what=what, who=who)


def test_eighty_columns_show_when_who_and_what_whole():
    now = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    [header, line] = event_table.lines([long_event()], Look(width=80, now=now))
    assert len(line) <= 80
    assert line.split()[:3] == ["06:50:34", "iam:CreateUser", "AKIAIOSFODNN7EXAMPLE"]
    assert "…" not in header
    assert line.endswith("11111111")
    assert "a.txt" in line
    assert "REGION" not in header


def test_a_wide_screen_shows_everything():
    now = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    [_, line] = event_table.lines([long_event()], Look(width=200, now=now))
    assert "2026-11-22 06:50:34" in line
    assert "bucket/logs/2026/11/26/a.txt" in line


def test_a_line_of_a_list_without_end_fits_too():
    now = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    line = event_table.line(long_event(), Look(width=80, now=now))
    assert len(line) <= 80
    assert line.startswith("06:50:34  iam:CreateUser  ")


@pytest.mark.parametrize(
    "user",
    [
        {"type": "IAMUser", "userName": "John", "accessKeyId": "AKIA1"},
        {"type": "Unknown", "accessKeyId": "AKIA1"},
        {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"},
        {"type": "AWSAccount", "accountId": "123456789012"},
        {"type": "Unknown", "principalId": "Anonymous"},
    ],
    ids=str,
)
def test_the_caller_that_is_printed_is_found(user):
    assert EVENT.who is not None
    event = replace(EVENT, who=replace(EVENT.who, record={"userIdentity": user}))

    [printed] = cells("caller", event)

    assert printed == "-" or Filter(username=(Pattern(printed),)).matches(event.row())
