"""Event history: what is shown of a filter, how it is narrowed, and what leads on."""

from __future__ import annotations

import pytest

import trails
from browsing import Pages


def names(answer):
    return [event["event"] for event in answer.json["events"]]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("event-name=GetRole", ["iam:GetRole"]),
        ("event-name=Get*&resource-name=target1", ["iam:GetUser"]),
        (
            "event-name=GetRole&event-name=CreateUser&resource-name=*a*&username=%3CJohn%3E",
            ["iam:CreateUser"],
        ),
        ("error=*&read-only=true", ["iam:GetUser"] * 2),
        ("run=run-1", ["iam:CreateUser", "iam:DeleteUser"]),
        ("label=build=1234", ["iam:CreateUser", "iam:DeleteUser"]),
        ("event-source=iam&operator=ci&event-name=CreateUser", ["iam:CreateUser"] * 2),
    ],
)
def test_any_words_together_are_a_filter(pages, query, wanted):
    assert names(pages.get(f"/events.json?{query}")) == wanted


def test_it_says_how_many_and_which_command_gives_the_same(pages):
    page = pages.get("/?event-name=Get*&read-only=true&error=*")
    assert "2 calls, 2 failed." in page.text
    assert "apitrail events --event-name 'Get*' --error --read-only" in page.text


def test_values_are_counted_and_each_leads_to_its_calls(pages):
    found = pages.get("/events.json").json
    groups = {
        group["name"]: {v["value"]: v["calls"] for v in group["values"]}
        for group in found["groups"]
    }
    assert groups["event-name"] == {"CreateUser": 8, "DeleteUser": 6, "GetUser": 7, "GetRole": 1}
    assert groups["error"] == {"NoSuchEntity": 5}
    assert groups["label"] == {"build=1234": 2}
    assert groups["operator"] == {"ci": 5}
    [link] = [each for each in pages.get("/").links if each == "/?event-name=GetRole"]
    assert "1 call, 0 failed" in pages.get(link).text


def test_the_alternatives_to_what_was_chosen_are_still_counted(pages):
    page = pages.get("/?event-name=GetRole")
    assert "/?event-name=GetRole&amp;event-name=GetUser" in page.links
    [group] = [
        g
        for g in pages.get("/events.json?event-name=GetRole").json["groups"]
        if g["name"] == "event-name"
    ]
    assert {"value": "GetUser", "calls": 7} in group["values"]


def test_older_calls_are_reached_by_a_cursor_until_there_are_none(pages):
    found, url = [], "/events.json?rows=9"
    while url:
        answer = pages.get(url).json
        found += [event["eventID"] for event in answer["events"]]
        url = answer["next"]
    assert len(found) == len(set(found)) == 22


def test_more_calls_than_are_counted_are_said_and_can_be_counted(pages, monkeypatch):
    monkeypatch.setattr("apitrail.web.console.history_page.COUNTED", 5)
    page = pages.get("/")
    assert "More than 5 calls" in page.text
    assert pages.get("/events.json").json["countedAll"] is False
    assert "/?count=all" in page.links
    assert "22 calls, 5 failed" in pages.get("/?count=all").text


def test_words_that_cannot_match_are_said(pages):
    page = pages.get("/?event-name=CreateUsr")
    assert "No event here has the name 'CreateUsr', and AWS no such operation" in page.text
    assert "No call matches" in page.text


def test_the_chart_is_a_table_too(pages):
    page = pages.get("/")
    assert "Calls over time as a table" in page.text
    bars = pages.get("/events.json").json["volume"]["bars"]
    assert sum(bar["calls"] for bar in bars) == 22
    assert sum(bar["errors"] for bar in bars) == 5


def test_a_bar_leads_to_its_calls(pages):
    page = pages.get("/?event-name=GetUser")
    [link] = {each for each in page.links if "until=" in each}
    assert f'data-href="{link}"' in page.html
    assert "7 calls" in pages.get(link.replace("&amp;", "&")).text


def test_columns_are_chosen_by_the_url(pages):
    page = pages.get("/?columns=time,event-id")
    assert "Event ID</th>" in page.html
    assert "From</th>" not in page.html.split('class="events"')[1]
    assert "--columns time,event-id" in page.text


def test_times_are_written_as_for_the_commands(trail):
    pages = Pages(trail, now=trails.T0 + 10)
    found = pages.get("/events.json?since=1s&until=now").json
    # Twelve milliseconds of calls, all of them since a second ago and those after now not.
    assert 0 < found["calls"] < 22


def test_a_page_is_small(pages):
    assert len(pages.get("/?rows=200").body) < 150_000
