"""Muting from a page: two forms, each an entry."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import pytest

import refusing
import trails
from apitrail.reading.mutes import Mutes
from apitrail.trail.reader import Reader
from apitrail.web.console.muting_forms import choices
from browsing import Pages


@pytest.fixture
def unusual(tmp_path):
    said = refusing.unusual(tmp_path / "trail")
    return tmp_path / "trail", Pages(tmp_path / "trail"), said


def token(pages):
    return pages.get("/trust").html.partition('name="token" value="')[2].partition('"')[0]


def post(pages, url, **form):
    return pages.post(url, urlencode({"token": token(pages), **form}).encode())


def test_a_mute_is_an_entry_and_the_list_is_quiet_until_it_is_lifted(unusual):
    directory, pages, said = unusual
    number = said.record["eventID"]
    scope = "this kind, by this caller"
    assert scope in pages.get(f"/insight/{number}").html
    answer = post(
        pages, "/insights/mute", insight=number, scope=scope, reason="für Ada", **{"for": "7d"}
    )
    assert (answer.status, answer.headers["location"]) == (303, "/insights")
    with Reader(directory) as reader:
        [(index, muting)] = Mutes.of(reader).said
    assert (muting.by, muting.reason) == ("console", "für Ada")
    assert muting.mute.to_json() == {"kind": "sequence", "caller": said.caller}
    page = pages.get("/insights")
    assert "7 different operations" not in page.text
    assert "1 more is muted" in page.text
    assert pages.get("/insights.json").json["mutes"][0]["entry"] == index
    assert "7 different operations" in pages.get("/insights?muted=true").text
    assert "This is muted" in pages.get(f"/insight/{number}").text
    assert post(pages, "/insights/unmute", entry=str(index)).status == 303
    assert "7 different operations" in pages.get("/insights").text
    assert trails.check(directory).holds


def test_forms_of_other_pages_and_what_is_not_understood_change_nothing(unusual):
    directory, pages, said = unusual
    number = said.record["eventID"]
    assert pages.post("/insights/mute", urlencode({"insight": number}).encode()).status == 403
    assert post(pages, "/insights/mute", insight=number, scope="everything").status == 400
    assert post(pages, "/insights/mute", insight="none", scope=choices(said)[0][0]).status == 404
    assert post(pages, "/insights/unmute", entry="x").status == 400
    assert post(pages, "/insights/unmute", entry="3").status == 400
    with Reader(directory) as reader:
        assert Mutes.of(reader).said == ()


def test_an_insight_of_several_callers_offers_what_it_can(unusual):
    names = [name for name, _ in choices(replace(unusual[2], caller=""))]
    assert names == ["these, by this caller", "this operation, by anybody"]
