"""Insights as a list, and one with the calls that it rests on."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import cloudtrails
import refusing
import trails
from apitrail.event import Event, dump
from apitrail.insights.thresholds import Thresholds
from apitrail.trail import statements
from apitrail.trail.reader import Reader
from apitrail.trail.telling import Teller
from browsing import Pages


@pytest.fixture(scope="module")
def unusual(tmp_path_factory):
    directory = refusing.make(tmp_path_factory.mktemp("insights") / "trail")
    with Reader(directory) as reader:
        [said] = Teller(0, Thresholds()).read(reader, reader.size)
    trails.write(directory, lambda opened: opened.append(statements.draft(said)))
    return Pages(directory)


def test_each_says_when_who_and_why(unusual):
    page = unusual.get("/insights")
    assert "iam:List6" in page.text
    assert "7 different operations were refused" in page.text
    [found] = unusual.get("/insights.json").json["insights"]
    assert (found["kind"], found["state"]) == ("sequence", "Start")


def test_every_page_says_how_many_were_told_within_a_day(unusual, pages):
    assert '1 within a day"' in unusual.get("/").html
    assert "within a day" not in pages.get("/").html


def test_they_are_chosen_by_kind(unusual):
    assert unusual.get("/insights.json?kind=rate").json["insights"] == []
    assert "apitrail insights --kind sequence" in unusual.get("/insights?kind=sequence").text
    assert "No kind 'odd'" in unusual.get("/insights?kind=odd").text


def test_one_says_what_to_do_and_has_the_calls_behind_it(unusual):
    [link] = {each for each in unusual.get("/insights").links if each.startswith("/insight/")}
    page = unusual.get(link)
    for words in (
        "What to do",
        "Look at the calls in their order",
        "AccessDenied",
        "It rests on 7 entries",
    ):
        assert words in page.text
    assert len(unusual.get(f"{link}.json").json["events"]) == 7
    [who] = {each for each in page.links if each.startswith("/who/") and "did" in page.text}
    assert "7 different operations" in unusual.get(who).text


def test_where_nothing_was_told_that_is_said(pages):
    assert "Nothing unusual was told" in pages.get("/insights").text
    assert pages.get("/insight/abc").status == 404


def token(pages):
    return pages.get("/trust").html.partition('name="token" value="')[2].partition('"')[0]


def test_each_has_the_usual_value_and_what_to_do(unusual):
    page = unusual.get("/insights")
    assert "Usual → then" in page.text
    assert "deactivate the access key first" in page.text
    [found] = unusual.get("/insights.json").json["insights"]
    assert found["then"] == 0.7
    assert found["todo"].startswith("Look at the calls")
    [link] = {each for each in page.links if each.startswith("/insight/")}
    text = unusual.get(link).text
    assert "Mute what is like this" in text
    assert "aws iam update-access-key --user-name ada" not in text  # its key was not seen


def test_one_leads_to_the_runs_of_its_calls(tmp_path):
    drafts = []
    for number in range(8):
        draft = refusing.refused(number)
        who = json.loads(draft.facets["who"]) | {"run": {"id": f"run-{number // 4}", "labels": {}}}
        facets = {**draft.facets, "who": dump(who)}
        drafts.append(replace(draft, facets=facets, row=Event.parse(facets).row()))
    directory = cloudtrails.make(tmp_path / "trail", drafts)
    said = refusing.told(directory)
    trails.write(directory, lambda opened: opened.append(statements.draft(said)))
    pages = Pages(directory)
    [link] = {each for each in pages.get("/insights").links if each.startswith("/insight/")}
    runs = [each for each in pages.get(link).links if each.startswith("/run/")]
    assert runs[:2] == ["/run/run-1", "/run/run-0"]
    assert pages.get(f"{link}.json").json["runs"] == ["run-1", "run-0"]
