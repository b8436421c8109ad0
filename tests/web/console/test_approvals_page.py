"""Calls are approved and denied on a page, and under a signed link."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from apitrail import places
from apitrail.evidence import maintenance
from apitrail.trail import approval_link, statements
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader
from apitrail.trail.ruling import Ruling
from apitrail.trail.tickets import rulings
from apitrail.web.host_check import Guard
from browsing import Pages, ask

UNTIL = places.clock() + 3_600_000
ASKED = Ruling(
    ticket="3f9a2c1b", step="asked", guard="prod", statement="Big", action="ec2:RunInstances",
    caller="arn:aws:iam::123456789012:user/<ada>", event="e1", same="s", until=UNTIL,
)  # fmt: skip


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """A trail in which two calls wait for an approval."""
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))

    async def write():
        maintainer = await maintenance.enter(tmp_path / "trail")
        async with maintainer.trail as trail:
            for said in (ASKED, replace(ASKED, ticket="00ff00ff", action="s3:PutObject")):
                await trail.append(statements.draft(said))

    asyncio.run(write())
    return tmp_path / "trail"


@pytest.fixture
def pages(directory):
    found = Pages(directory)
    object.__setattr__(found.console.served, "clock", places.clock)
    return found


def last(directory):
    with Reader(directory) as reader:
        return [said for _, said in rulings(reader)][-1]


def token(pages):
    return pages.get("/approvals").html.partition('name="token" value="')[2].partition('"')[0]


def post(pages, url, **form):
    return pages.post(url, urlencode(form).encode())


def link(directory, ticket="3f9a2c1b", until=UNTIL):
    secret = Keys.of(directory).redaction()
    return approval_link.PATH + approval_link.make(secret, ticket, until)


def test_the_page_lists_what_waits_and_decides_it(directory, pages):
    page = pages.get("/approvals")
    assert "ec2:RunInstances" in page.text
    assert "user/<ada>" in page.text
    assert "user/<ada>" not in page.html
    told = pages.get("/approvals.json").json
    assert [each["ticket"] for each in told["waiting"]] == ["3f9a2c1b", "00ff00ff"]
    form = {"token": token(pages), "ticket": "3f9a2c1b", "name": "Ada", "reason": "geplant: größer"}
    answer = post(pages, "/approvals/decide", verdict="approve", **form)
    assert (answer.status, answer.headers["location"]) == (303, "/approvals")
    said = last(directory)
    assert (said.step, said.name, said.road, said.reason) == ("approved", "Ada", "console", "geplant: größer")  # fmt: skip
    assert said.by is not None
    assert "approved" in pages.get("/approvals").text
    # Twice it cannot be done, nor otherwise.
    again = post(pages, "/approvals/decide", verdict="deny", **form)
    assert again.status == 400
    assert "it is approved by Ada" in again.text
    assert last(directory) == said


def test_a_form_of_another_page_decides_nothing(directory, pages):
    bare = {"ticket": "3f9a2c1b", "verdict": "approve"}
    assert post(pages, "/approvals/decide", **bare).status == 403
    assert post(pages, "/approvals/decide", token=token(pages), ticket="3f9a2c1b").status == 400
    assert pages.get("/approvals/decide?ticket=3f9a2c1b&verdict=approve").status in (404, 405)
    assert last(directory).step == "asked"


def test_a_link_shows_a_page_and_decides_once_by_post(directory, pages):
    url = link(directory)
    page = pages.get(url)
    assert "Approve ec2:RunInstances?" in page.text
    assert "s3:PutObject" not in page.text
    assert last(directory).step == "asked"
    assert post(pages, url, verdict="deny", name="Bo", reason="no").status == 303
    said = last(directory)
    assert (said.ticket, said.step, said.road, said.name) == ("3f9a2c1b", "denied", "link", "Bo")
    assert "ec2:RunInstances is denied" in pages.get(url).text
    again = post(pages, url, verdict="approve")
    assert again.status == 400
    assert "cannot be decided" in again.text
    assert last(directory) == said


def test_a_link_that_is_changed_or_over_decides_nothing(directory, pages):
    over = link(directory, until=places.clock() - 1)
    for url in (over, link(directory)[:-2], link(directory).replace("3f9a2c1b", "00ff00ff")):
        assert pages.get(url).status == 400
        assert post(pages, url, verdict="approve").status == 400
        assert "entries" not in pages.get(url).text
    assert last(directory).step == "asked"


def test_a_link_needs_no_token_of_the_server_and_opens_nothing_else(directory, pages):
    app = Guard(pages.app, token="APITRAIL0123456789ABCDEF")
    assert ask(app, link(directory)).status == 200
    assert ask(app, "/approvals").status in (401, 403)
    assert ask(app, "/approvals/link/../decide").status in (400, 401, 403, 404)
    elsewhere = {"host": "evil.example"}
    assert ask(app, link(directory), headers=elsewhere).status == 403


def test_why_the_caller_wants_its_call_is_shown_as_the_callers_words(directory, pages):
    async def decide():
        maintainer = await maintenance.enter(directory)
        async with maintainer.trail as trail:
            denied = replace(ASKED, step="denied", stated="for <b>notes</b>", name="Bo", until=None)
            await trail.append(statements.draft(denied))

    asyncio.run(decide())
    page = pages.get(link(directory))
    assert "for &lt;b&gt;notes&lt;/b&gt;" in page.html
    assert "(written by the caller)" in page.text
