"""axe finds nothing on any page, light or dark."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from apitrail import places
from apitrail.evidence import maintenance
from apitrail.trail import approval_link, statements
from apitrail.trail.keys import Keys
from apitrail.trail.ruling import Ruling
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


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nor_do_calls_that_wait_for_an_approval(asked, opened, axe, colours):
    server, link = asked
    for url in (f"{server.url}/approvals", f"{server.url}{link}"):
        assert found(opened(url, color_scheme=colours), axe) == []


def test_a_call_is_approved_by_keyboard(asked, opened):
    server, link = asked
    page = opened(f"{server.url}/approvals")
    page.get_by_label("Your name").first.focus()
    page.keyboard.type("Ada")
    page.keyboard.press("Tab")
    page.keyboard.type("it is planned")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("it is planned").wait_for()
    page.goto(f"{server.url}{link}")
    page.get_by_role("button", name="Deny").click()
    page.get_by_role("heading", name="is denied").wait_for()


@pytest.fixture
def asked(tmp_path):
    """A server of a trail in which two calls wait, and the link of the second."""
    directory = tmp_path / "asked"
    until = places.clock() + 3_600_000

    async def write():
        maintainer = await maintenance.enter(directory)
        async with maintainer.trail as trail:
            for ticket in ("00ff00ff", "3f9a2c1b"):
                said = Ruling(
                    ticket=ticket, step="asked", guard="prod", statement="Big", caller="ada",
                    action="ec2:RunInstances", event="e1", same=ticket, until=until,
                )  # fmt: skip
                await trail.append(statements.draft(said))

    with ThreadPoolExecutor() as aside:  # the browser's driver has a loop in this thread
        aside.submit(asyncio.run, write()).result()
    token = approval_link.make(Keys.of(directory).redaction(), "3f9a2c1b", until)
    with serving(directory) as server:
        yield server, f"{approval_link.PATH}{token}"
