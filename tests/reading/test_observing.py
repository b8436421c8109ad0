"""The states of one resource through a log, and changes that nobody recorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.event import Event
from apitrail.reading.observing import Observing
from apitrail.state.wanted import Wanted
from apitrail.trail.reader import Reader
from evidence.bundle.evidence import MINUTE, SECOND, SG, Story


def group(*ports: int) -> dict:
    rules = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port} for port in ports]
    return {"SecurityGroups": [{"GroupId": SG, "IpPermissions": rules}]}


def observed(story: Story, folder: Path) -> tuple[Observing, list[dict]]:
    """Learn the calls that name the group; what was known after each."""
    story.wait(SECOND).beat().write(folder / "trail")
    states = []
    with Reader(folder / "trail") as reader:
        observing = Observing(reader, Wanted((SG,)))
        for data in range(1, reader.size - 1):
            event = Event.parse(reader.facets(data))
            if any(each.name == SG for each in event.resources):
                outcome = "read" if event.record()["readOnly"] else "changed"
                observing.learn(data, event, outcome, is_named=True)
                states.append(observing.state())
        return observing, [*states, {"drift": [(x.before, x.after) for x in observing.drift()]}]


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "configuration"))


def test_the_state_is_the_same_object_while_nothing_changes(tmp_path: Path) -> None:
    story = Story().open()
    for ports in ((443,), (443,), (22, 443)):
        story.wait(MINUTE).call("DescribeSecurityGroups", resources=(SG,), answer=group(*ports))
    _, (one, two, three, _) = observed(story, tmp_path)
    assert one is two
    assert one != three


def test_a_call_that_does_not_name_it_may_have_changed_it_all_the_same(tmp_path: Path) -> None:
    story = Story().open().wait(SECOND)
    story.call("DescribeSecurityGroups", resources=(SG,), answer=group(443)).wait(MINUTE)
    story.call("ModifySecurityGroupRules", undetermined=True).wait(MINUTE)
    story.call("DescribeSecurityGroups", resources=(SG,), answer=group()).wait(MINUTE)
    story.call("DescribeSecurityGroups", resources=(SG,), answer=group(22))
    _, (*_, found) = observed(story, tmp_path)
    assert found == {"drift": [(3, 4)]}


def test_the_resources_that_the_calls_name_are_kept(tmp_path: Path) -> None:
    story = Story().open().wait(SECOND)
    story.call("DescribeSecurityGroups", resources=(SG, "web"), answer=group(443))
    observing, _ = observed(story, tmp_path)
    assert {each.name for each in observing.resources.values()} == {SG, "web"}
    assert [each.aspect for each in observing.known] == ["SecurityGroup"]
