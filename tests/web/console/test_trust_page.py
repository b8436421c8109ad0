"""Trust: the verdict with its steps, and verifying now."""

from __future__ import annotations

import trails
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.note import Note
from apitrail.trail.anchor import COSIGNATURE, Anchor
from browsing import Pages


def form(pages):
    html = pages.get("/trust").html
    return html.partition('name="token" value="')[2].partition('"')[0]


def test_the_verdict_has_its_steps_and_what_it_rests_on(trail):
    pages = Pages(trail)
    assert "Not verified yet" in pages.get("/trust").text
    pages.verdict.run()
    page = pages.get("/trust")
    for words in (
        "OK",
        "complete and unaltered",
        "schema: tables",
        trails.ORIGIN,
        "the key was never changed",
    ):
        assert words in page.text
    found = pages.get("/trust.json").json
    assert found["report"]["verdict"] == "OK"
    assert found["newest"]["size"] == found["report"]["entries"]


def test_what_does_not_hold_is_said_everywhere(tmp_path):
    trails.make(tmp_path / "trail", calls=5)
    with trails.forge(tmp_path / "trail") as database:
        database.execute("DELETE FROM entry WHERE idx = 4")
    pages = Pages(tmp_path / "trail")
    pages.verdict.run()
    assert "The log does not hold" in pages.get("/trust").text
    assert "TAMPERED" in pages.get("/").text


def test_verifying_now_is_asked_for_by_a_form_of_ours_alone(trail):
    pages = Pages(trail)
    refused = pages.post("/trust", b"token=guessed", accept="text/html")
    assert (refused.status, pages.verdict.standing.at) == (403, None)
    answer = pages.post("/trust", f"token={form(pages)}".encode())
    assert (answer.status, answer.headers["location"]) == (303, "/trust")
    assert pages.verdict.standing.runs or pages.verdict.standing.at


def test_one_verification_runs_at_a_time_and_its_progress_is_told(trail):
    pages = Pages(trail)
    ran = []
    pages.verdict.run = lambda: ran.append(1)
    assert [pages.verdict.start(), pages.verdict.start()] == [True, False]
    assert pages.get("/trust/progress.json").json["runs"] is True


def test_when_nobody_was_recording_is_told(trail):
    assert "no recorder was running" in Pages(trail).get("/trust").text


def test_it_names_who_outside_has_seen_the_log(tmp_path):
    directory = trails.make(tmp_path / "trail", 5)
    assert "No witness has seen this log" in Pages(directory).get("/trust").text

    async def anchor(trail):
        size = Checkpoint.parse(Note.parse(trail.newest).text).size
        line = "\N{EM DASH} example.com/witness AAAA\n".encode()
        await trail.anchor(
            size, trail.newest, [Anchor(size, COSIGNATURE, "example.com/witness+1", line)]
        )

    trails.write(directory, anchor)
    pages = Pages(directory)
    [seen] = pages.get("/trust.json").json["witnesses"]
    assert seen["name"] == "example.com/witness"
    assert "example.com/witness" in pages.get("/trust").text
