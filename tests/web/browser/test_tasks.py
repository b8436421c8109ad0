"""What people do with the console, by the keyboard alone."""

from __future__ import annotations

import re

import pytest

import trails
from apitrail.delivery import export
from apitrail.tlog import note
from apitrail.trail.reader import Reader
from visiting import serving, tab_to


def heading(page):
    return page.locator("h1").inner_text()


def loaded(page, url):
    """Wait until the page is the one at a URL."""
    page.wait_for_url(re.compile(url))
    page.locator("html:not([aria-busy])").wait_for()


def test_find_who_made_mary_and_see_all_of_it(site, opened):
    page = opened(site.url)
    page.keyboard.press("/")
    page.keyboard.type("CreateUser Mary")
    page.keyboard.press("Enter")
    loaded(page, r"event-name=CreateUser&resource-name=Mary")
    assert "1 call" in page.locator("#summary").inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    loaded(page, r"/event/")
    assert heading(page).startswith("John created the user Mary")
    tab_to(page, "as aws-cli")
    page.keyboard.press("Enter")
    loaded(page, r"/as/aws-cli")
    page.keyboard.press("u")
    loaded(page, r"/$")


def test_move_by_rows_and_turn_the_page(site, opened):
    page = opened(f"{site.url}/?rows=20")
    first = page.locator("#rows tr").nth(0).get_attribute("data-entry")
    for key, row in (("j", 0), ("j", 1), ("k", 0)):
        page.keyboard.press(key)
        assert page.locator("#rows tr").nth(row).get_attribute("class").endswith("at")
    page.keyboard.press("n")
    loaded(page, "before=")
    assert page.locator("#rows tr").nth(0).get_attribute("data-entry") < first
    page.go_back()
    loaded(page, r"rows=20$")
    assert page.locator("#rows tr").nth(0).get_attribute("data-entry") == first


def test_narrow_it_down_and_widen_it_again(site, opened):
    page = opened(site.url)
    tab_to(page, "Errors only")
    page.keyboard.press("Enter")
    loaded(page, r"error=\*")
    assert page.locator("tr.failed").count() == page.locator("#rows tr").count() > 0
    tab_to(page, "Errors only \N{MULTIPLICATION SIGN}")
    page.keyboard.press("Enter")
    loaded(page, r"/$")
    tab_to(page, "Last hour")
    page.keyboard.press("Enter")
    loaded(page, "since=1h")


def test_keys_are_explained(site, opened):
    page = opened(site.url)
    page.keyboard.press("?")
    assert page.locator("dialog[open]").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0


def test_hand_over_what_is_shown(site, opened):
    page = opened(f"{site.url}/?event-name=GetUser")
    tab_to(page, "Export evidence")
    page.keyboard.press("Enter")
    tab_to(page, "CSV")
    page.keyboard.press("e")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".zip")


def test_watch_calls_pause_and_go_on(site, opened):
    page = opened(f"{site.url}/live?username=Watched")
    page.get_by_text("0 new").wait_for()
    site.record(trails.draft(300, user="Watched", resource="one"))
    page.locator("#rows tr.new", has_text="one").wait_for()
    page.keyboard.press("p")
    page.get_by_text("Paused, 0 new").wait_for()
    site.record(trails.draft(301, user="Watched", resource="two"), trails.draft(302, user="Other"))
    page.get_by_text("Paused, 1 new").wait_for()
    assert page.locator("#rows tr", has_text="two").count() == 0
    page.keyboard.press("p")
    page.locator("#rows tr", has_text="two").wait_for()


def test_follow_a_call_to_its_caller_its_run_and_its_resource(site, opened):
    page = opened(f"{site.url}/?run=run-1")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    loaded(page, "/event/")
    event = page.url
    for link, url, words in (
        ("run-1", "/run/run-1", "9 calls"),
        ("arn:aws:iam::123456789012:user/target156", "/resource/", "target156"),
        ("ci", "/who/ci", "calls"),
    ):
        if "resource" in url:
            page.goto(event)
            tab_to(page, "target156")
        else:
            page.goto(event)
            tab_to(page, link)
        page.keyboard.press("Enter")
        loaded(page, url)
        assert words in page.locator("main").inner_text()


def test_see_what_was_unusual(site, opened):
    page = opened(site.url)
    tab_to(page, "Insights 1")
    page.keyboard.press("Enter")
    loaded(page, "/insights")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    loaded(page, "/insight/")
    assert "7 different operations were refused" in page.locator("main").inner_text()


def test_see_which_alerts_did_not_arrive_and_have_them_sent_again(site, opened):
    page = opened(site.url)
    tab_to(page, "Alerts")
    page.keyboard.press("Enter")
    loaded(page, "/alerts")
    assert page.locator("#rows tr.failed").count() == 1
    tab_to(page, "Try again")
    page.keyboard.press("Enter")
    page.locator("main form").wait_for(state="detached")
    assert page.locator("#rows tr.failed").count() == 0
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    loaded(page, "/event/")


def test_verify_now_and_read_the_verdict(site, opened):
    page = opened(f"{site.url}/trust")
    page.get_by_role("button", name="Verify now").wait_for()
    tab_to(page, "Verify now")
    page.keyboard.press("Enter")
    page.get_by_text("complete and unaltered").wait_for()
    page.locator(".standing", has_text="Verified to entry").wait_for()


def test_everything_that_reads_works_without_scripts(site, opened):
    page = opened(site.url, java_script_enabled=False)
    page.locator("#q").press_sequentially("DeleteUser")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("event-name=DeleteUser"))
    rows = page.locator("#rows tr")
    assert rows.count() == rows.filter(has_text="DeleteUser").count() > 0
    page.goto(f"{site.url}/live")
    assert "reload the page" in page.locator("main").inner_text()
    assert page.locator("#pause").is_hidden()


def test_a_bundle_says_that_it_is_one(site, opened, tmp_path):
    with Reader(site.trail) as reader:
        export.to_file(reader, export.Job(), form="bundle", path=tmp_path / "evidence.zip")
    with serving(tmp_path / "evidence.zip") as bundle:
        page = opened(bundle.url)
        assert "This is a bundle" in page.locator("main").inner_text()
        # Before its server ends: what the page still loads would be refused.
        page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("url", ["/", "/live", "/trust"])
def test_the_first_key_leads_past_the_frame(site, opened, url):
    page = opened(f"{site.url}{url}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"


def test_check_a_call_in_the_browser_and_not_on_the_server(site, opened):
    page = opened(f"{site.url}/?event-name=CreateUser&resource-name=Mary")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    loaded(page, r"/event/")
    tab_to(page, "Check it here")
    page.keyboard.press("Enter")
    page.locator("[data-verdict].good").wait_for()
    assert page.locator("[data-verdict]").inner_text().startswith("OK: 1 call")
    assert "CreateUser" in page.locator("[data-facts]").inner_text()
    other = str(note.Signer(trails.ORIGIN, bytes(32)).verifier)
    page.fill(".here input", other)
    page.keyboard.press("Enter")
    page.locator("[data-verdict].bad").wait_for()
    assert page.locator("[data-verdict]").inner_text().startswith("UNTRUSTED-KEY")


def test_mute_an_insight_and_lift_it_again(site, opened):
    page = opened(f"{site.url}/insights")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    loaded(page, r"/insight/")
    tab_to(page, "Mute what is like this")
    page.keyboard.press("Enter")
    tab_to(page, "Mute")
    page.keyboard.press("Enter")
    loaded(page, r"/insights$")
    assert "1 more is muted" in page.content()
    tab_to(page, "Lift")
    page.keyboard.press("Enter")
    page.locator("#rows tr").wait_for()
    assert "muted" not in page.locator("main").inner_text()
