"""A trial says of each call what the guards would have said of it alone."""

from __future__ import annotations

import json
import random

import pytest

import trails
from apitrail.policy import guard_trial, kept_call, shares
from apitrail.policy.decision import Decision
from apitrail.policy.guard import Guard
from apitrail.policy.guard_trial import Tally, Tried, attempt, lines, tally
from apitrail.policy.guards import Guards
from apitrail.policy.kept_call import ASKED, Memory, calls
from apitrail.policy.recorded_question import recorded_question
from apitrail.query import Filter
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Target
from policy.some_calls import draft


@pytest.fixture(scope="module")
def trail(tmp_path_factory):
    directory, dice = tmp_path_factory.mktemp("trial") / "trail", random.Random(5)

    async def work(trail):
        await trails.append_all(trail, [draft(number, dice) for number in range(400)])
        await trail.erase([Target(5, ("request",)), Target(6, ("who", "what", "request"))])

    trails.write(directory, work)
    return directory


def guards(*statements):
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return Guards((Guard.parse("g", text),))


def deny(action, **others):
    return {"Effect": "Deny", "Action": action, "Resource": "*", **others}


def one_by_one(reader, asked):
    memory = Memory()
    for index, kept in calls(reader, Filter(), ASKED):
        question = recorded_question(kept, memory)
        if question is not None:
            name = f"{kept.call.service}:{kept.call.operation}"
            yield Tried(
                index=index, event_id=kept.event_id, name=name, run=kept.run,
                decision=asked.decide(question),
            )  # fmt: skip


LATE = {"DateGreaterThan": {"aws:CurrentTime": "1970-01-01T00:00:00.100Z"}}
EPOCH = {"NumericLessThan": {"aws:EpochTime": "1"}}


@pytest.mark.parametrize(
    "asked",
    [
        guards(deny("s3:Put*"), deny("dynamodb:*", Resource="*table/t1")),
        guards({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::b0/k/1"}),
        guards(deny("*", Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}})),
        guards(deny("s3:*", Condition={"StringEquals": {"s3:x-amz-acl": "private"}})),
        guards(deny("s3:*", Condition=LATE)),
        guards(deny("s3:*", Condition=EPOCH)),
    ],
)
@pytest.mark.parametrize("remembered", [2, 50_000])
def test_it_is_as_if_each_call_had_been_looked_at(trail, asked, remembered, monkeypatch):
    monkeypatch.setattr(guard_trial, "_REMEMBERED", remembered)
    with Reader(trail) as reader:
        found = list(attempt(reader, Filter(), asked))
        assert found == list(one_by_one(reader, asked))
    assert len({each.decision.effect for each in found}) == 2


def test_calls_that_were_spent_count_one_after_the_other(trail):
    few = {"NumericGreaterThan": {"apitrail:spent/all/calls/s3:PutObject": "3"}}
    with Reader(trail) as reader:
        found = list(attempt(reader, Filter(), guards(deny("s3:PutObject", Condition=few))))
    putting = ("s3:PutObject", "s3:CopyObject")
    put = [each.decision.effect for each in found if each.name in putting]
    assert put[:3] == ["allow"] * 3
    assert set(put[3:]) == {"deny"}


PUTS = deny("s3:Put*", Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}})
SPENT = deny(
    "s3:PutObject", Condition={"NumericGreaterThan": {"apitrail:spent/all/calls/s3:PutObject": "3"}}
)


@pytest.mark.parametrize("asked", [guards(PUTS), guards(SPENT)])
def test_several_processes_say_the_same(trail, asked, monkeypatch):
    monkeypatch.setattr(shares, "WORTH", 150)
    monkeypatch.setattr(shares, "PIECE", kept_call.TOGETHER)
    alone = Tally()
    with Reader(trail) as reader:
        found = list(attempt(reader, Filter(), asked))
    for each in found:
        alone.append(each)
    assert alone.refused > 10
    assert list(lines(trail, Filter(), asked, processes=2)) == [
        json.dumps(each.told()) for each in found
    ]
    at_once = tally(trail, Filter(), asked, processes=2)
    assert (at_once.calls, at_once.refused, at_once.rows()) == (
        alone.calls, alone.refused, alone.rows(),
    )  # fmt: skip


def tried(index, run, effect, statement=None, action="s3:PutObject", reason=None):
    decision = Decision(
        effect=effect, guard="prod", statement=statement, action=action, reason=reason
    )
    return Tried(index=index, event_id="e", name="s3:PutObject", run=run, decision=decision)


def test_calls_are_counted_by_run_and_statement():
    found = Tally()
    for each in [
        tried(3, "r1", "allow"),
        tried(4, "r1", "deny", "NoPut"),
        tried(5, "r1", "deny", "NoPut"),
        tried(6, None, "deny"),
        tried(7, "r2", "watch", "Mark"),
        tried(8, "r2", "deny", action=None, reason="two calls"),
    ]:
        found.append(each)
    assert (found.calls, found.refused) == (6, 4)
    assert found.rows() == [
        ["r1", "prod", "NoPut", "s3:PutObject", "2", "4"],
        ["-", "prod", "nothing allows it", "s3:PutObject", "1", "6"],
        ["r2", "prod", "Mark (watch)", "s3:PutObject", "1", "7"],
        ["r2", "prod", "cannot be told", "s3:PutObject", "1", "8"],
    ]
