"""A resource's story."""

from __future__ import annotations

import pytest

import trails
from apitrail.web.console import resource_page
from browsing import Pages
from evidence.bundle.evidence import MINUTE, SECOND, SG, Story


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


def test_of_very_many_calls_they_are_listed_and_the_story_is_told_on_request(pages, monkeypatch):
    monkeypatch.setattr(resource_page, "READ_WHOLE", 0)
    page = pages.get("/resource/target3")
    assert "What each of so many says of its state takes reading them all" in page.text
    assert pages.get("/resource/target3.json").json["complete"] is None
    assert "No other changes" in pages.get("/resource/target3?whole=true").text


def test_in_a_large_log_what_else_touched_it_is_sought_on_request(seen, monkeypatch):
    monkeypatch.setattr(resource_page, "LARGE", 5)
    page = seen.get(f"/resource/{SG}")
    assert f"What else may have touched {SG} was not looked for here." in page.text
    assert "Nobody was recording from" in page.text
    assert "Drift. SecurityGroup" in page.text
    assert "No other changes" in seen.get(f"/resource/{SG}?whole=true").text


def test_no_resource_of_that_name(pages):
    page = pages.get("/resource/nothing")
    assert (page.status, "No call here names or shows the resource 'nothing'" in page.text) == (
        404,
        True,
    )


def group(*ports: int) -> dict:
    rules = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port} for port in ports]
    return {"SecurityGroups": [{"GroupId": SG, "GroupName": "web", "IpPermissions": rules}]}


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """A group that is seen, bypassed while nobody watched, seen, and changed by a call."""
    story = Story().open().wait(SECOND)
    story.call("DescribeSecurityGroups", resources=(SG,), answer=group(443)).wait(SECOND).close()
    story.wait(9 * MINUTE).open().wait(SECOND)
    story.call("DescribeSecurityGroups", answer=group(22, 443)).wait(SECOND)
    asked = {"GroupId": SG, "IpPermissions": group(22)["SecurityGroups"][0]["IpPermissions"]}
    story.call("RevokeSecurityGroupIngress", resources=(SG,), asked=asked, user="bob").wait(SECOND)
    story.call("DescribeSecurityGroups", resources=(SG,), answer=group(443)).wait(SECOND).beat()
    place = tmp_path_factory.mktemp("seen") / "trail"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("APITRAIL_CONFIG", str(place.parent / "config"))
        story.write(place)
    return Pages(place)


def test_it_tells_the_state_as_last_known_and_from_which_call(seen):
    page = seen.get(f"/resource/{SG}")
    assert "State as last known SecurityGroup Seen" in page.text
    assert "by DescribeSecurityGroups, entry 6." in page.text
    [part] = seen.get(f"/resource/{SG}.json").json["parts"]
    assert part["state"] == group(443)["SecurityGroups"][0]


def test_it_tells_drift_with_links_to_both_observations(seen):
    page = seen.get(f"/resource/{SG}")
    assert (
        "Drift. SecurityGroup was changed by something that did not pass through this recorder"
        in page.text
    )
    [drift] = seen.get(f"/resource/{SG}.json").json["drift"]
    assert drift["entries"] == [1, 4]
    assert {f"/event/{each}" for each in drift["events"]} <= set(page.links)


def test_it_has_a_band_where_nobody_was_watching(seen):
    assert "Nobody was recording from" in seen.get(f"/resource/{SG}").text


def test_a_step_says_what_differs_and_what_was_asked(seen):
    page = seen.get(f"/resource/{SG}")
    assert "ec2:RevokeSecurityGroupIngress by bob changed it" in page.text
    assert "SecurityGroup: may be changed, and was not seen since" in page.text
    assert page.text.count("SecurityGroup: seen, and changed") == 2


def test_any_two_states_stand_side_by_side(seen):
    last = seen.get(f"/resource/{SG}.json").json["compared"]
    assert (last["from"], last["to"]) == (4, 6)
    assert [each["change"] for each in last["differences"]] == ["removed"]
    chosen = seen.get(f"/resource/{SG}.json?from=1&to=4").json["compared"]
    assert [(each["member"], each["change"]) for each in chosen["differences"]] == [
        ("SecurityGroup: IpPermissions", "added")
    ]
    assert "Nothing differs." in seen.get(f"/resource/{SG}?from=1&to=6").text


@pytest.mark.parametrize("wrong", ["from=1", "from=1&to=99", "from=x&to=1", "from=3&to=%3Cb%3E"])
def test_a_state_that_there_is_not_is_said(seen, wrong):
    page = seen.get(f"/resource/{SG}?{wrong}")
    assert page.status == 404 or page.status == 400
    assert "No state of" in page.text


def test_a_long_story_is_cut_and_says_so(tmp_path):
    drafts = [trails.draft(n * 3, resource="busy") for n in range(90)]
    trails.write(tmp_path / "trail", lambda trail: trails.append_all(trail, drafts))
    page = Pages(tmp_path / "trail").get("/resource/busy")
    assert "earlier steps are in the JSON" in page.text
    assert len(page.body) < 150_000
