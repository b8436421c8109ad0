"""axe finds nothing on any page, light or dark."""

from __future__ import annotations

import pytest

from evidence.bundle.evidence import MINUTE, SECOND, SG, Story
from visiting import serving

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
    "alerts": "/alerts",
    "approvals": "/approvals",
    "trust": "/trust",
    "policy": "/policy?username=John",
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


@pytest.fixture(scope="module")
def bypassed(tmp_path_factory):
    """The console of a trail whose security group was changed behind the recorder."""
    group = {"GroupId": SG, "GroupName": "web", "IpPermissions": []}
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    shown = [{"SecurityGroups": [{**group, "IpPermissions": rules}]} for rules in ([], [rule], [])]
    story = Story().open().wait(SECOND)
    for answer in shown[:2]:
        story.call("DescribeSecurityGroups", resources=(SG,), answer=answer).wait(SECOND)
    story.close().wait(MINUTE).open().call("RevokeSecurityGroupIngress", resources=(SG,))
    story.wait(SECOND).call("DescribeSecurityGroups", answer=shown[2]).wait(SECOND).beat()
    path = tmp_path_factory.mktemp("bypassed") / "trail"
    story.write(path)
    with serving(path) as found:
        yield found


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nor_does_a_resource_with_states_drift_and_bands(bypassed, opened, axe, colours):
    page = opened(f"{bypassed.url}/resource/{SG}", color_scheme=colours)
    assert page.locator(".drift").count() == 1
    assert page.locator(".gap-step").count() == 1
    assert found(page, axe) == []


def test_two_states_are_compared_by_keyboard_alone(bypassed, opened):
    page = opened(f"{bypassed.url}/resource/{SG}")
    chosen = page.locator("select[name=from]")
    chosen.focus()
    page.keyboard.press("End")
    page.locator("select[name=to] + button, form.times button").last.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**from=1&to=**")
    assert "Nothing differs." in page.locator("main").inner_text()
