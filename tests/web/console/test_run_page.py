"""A run told in order."""

from __future__ import annotations

import trails
from browsing import Pages


def test_it_is_told_in_order_with_what_was_made_and_taken_away(pages):
    found = pages.get("/run/run-1.json").json
    assert [event["event"] for event in found["events"]] == ["iam:DeleteUser", "iam:CreateUser"]
    assert found["labels"] == ["build=1234"]
    page = pages.get("/run/run-1")
    assert "user2 deleted the user target8" in page.text
    assert "2 calls, 0 failed" in page.text


def test_a_long_run_goes_on_with_the_next_page(tmp_path, monkeypatch):
    monkeypatch.setattr("apitrail.web.console.run_page.ROWS", 3)

    async def work(trail):
        await trail.append(trails.run("r1"))
        await trails.append_each(trail, [trails.draft(n, run="r1") for n in range(8)])

    trails.write(tmp_path / "trail", work)
    pages, url, found = Pages(tmp_path / "trail"), "/run/r1", []
    while url:
        answer = pages.get(url.replace("/run/r1", "/run/r1.json")).json
        found += [event["entry"] for event in answer["events"]]
        url = answer["next"]
    assert found == list(range(1, 9))


def test_the_start_of_an_id_will_do(pages):
    assert pages.get("/run/run.json").json["run"] == "run-1"
    page = pages.get("/run/none")
    assert (page.status, "No run 'none'" in page.text) == (404, True)
