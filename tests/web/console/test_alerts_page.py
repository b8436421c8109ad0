"""Alerts and their deliveries, as a page and for programs."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

import refusing
import trails
import visiting
from apitrail.trail.statements import Target
from browsing import Pages


@pytest.fixture
def alerted(tmp_path):
    directory = refusing.make(tmp_path / "trail")
    visiting.raise_alerts(directory)
    return Pages(directory)


def test_each_says_what_was_found_and_where_it_went(alerted):
    page = alerted.get("/alerts")
    for words in (
        "A call was refused", "file alerts.jsonl: delivered",
        "webhook https://example.com/: given up after 1 try (it answered 500)",
        "webhook https://example.com/: waiting", "2 deliveries were given up",
    ):  # fmt: skip
        assert words in page.text
    assert any(each.startswith("/event/") for each in page.links)
    told = alerted.get("/alerts.json").json
    assert [each["state"] for each in told["alerts"]] == ["waiting", "given up", "delivered"]
    assert told["sinks"][0] == {
        "sink": "file alerts.jsonl", "configured": True, "waiting": 1, "delivered": 1, "given_up": 1,
    }  # fmt: skip
    assert told["alerts"][0]["summary"].startswith("iam:")


def test_what_was_given_up_is_tried_again_by_a_form_of_ours(alerted):
    assert alerted.post("/alerts/retry", b"").status == 403
    body = urlencode({"token": alerted.console.form_token}).encode()
    kind = "application/x-www-form-urlencoded"
    assert alerted.post("/alerts/retry", body, **{"content-type": kind}).status == 303
    assert alerted.get("/alerts.json").json["sinks"][0]["given_up"] == 0
    assert "given up" not in alerted.get("/alerts").text.replace("Given up", "")


def test_what_was_erased_is_not_shown(alerted):
    async def erase(trail):
        await trail.erase([Target(1, ("who", "what"))])

    trails.write(alerted.served.path, erase)
    page = Pages(alerted.served.path).get("/alerts")
    assert "the record was erased" in page.text


def test_where_there_are_none_it_is_said_how_to_get_them(pages):
    assert "No alert is configured" in pages.get("/alerts").text
    assert pages.get("/alerts.json").json["alerts"] == []
