"""Budgets are a hard stop: for calls at once, after a restart, and in a trial of the past."""

from __future__ import annotations

import asyncio
import json

import pytest

from apitrail.policy.guard import Guard
from apitrail.policy.guard_trial import attempt
from apitrail.policy.guards import Guards
from apitrail.query import Filter
from apitrail.trail.reader import Reader
from asking import asking, client, waiting
from proxying import calls, dial, put, recording, request, upstream

KEY = "apitrail:spent/all/calls/sts:GetCallerIdentity"
SIZE = "apitrail:spent/all/bytes/s3:PutObject"


def guards(key, most, effect="Deny"):
    said = {"Sid": "Most", "Effect": effect, "Action": "*", "Condition": {"NumericGreaterThan": {key: most}}}  # fmt: skip
    return Guards((Guard.parse("budget", json.dumps({"Statement": [said]})),))


def send(trail, limits, *messages, at_once=False):
    """The statuses of the answers to these messages."""

    async def one(session, message):
        async with dial(session) as peer:
            await peer.send(message)
            return await peer.message()

    async def scenario():
        async with upstream() as stub:
            modes = (f"reverse:{stub.url}@127.0.0.1:0",)
            async with recording(trail, modes=modes, guards=limits) as session:
                sent = [one(session, each) for each in messages]
                if at_once:
                    return await asyncio.gather(*sent), len(stub.seen)
                return [await each for each in sent], len(stub.seen)

    answers, seen = asyncio.run(scenario())
    return [int(each.split()[1]) for each in answers], seen, answers


def test_a_count_stops_calls_at_once_and_goes_on_after_a_restart(tmp_path):
    limits = guards(KEY, 5)
    statuses, seen, answers = send(tmp_path, limits, *[request()] * 8, at_once=True)
    assert (sorted(statuses), seen) == ([200] * 5 + [403] * 3, 5)
    refused = next(each for each in answers if b" 403 " in each)
    assert f"by which {KEY.lower()} would be 6".encode() in refused
    assert send(tmp_path, limits, request(), put(b"x"))[0] == [403, 200]
    assert send(tmp_path, guards(KEY, 6), request(), request())[0] == [200, 403]
    withheld = [each.what.decision for each in calls(tmp_path) if each.what.withheld]
    assert withheld[0]["spent"] == {KEY.lower(): "6"}


def test_bytes_count_before_they_are_sent(tmp_path):
    statuses, seen, _ = send(
        tmp_path, guards(SIZE, 1_000_000), put(b"x" * 400_000), put(b"x" * 600_001), put(b"x" * 600_000)
    )  # fmt: skip
    assert (statuses, seen) == ([200, 403, 200], 2)


def test_a_body_of_unknown_length_does_not_pass_a_budget_of_bytes(tmp_path):
    chunked = put(b"", [("Transfer-Encoding", "chunked")]).replace(b"Content-Length: 0\r\n", b"")
    assert send(tmp_path, guards(SIZE, 10), chunked + b"3\r\nabc\r\n0\r\n\r\n")[0] == [403]


def test_an_allow_within_a_budget_lets_nothing_else_pass(tmp_path):
    said = {"Effect": "Allow", "Action": "sts:*", "Condition": {"NumericLessThanEquals": {KEY: 2}}}
    limits = Guards((Guard.parse("budget", json.dumps({"Statement": said})),))
    assert send(tmp_path, limits, request(), request(), request(), put(b"x"))[0] == [200, 200, 403, 403]  # fmt: skip


def test_a_trial_counts_what_it_would_have_let_pass(tmp_path):
    assert send(tmp_path, Guards(), *[request()] * 4)[0] == [200] * 4
    with Reader(tmp_path) as reader:
        found = list(attempt(reader, Filter(), guards(KEY, 3)))
    assert [each.decision.effect for each in found] == ["allow"] * 3 + ["deny"]


@pytest.mark.parametrize("how", ["deny", "leave"])
def test_a_call_that_was_held_and_has_not_left_has_spent_nothing(tmp_path, how):
    from asking import NO

    both = Guards((*guards(KEY, 1).stack, Guard.parse("careful", '{"Statement": {"Effect": "Ask", "Action": "sts:*"}}')))  # fmt: skip

    async def scenario():
        async with asking(tmp_path, guards=both) as (session, _):
            async with client(session) as peer:
                await peer.send(request())
                [ticket] = await waiting(session)
                async with client(session) as other:
                    await other.send(request())
                    during = await other.message()
                if how == "deny":
                    await session.recorder.holding.decide(ticket, NO)
                    await peer.message()
            await session.front.drained()
            return during, dict(+session.recorder.gate.spending.sums)

    during, spent = asyncio.run(scenario())
    assert b"would be 2" in during
    assert spent == {}
