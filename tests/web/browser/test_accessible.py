"""axe finds nothing on any page, light or dark."""

from __future__ import annotations

import pytest

PAGES = {
    "history": "/",
    "filtered": "/?event-name=CreateUser&error=*&since=1h",
    "nothing": "/?event-name=Nothing",
    "live": "/live",
    "callers": "/who",
    "runs": "/run",
    "resources": "/resource",
    "who": "/who/John",
    "run": "/run/run-1",
    "resource": "/resource/Mary",
    "insights": "/insights",
    "trust": "/trust",
}


def found(page, axe):
    """What axe has to say, in short, with everything that can be unfolded open."""
    for each in page.locator("main details").all():
        each.evaluate("each => { each.open = true }")
    page.evaluate(axe)
    result = page.evaluate("axe.run()")
    return [
        (each["id"], [node["html"][:120] for node in each["nodes"]])
        for each in result["violations"]
    ]


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_no_page_shuts_anybody_out(site, opened, axe, name, colours):
    page = opened(f"{site.url}{PAGES[name]}", color_scheme=colours)
    assert found(page, axe) == []


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("listing", ["/?username=John", "/insights"])
def test_nor_does_what_a_row_leads_to(site, opened, axe, listing, colours):
    page = opened(f"{site.url}{listing}", color_scheme=colours)
    page.goto(f"{site.url}{page.locator('#rows a.open').first.get_attribute('href')}")
    assert found(page, axe) == []


def test_nor_does_the_help(site, opened, axe):
    page = opened(site.url)
    page.keyboard.press("?")
    assert found(page, axe) == []
