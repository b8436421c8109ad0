"""A resource's story is whole, or says what it lacks."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

import trails
from apitrail.delivery import export
from apitrail.entry import Entry
from apitrail.event import Event, Resource
from apitrail.evidence import maintenance
from apitrail.evidence.bundle import Bundle
from apitrail.evidence.bundle.watched import Watched
from apitrail.query import Filter
from apitrail.reading import resource_history
from apitrail.state import knowledge
from apitrail.trail import statements
from apitrail.trail.reader import Reader
from apitrail.trail.rows import Draft
from apitrail.trail.statements import Target
from evidence.bundle import evidence
from evidence.bundle.evidence import MINUTE, NOON, SECOND, SG, Story


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "configuration"))


@pytest.fixture
def trail(tmp_path: Path) -> Path:
    return tmp_path / "trail"


def told(
    trail: Path, where: Filter | None = None, *, reads: bool = False
) -> resource_history.ResourceHistory:
    with Reader(trail) as source:
        return resource_history.tell(source, SG, where or Filter(), reads=reads)


def group(*ports: int) -> dict:
    """The answer to DescribeSecurityGroups, with these ports open."""
    rules = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port} for port in ports]
    return {"SecurityGroups": [{"GroupId": SG, "GroupName": "web", "IpPermissions": rules}]}


def life() -> Story:
    """Made, looked at, refused, opened, lost sight of, and a stranger in between."""
    story = Story().open().wait(SECOND)
    story.call("CreateSecurityGroup", resources=(SG,), asked={"GroupName": "web"},
               answer={"GroupId": SG, "ResponseMetadata": {}}).wait(SECOND)  # fmt: skip
    story.call("DescribeSecurityGroups", resources=(SG,), answer=group()).wait(SECOND)
    story.call("DeleteSecurityGroup", resources=(SG,), user="bob", error="DependencyViolation")
    story.wait(SECOND).call("StopInstances", resources=("i-0",)).wait(SECOND)
    story.call("AuthorizeSecurityGroupIngress", resources=(SG,), asked={"CidrIp": "0.0.0.0/0"},
               answer={"Return": True}).wait(SECOND)  # fmt: skip
    story.call("RevokeSecurityGroupIngress", resources=(SG,), kind="unknown").wait(SECOND)
    return story.call("RunInstances", undetermined=True).wait(SECOND).beat()


def test_every_change_and_attempt_by_whom_in_order(trail: Path) -> None:
    life().write(trail)
    story = told(trail)
    assert [(x.event, x.caller, x.outcome) for x in story.calls] == [
        ("ec2:CreateSecurityGroup", "alice", "changed"),
        ("ec2:DescribeSecurityGroups", "alice", "read"),
        ("ec2:DeleteSecurityGroup", "bob", "failed: DependencyViolation"),
        ("ec2:AuthorizeSecurityGroupIngress", "alice", "changed"),
        ("ec2:RevokeSecurityGroupIngress", "alice", "unknown"),
    ]


def test_the_state_is_what_a_read_showed_and_else_the_answer_stands_for_itself(trail: Path) -> None:
    life().write(trail)
    calls = told(trail).calls
    assert (calls[0].state, calls[0].answer) == ({}, {"GroupId": SG})
    assert calls[1].state == {"SecurityGroup": group()["SecurityGroups"][0]}
    assert calls[3].asked == {"CidrIp": "0.0.0.0/0"}


def test_a_revoked_rule_is_gone_and_no_rule_is_called_the_state_after_it(trail: Path) -> None:
    story = Story().open().wait(SECOND)
    asked = {"GroupId": SG, "IpPermissions": group(22)["SecurityGroups"][0]["IpPermissions"]}
    story.call("DescribeSecurityGroups", resources=(SG,), answer=group(22, 443)).wait(SECOND)
    story.call("RevokeSecurityGroupIngress", resources=(SG,), asked=asked, answer={"Return": True})
    story.wait(SECOND).call("DescribeSecurityGroups", resources=(SG,), answer=group(443))
    story.wait(SECOND).beat().write(trail)
    _, revoked, after = told(trail).calls
    assert [(x.label, x.how) for x in revoked.told] == [("SecurityGroup", knowledge.OPEN)]
    [said] = after.told
    assert [(x.path, x.kind, x.was) for x in said.found] == [
        ("IpPermissions", "removed", {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22})
    ]
    assert after.state == {"SecurityGroup": group(443)["SecurityGroups"][0]}


def test_reads_that_show_nothing_new_are_told_only_when_asked_for(trail: Path) -> None:
    story = Story().open().wait(SECOND)
    for _ in range(3):
        story.call("DescribeSecurityGroups", resources=(SG,), answer=group(443)).wait(SECOND)
    story.beat().write(trail)
    assert len(told(trail, reads=True).calls) == 3
    assert len(told(trail).calls) == 1


def test_that_there_is_nothing_is_told_once(trail: Path) -> None:
    story = Story().open().wait(SECOND)
    for _ in range(3):
        story.call("DescribeSecurityGroups", resources=(SG,), asked={"GroupIds": [SG]},
                   error="InvalidGroup.NotFound").wait(SECOND)  # fmt: skip
    story.call("DescribeSecurityGroups", resources=(SG,), error="UnauthorizedOperation")
    story.wait(SECOND).beat().write(trail)
    assert [x.index for x in told(trail).calls] == [1, 4]


def test_a_listing_that_did_not_ask_for_it_by_name_shows_it(trail: Path) -> None:
    story = Story().open().wait(SECOND)
    story.call("AuthorizeSecurityGroupIngress", resources=(SG,)).wait(SECOND)
    story.call("DescribeSecurityGroups", answer=group(443)).wait(SECOND)
    story.call("DescribeSecurityGroups", answer={"SecurityGroups": [{"GroupId": f"{SG}0"}]})
    story.wait(SECOND).beat().write(trail)
    assert [x.index for x in told(trail, reads=True).calls] == [1, 2]


def test_what_changed_behind_the_recorder_is_said_with_both_entries(trail: Path) -> None:
    story = Story().open().wait(SECOND)
    story.call("DescribeSecurityGroups", resources=(SG,), answer=group(443)).wait(MINUTE)
    story.call("AuthorizeSecurityGroupIngress", resources=("sg-other",)).wait(MINUTE)
    story.call("DescribeSecurityGroups", resources=(SG,), answer=group(22, 443)).wait(SECOND)
    story.beat().write(trail)
    [drift] = told(trail).drift
    assert (drift.before, drift.after) == (1, 3)
    assert drift.text() == (
        "SecurityGroup was changed by something that did not pass through this recorder, between "
        "2026-11-22T12:00:01.000Z and 2026-11-22T12:02:01.000Z (entries 1 and 3): IpPermissions"
    )
    assert told(trail).calls[-1].drift == (drift,)


@pytest.mark.parametrize(
    "between",
    [
        {"name": "AuthorizeSecurityGroupIngress", "resources": (SG,)},
        {"name": "AuthorizeSecurityGroupIngress", "resources": (SG,), "kind": "unknown"},
        {"name": "ModifySecurityGroupRules", "undetermined": True},
    ],
)
def test_a_call_that_may_have_changed_it_makes_no_drift(trail: Path, between: dict) -> None:
    story = Story().open().wait(SECOND)
    story.call("DescribeSecurityGroups", resources=(SG,), answer=group(443)).wait(MINUTE)
    story.call(**between).wait(MINUTE)
    story.call("DescribeSecurityGroups", resources=(SG,), answer=group(22, 443)).wait(SECOND)
    story.beat().write(trail)
    assert told(trail).drift == ()


def test_it_says_that_there_were_no_others_and_what_may_have_been(trail: Path) -> None:
    life().write(trail)
    assert list(told(trail).statement()) == [
        (
            f"no other changes of {SG} between 2026-11-22T12:00:00.000Z and 2026-11-22T12:00:08.000Z, "
            "in entries 0 to 8 of this log"
        ),
        "1 call whose resources could not be told: entry 7",
    ]


def test_it_says_when_nobody_was_watching(trail: Path) -> None:
    life().close().wait(5 * MINUTE).open().wait(SECOND).close().write(trail)
    assert list(told(trail).statement())[-1] == (
        "nobody was watching from 2026-11-22T12:00:08.000Z to 2026-11-22T12:05:08.000Z: "
        "no recorder was running"
    )


def test_it_says_which_calls_were_erased(trail: Path) -> None:
    life().close().write(trail)
    maintenance.erase(trail, [Target(5, ("what",))], None)
    story = told(trail)
    assert story.erased == (5,)
    assert "1 call erased since: entry 5" in list(story.statement())


def test_a_part_of_the_time_is_a_part_of_the_story(trail: Path) -> None:
    life().write(trail)
    where = Filter(since=NOON + 2 * SECOND, until=NOON + 4 * SECOND)
    assert [x.event for x in told(trail, where).calls] == [
        "ec2:DescribeSecurityGroups",
        "ec2:DeleteSecurityGroup",
    ]


def test_what_was_seen_before_that_time_is_known_in_it(trail: Path) -> None:
    story = Story().open().wait(SECOND)
    for _ in range(2):
        story.call("DescribeSecurityGroups", resources=(SG,), answer=group(443)).wait(MINUTE)
    story.beat().write(trail)
    [seen] = told(trail, Filter(since=NOON + MINUTE), reads=True).calls
    assert [x.how for x in seen.told] == [knowledge.SAME]


def test_a_name_that_stands_for_two_resources_is_said(trail: Path) -> None:
    story = Story().open()
    for account in ("111111111111", "222222222222"):
        story.call("CreateBucket").wait(SECOND)
        at, draft = story.drafts.pop()
        event = Event.parse(draft.facets)
        assert event.what is not None
        arn = f"arn:aws:iam::{account}:user/{SG}"
        named = Resource(name=SG, arn=arn, type="AWS::IAM::User")
        event = replace(event, what=replace(event.what, resources=(named,)))
        row = event.row()
        story.drafts.append((at, Draft(kind="api", facets=event.facets(), row=row)))
    story.write(trail)
    assert "the name stands for 2 resources: " in list(told(trail).statement())[1]


def test_a_pattern_tells_of_all_that_it_stands_for(trail: Path) -> None:
    story = Story().open()
    for name in ("web-1", "web-2", "db-1"):
        story.call("StopInstances", resources=(name,)).wait(SECOND)
    story.beat().write(trail)
    with Reader(trail) as source:
        whole = resource_history.tell(source, "web-*", Filter())
        assert len(whole.calls) == 2
        assert "no other changes of web-*" in next(whole.statement())
        assert len(resource_history.tell(source, "WEB-*", Filter()).calls) == 0


def test_an_unknown_resource_has_no_story_and_that_is_stated(trail: Path) -> None:
    watched = Story().open().wait(SECOND).call("StopInstances", resources=("i-0",)).beat()
    watched.write(trail)
    [line] = resource_history.lines(told(trail), output="table", width=None)
    assert line.startswith(f"no other changes of {SG} between")


def bundled(trail: Path, path: Path, job: export.Job) -> Bundle:
    path.write_bytes(evidence.bundle_of(trail, job))
    return Bundle.open(path)


def test_an_extract_does_not_say_that_there_are_no_others(trail: Path, tmp_path: Path) -> None:
    life().write(trail)
    job = evidence.job(trail, Filter(event_name=("CreateSecurityGroup",)), facets=("what",))
    with bundled(trail, tmp_path / "bundle.zip", job) as source:
        story = resource_history.tell(source, SG, Filter())
    assert [x.outcome for x in story.calls] == ["changed"]
    assert (story.calls[0].state, story.calls[0].answer) == ({}, None)
    assert story.calls[0].caller == "-"
    assert next(iter(story.statement())).startswith("only what this bundle discloses")


def test_a_range_says_so_of_any_resource_in_it(trail: Path, tmp_path: Path) -> None:
    life().write(trail)
    job = evidence.job(trail, Filter(resource_name=("i-0",)), complete=True)
    with bundled(trail, tmp_path / "bundle.zip", job) as source:
        story = resource_history.tell(source, SG, Filter())
    assert len(story.calls) == 4
    assert next(iter(story.statement())).endswith("in entries 0 to 8 of this log")
    assert story.undetermined == (7,)


def test_json_says_all_of_it(trail: Path) -> None:
    life().write(trail)
    said = told(trail).to_json()
    assert (said["complete"], said["entries"], said["undetermined"]) == (True, [0, 8], [7])
    assert said["history"][2]["outcome"] == "failed: DependencyViolation"


def _at_random(seed: int) -> Story:
    """Recorders that start, stop, crash, are silent for minutes, with calls and without."""
    chance, story = random.Random(seed), Story()
    for _ in range(120):
        story.wait(chance.choice((1, SECOND, 10 * SECOND, MINUTE, 10 * MINUTE)))
        match chance.randrange(9):
            case 0:
                story.open(chance.choice((5.0, 60.0)))
            case 1:
                story.close()
            case 2 | 3:
                story.beat(**({"recording": False} if chance.random() < 0.3 else {}))
            case _:
                for _ in range(chance.randrange(1, 4)):
                    story.call(kind=chance.choice(("api", "unknown"))).wait(SECOND)
    return story


@pytest.mark.parametrize("seed", range(4))
def test_the_entries_beside_books_tell_what_all_entries_tell(trail: Path, seed: int) -> None:
    _at_random(seed).write(trail)
    with Reader(trail) as source:
        newest = source.entry(source.size - 1)
        assert newest is not None
        coverage: Watched | None = None
        for data in source.entries():
            index, time, kind = Entry.head_of(data)
            coverage = coverage or Watched(time, newest.time)
            coverage.add(index, time, kind, statements.of(source, kind, index))
        assert coverage is not None
        coverage.finish(newest.time)
    assert len(coverage.gaps) > 3
    assert list(told(trail).unwatched) == coverage.gaps


def test_a_trail_with_older_tables_tells_the_same(trail: Path) -> None:
    story = life()
    story.write(trail)
    before = told(trail, reads=True)
    assert before.undetermined
    with trails.forge(trail) as connection:
        connection.execute("UPDATE derived SET version = 2")
        connection.execute("DROP TABLE book")
        connection.execute("DROP INDEX event_undetermined")
        connection.execute("ALTER TABLE event DROP COLUMN undetermined")
    assert told(trail, reads=True) == before
