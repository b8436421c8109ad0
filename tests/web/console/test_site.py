"""The frame of every page: its twin in JSON, errors in words, and what a browser is told."""

from __future__ import annotations

import pytest

from apitrail.web.console import headers


def test_every_page_is_json_too_and_says_where(pages):
    for url in ("/", "/?event-name=GetUser", "/events", "/events.html"):
        page = pages.get(url)
        twin = page.links[-1]
        assert page.status == 200
        assert pages.get(twin.replace("&amp;", "&")).json["title"] == "Event history"


@pytest.mark.parametrize("url", ["/", "/?since=nonsense", "/static/x/console.css", "/events.json"])
def test_a_browser_is_told_to_load_nothing_of_others_and_to_run_nothing_inline(pages, url):
    told = pages.get(url).headers
    assert told["content-security-policy"] == headers.POLICY
    assert "unsafe" not in headers.POLICY
    assert told["x-content-type-options"] == "nosniff"


def test_no_page_has_a_script_or_a_style_of_its_own(pages):
    html = pages.get("/").html
    assert html.count("<script") == html.count('<script type="module" src="/static/') == 1
    assert "<style" not in html
    assert " style=" not in html
    assert " onclick" not in html


@pytest.mark.parametrize(
    ("url", "status", "words"),
    [
        ("/?since=soon", 400, "Not a time: 'soon'"),
        ("/?colour=red", 400, "There is no 'colour' to ask for"),
        ("/?columns=time,shoe", 400, "No column 'shoe'"),
        ("/?error=A&error=B", 400, "Error is given 2 times"),
        ("/search?q=%22open", 400, "A quote is open"),
        ("/static/x/none.js", 404, "There is no such file"),
    ],
)
def test_what_cannot_be_shown_is_a_page_that_says_why(pages, url, status, words):
    page = pages.get(url)
    assert (page.status, "Traceback" in page.html) == (status, False)
    assert words in page.text


def test_an_error_is_json_where_json_was_asked_for(pages):
    answer = pages.get("/events.json?since=soon")
    assert (answer.status, answer.json["error"]) == (400, "not a time: 'soon'")
    assert "2h" in answer.json["hint"]


def test_what_was_recorded_is_escaped_and_cannot_reorder_what_is_around_it(pages):
    html = pages.get("/").html
    assert "<John>" not in html
    assert "&lt;John&gt;" in html
    assert "Mary &amp; co" in html


def test_the_verdict_is_in_sight_once_it_is_known(pages):
    pages.verdict.run()
    assert f"Verified to entry {pages.verdict.standing.report.entries - 1}" in pages.get("/").text


def test_an_old_style_is_not_kept_once_it_has_changed(pages):
    [link] = {each for each in pages.get("/").html.split('"') if each.endswith("/console.css")}
    answer = pages.get(link)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in answer.headers["cache-control"]


def test_clients_of_the_api_and_of_the_bucket_are_answered_as_before(pages):
    target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"
    answer = pages.post("/", b"{}", **{"x-amz-target": target})
    assert answer.json == {"Events": []}
    assert "NoSuchBucket" in pages.get("/somewhere").html
