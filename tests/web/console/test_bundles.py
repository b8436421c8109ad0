"""The console of a bundle: what it opens, and that it is no more."""

from __future__ import annotations

import pytest

from apitrail.delivery import export
from apitrail.query import Filter
from apitrail.trail.reader import Reader
from browsing import Pages


@pytest.fixture(scope="module")
def bundle(trail, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "evidence.zip"
    with Reader(trail) as reader:
        job = export.Job(where=Filter(event_name=("GetUser",)))
        export.to_file(reader, job, form="bundle", path=path)
    return Pages(path)


@pytest.mark.parametrize(
    "url", ["/", "/live", "/insights", "/trust", "/who/user1", "/resource/target1"]
)
def test_every_page_says_that_it_shows_only_what_is_opened(bundle, url):
    page = bundle.get(url)
    assert page.status == 200
    assert "This is a bundle. It shows only the calls that it opens" in page.text
    assert bundle.get(f"{'/events' if url == '/' else url}.json").status == 200


def test_it_has_its_calls_and_no_others(bundle):
    assert {each["event"] for each in bundle.get("/events.json").json["events"]} == {"iam:GetUser"}
    assert bundle.get("/who/user0").status == 404


def test_an_event_of_it_is_proven_by_it(bundle):
    [first, *_] = bundle.get("/events.json").json["events"]
    checks = bundle.get(f"/event/{first['eventID']}.json").json["checks"]
    assert checks
    assert all(check["holds"] for check in checks), checks


def test_it_is_verified_as_a_bundle(bundle):
    bundle.verdict.run()
    assert "each in a log of" in bundle.get("/trust").text


def test_the_console_of_a_trail_does_not_say_so(pages):
    assert "This is a bundle" not in pages.get("/").text
