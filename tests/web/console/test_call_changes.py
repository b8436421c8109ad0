"""What a call changed, on its page."""

from __future__ import annotations

import pytest

from apitrail.web.console import call_changes
from browsing import Pages
from evidence.bundle.evidence import SECOND, SG, Story


def group(*ports: int) -> dict:
    rules = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port} for port in ports]
    return {"SecurityGroups": [{"GroupId": SG, "GroupName": "web", "IpPermissions": rules}]}


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """A rule is revoked between two observations; a later change is not seen."""
    story = Story().open().wait(SECOND)
    story.call("DescribeSecurityGroups", resources=(SG,), answer=group(22, 443)).wait(SECOND)
    asked = {"GroupId": SG, "IpPermissions": group(22)["SecurityGroups"][0]["IpPermissions"]}
    story.call("RevokeSecurityGroupIngress", resources=(SG,), asked=asked).wait(SECOND)
    story.call("DescribeSecurityGroups", resources=(SG,), answer=group(443)).wait(SECOND)
    story.call("AuthorizeSecurityGroupIngress", resources=(SG,), asked=asked).wait(SECOND)
    story.call("RevokeSecurityGroupIngress", resources=("sg-9",), error="Denied").wait(
        SECOND
    ).beat()
    place = tmp_path_factory.mktemp("changes") / "trail"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("APITRAIL_CONFIG", str(place.parent / "config"))
        story.write(place)
    return Pages(place)


def event(pages: Pages, entry: int) -> str:
    [found] = [each for each in pages.get("/events.json").json["events"] if each["entry"] == entry]
    return f"/event/{found['eventID']}"


def test_what_a_call_changed_is_told_by_the_next_observation(story):
    page = story.get(event(story, 2))
    assert "What changed" in page.text
    assert "DescribeSecurityGroups saw it:SecurityGroup: seen, and changed" in page.text
    assert "was not seen since" not in page.text
    [changed] = story.get(f"{event(story, 2)}.json").json["changed"]
    assert [each["entry"] for each in changed["told"]] == [2, 3]


def test_a_change_that_was_not_seen_since_says_so(story):
    text = story.get(event(story, 4)).text
    assert "SecurityGroup: may be changed, and was not seen since" in text
    assert "saw it:" not in text


@pytest.mark.parametrize("entry", [1, 5])
def test_reads_and_refused_calls_changed_nothing(story, entry):
    assert "What changed" not in story.get(event(story, entry)).text


def test_a_long_story_is_left_to_its_own_page(story, monkeypatch):
    monkeypatch.setattr(call_changes, "READ", 2)
    assert "Its story is long" in story.get(event(story, 2)).text
