"""Drift is told from what answers showed, and told again from the same entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from apitrail.evidence import maintenance, verify
from apitrail.evidence.verify import trail_check
from apitrail.insights.thresholds import Thresholds
from apitrail.trail import statements
from apitrail.trail.keys import Keys
from apitrail.trail.learnt import Learnt
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Insight, Target
from apitrail.trail.telling import Teller
from evidence.bundle.evidence import MINUTE, SECOND, SG, Story


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "configuration"))


def group(*ports: int, name: str = SG) -> dict:
    """The answer to DescribeSecurityGroups, with these ports open."""
    rules = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port} for port in ports]
    return {"SecurityGroups": [{"GroupId": name, "IpPermissions": rules}]}


def seen(story: Story, *ports: int) -> Story:
    return story.call("DescribeSecurityGroups", resources=(SG,), answer=group(*ports))


def bypassed(between: Callable[[Story], Story] = lambda story: story) -> Story:
    """Port 22 is opened by nobody who was recorded."""
    story = seen(Story().open().wait(SECOND), 443).wait(MINUTE)
    return seen(between(story), 22, 443).wait(SECOND)


def told(trail: Path) -> list[Insight]:
    with Reader(trail) as reader:
        found = Teller(0, Thresholds()).read(reader, reader.size)
        return [said for said in found if said.kind == "drift"]


def test_it_names_both_entries_the_time_and_the_members_and_no_values(tmp_path: Path) -> None:
    bypassed().beat().write(tmp_path / "trail")
    [said] = told(tmp_path / "trail")
    assert said.evidence == (1, 2)
    assert said.why[0] == (
        "changed by something that did not pass through this recorder, between "
        "2026-11-22T12:00:01.000Z and 2026-11-22T12:01:01.000Z"
    )
    assert said.why[1] == f"SecurityGroup {SG}: IpPermissions"
    details = said.record["insightDetails"]
    assert (details["insightType"], details["eventName"]) == (
        "DriftInsight",
        "DescribeSecurityGroups",
    )


def test_what_tells_elements_of_a_list_apart_is_a_value_and_not_named(tmp_path: Path) -> None:
    story = Story().open()
    for value in ("a", "b"):
        tagged = {"GroupId": SG, "Tags": [{"Key": "customer", "Value": value}]}
        story.wait(SECOND).call("DescribeSecurityGroups", answer={"SecurityGroups": [tagged]})
    story.wait(SECOND).beat().write(tmp_path / "trail")
    [said] = told(tmp_path / "trail")
    assert said.why[1] == f"SecurityGroup {SG}: Tags.Value"


EXPLAINED = {
    "a call that names it": lambda story: story.call("AuthorizeSecurityGroupIngress", resources=(SG,)),
    "a call without an answer": lambda story: story.call("AuthorizeSecurityGroupIngress", resources=(SG,), kind="unknown"),
    "a call that may have been about it": lambda story: story.call("ModifySecurityGroupRules", undetermined=True),
    "its making": lambda story: story.call("CreateSecurityGroup", resources=(SG,)),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPLAINED)
def test_a_recorded_call_that_can_have_changed_it(name: str, tmp_path: Path) -> None:
    bypassed(lambda story: EXPLAINED[name](story).wait(MINUTE)).beat().write(tmp_path / "trail")
    assert told(tmp_path / "trail") == []


UNEXPLAINED = {
    "another group": lambda story: story.call("AuthorizeSecurityGroupIngress", resources=("sg-2",)),
    "a refusal": lambda story: story.call("AuthorizeSecurityGroupIngress", resources=(SG,), error="UnauthorizedOperation"),
    "tags": lambda story: story.call("CreateTags", resources=(SG,)),
    "an instance in it": lambda story: story.call("RunInstances", resources=(SG, "i-1")),
    "a read": lambda story: story.call("DescribeInstances", resources=(SG,)),
    "a recorder that stopped and started": lambda story: story.close().wait(MINUTE).open(),
}  # fmt: skip


@pytest.mark.parametrize("name", UNEXPLAINED)
def test_a_call_that_cannot_have_changed_it(name: str, tmp_path: Path) -> None:
    bypassed(lambda story: UNEXPLAINED[name](story).wait(MINUTE)).beat().write(tmp_path / "trail")
    assert len(told(tmp_path / "trail")) == 1


def test_what_lists_leave_out_is_not_gone(tmp_path: Path) -> None:
    story = seen(Story().open().wait(SECOND), 443).wait(MINUTE)
    story.call("DescribeSecurityGroups", answer=group(80, name="sg-2")).wait(MINUTE)
    story.call("DescribeSecurityGroups", resources=(SG,), error="UnauthorizedOperation")
    seen(story.wait(MINUTE), 443).wait(SECOND).beat().write(tmp_path / "trail")
    assert told(tmp_path / "trail") == []


def test_what_is_not_found_any_more_is_gone(tmp_path: Path) -> None:
    story = seen(Story().open().wait(SECOND), 443).wait(MINUTE)
    story.call(
        "DescribeSecurityGroups",
        resources=(SG,),
        asked={"GroupIds": [SG]},
        error="Client.InvalidGroup.NotFound",
    )
    story.wait(SECOND).beat().write(tmp_path / "trail")
    [said] = told(tmp_path / "trail")
    assert said.why[1] == f"SecurityGroup {SG}: all of it"


def test_it_is_told_once(tmp_path: Path) -> None:
    seen(bypassed(), 22, 443).wait(SECOND).beat().write(tmp_path / "trail")
    assert len(told(tmp_path / "trail")) == 1


def test_a_call_that_was_under_way_takes_it_back(tmp_path: Path) -> None:
    story = bypassed()
    # Answered after the read that saw what it did, and sent before.
    event = story.call("AuthorizeSecurityGroupIngress", resources=(SG,), lag=SECOND)
    event.wait(SECOND).beat().write(tmp_path / "trail")
    start, end = told(tmp_path / "trail")
    assert start.record["sharedEventID"] == end.record["sharedEventID"]
    assert end.record["insightDetails"]["state"] == "End"
    assert (end.evidence, end.why[0]) == (
        (1, 2, 3),
        "a call that was under way then can have changed it",
    )


def _resumed(teller: Teller) -> Teller:
    kept = teller.learnt("00" * 32)
    assert isinstance(kept, Learnt)
    return Teller.resumed(kept, Thresholds())


def test_detectors_that_were_kept_go_on_as_if_they_had_not_been(tmp_path: Path) -> None:
    bypassed().beat().write(tmp_path / "trail")
    with Reader(tmp_path / "trail") as reader:
        whole = list(Teller(0, Thresholds()).read(reader, reader.size))
        teller, bits = Teller(0, Thresholds()), []
        for stop in range(reader.size + 1):
            bits += teller.read(reader, stop)
            teller = _resumed(teller)
    assert bits == whole
    assert bits


def _with_insight(trail: Path) -> int:
    """A trail with drift, and the entry that says so; its index."""
    bypassed().write(trail)
    [said] = told(trail)
    draft = statements.draft(said)
    story = Story(at=bypassed().at)
    story.drafts.append((story.at, draft))
    story.wait(SECOND).beat().write(trail)
    return 3


def _checked(trail: Path) -> verify.Report:
    trust = verify.Trust((Keys.of(trail).signer().verifier,), "--key")
    return trail_check.check(trail, trust, now=bypassed().at + MINUTE, processes=1)


def test_verify_tells_it_again(tmp_path: Path) -> None:
    _with_insight(tmp_path / "trail")
    report = _checked(tmp_path / "trail")
    assert (report.insights, report.insights_left) == (1, 0)


def test_verify_finds_drift_that_the_calls_do_not_tell(tmp_path: Path) -> None:
    trail = tmp_path / "trail"
    bypassed().write(trail)
    [said] = told(trail)
    story = Story(at=bypassed().at)
    story.drafts.append((story.at, statements.draft(replace(said, evidence=(1, 1)))))
    story.wait(SECOND).beat().write(trail)
    assert _checked(trail).verdict is verify.Verdict.TAMPERED


def test_of_an_answer_that_was_erased_it_cannot_be_told_again(tmp_path: Path) -> None:
    trail = tmp_path / "trail"
    _with_insight(trail)
    maintenance.erase(trail, [Target(1, ("response",))], None)
    report = _checked(trail)
    assert report.holds
    assert (report.insights, report.insights_left) == (0, 1)
