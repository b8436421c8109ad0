"""A resource's story."""

from __future__ import annotations

import trails
from apitrail.web.console import resource_page
from browsing import Pages


def test_it_tells_changes_and_what_is_known_of_the_time_between(pages):
    page = pages.get("/resource/target3")
    assert "iam:CreateUser by user0 NoSuchEntity" in page.text
    assert "No other changes of target3 between" in page.text
    assert pages.get("/resource/target3.json").json["complete"] is True


def test_a_read_that_shows_something_new_is_told(pages):
    assert "iam:GetUser by user1 read it" in pages.get("/resource/target4").text


def test_names_with_slashes_ampersands_and_endings(pages):
    for name in ("arn:aws:iam::123456789012:user/target3", "Mary & co", "notes.json"):
        links = {
            each
            for each in pages.get(f"/?resource-name={name.replace('&', '%26')}").links
            if each.startswith("/resource/")
        }
        [link] = links
        page = pages.get(link.replace("&amp;", "&"))
        assert page.status == 200
        assert page.text.count("iam:") or "calls" in page.text
    assert pages.get("/resource/notes.json.html").status == 200
    assert pages.get("/resource/notes.json.json").json["resource"] == "notes.json"


def test_of_a_large_log_the_calls_are_listed_and_the_story_is_told_on_request(pages, monkeypatch):
    monkeypatch.setattr(resource_page, "READ_WHOLE", 5)
    page = pages.get("/resource/target3")
    assert "whether other calls may have touched it takes reading them all" in page.text
    assert pages.get("/resource/target3.json").json["complete"] is None
    assert "No other changes" in pages.get("/resource/target3?whole=true").text


def test_no_resource_of_that_name(pages):
    page = pages.get("/resource/nothing")
    assert (page.status, "No call here names the resource 'nothing'" in page.text) == (404, True)


def test_a_long_story_is_cut_and_says_so(tmp_path):
    drafts = [trails.draft(n * 3, resource="busy") for n in range(90)]
    trails.write(tmp_path / "trail", lambda trail: trails.append_all(trail, drafts))
    page = Pages(tmp_path / "trail").get("/resource/busy")
    assert "earlier steps are in the JSON" in page.text
    assert len(page.body) < 150_000
