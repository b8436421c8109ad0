"""Approvals and budgets with a worker, which is killed in every state that a held call goes through."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from apitrail.evidence.verify import Trust, trail_check
from apitrail.policy.guard import Guard
from apitrail.policy.guards import Guards
from apitrail.recording.session import Session
from apitrail.trail.keys import Keys
from apitrail.trail.rows import Draft
from asking import GUARD, YES, asking, client, steps, waiting
from proxying import OK, Peer, calls, request

pytestmark = [pytest.mark.layouts, pytest.mark.timeout(300)]

ASK = request()
KEY = "apitrail:spent/all/calls/sts:GetCallerIdentity"
BUDGET = {
    "Sid": "Most", "Effect": "Deny", "Action": "*", "Condition": {"NumericGreaterThan": {KEY: 2}}
}  # fmt: skip
GUARDS = Guards(
    (Guard.parse("careful", GUARD), Guard.parse("budget", json.dumps({"Statement": [BUDGET]})))
)


@dataclass
class Pause:
    """Has the trail stand still before it writes an intent, or this step of a ticket."""

    at: str
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    def install(self, session: Session) -> None:
        begin, append = session.trail.begin, session.trail.append

        async def slow_begin(key: str, facets: Mapping[str, bytes]) -> None:
            await self.pass_by("intent")
            await begin(key, facets)

        async def slow_append(draft: Draft, *, settles: str | None = None) -> int:
            await self.pass_by(json.loads(draft.facets["what"]).get("step"))
            return await append(draft, settles=settles)

        session.trail.begin, session.trail.append = slow_begin, slow_append  # type: ignore[method-assign]

    async def pass_by(self, step: str | None) -> None:
        if step == self.at:
            self.reached.set()
            await self.go.wait()


@dataclass(frozen=True)
class State:
    """Where a call is when its worker is killed, and what is to become of it.

    `pause` names what is being written then; `answers` says that somebody approves it. `kind` is of
    its entry, None where it has none; `spent` is what the budget has of it.
    """

    pause: str = ""
    how: str = "wait"
    answers: bool = False
    leaves: bool = False
    kind: str | None = "denied"
    steps: tuple[str, ...] = ("asked",)
    spent: int = 0


STATES = {
    "its intent is being written": State(pause="intent", kind=None, steps=()),
    "the question is being written": State(pause="asked"),
    "it waits": State(),
    "the approval is being written": State(
        pause="approved", answers=True, steps=("asked", "approved")
    ),
    "it has left": State(
        answers=True, leaves=True, kind="unknown", steps=("asked", "approved"), spent=1
    ),
    "that it uses an approval is being written": State(
        pause="used", how="ticket", kind="unknown", steps=("asked", "approved", "used"), spent=1
    ),
}


async def lose_worker(session: Session) -> None:
    """Kill the worker, and wait for another one."""
    [pid] = session.front.workers
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(100):
        while session.front.workers in ([pid], []):  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def come_to(state: State, session: Session, peer: Peer, left: asyncio.Event) -> Pause:
    """Make a call and wait until it is in this state."""
    pause = Pause(state.pause)
    pause.install(session)
    if state.how == "ticket":
        await peer.send(ASK)
        await peer.message()
        [told] = session.recorder.holding.waiting()
        await session.recorder.holding.decide(told["ticket"], YES)
    await peer.send(ASK)
    if state.pause != "intent" and state.how == "wait" and state.pause != "asked":
        [ticket] = await waiting(session)
        if state.answers:
            deciding = asyncio.create_task(session.recorder.holding.decide(ticket, YES))
            if not state.pause:
                await deciding
    if state.leaves:
        await left.wait()
    if state.pause:
        await pause.reached.wait()
    return pause


@dataclass
class Outcome:
    """What was seen: how many calls went up before and after, the sums, and the answers of others."""

    sent: int = 0
    spent: Mapping[Any, int] = field(default_factory=dict)
    later: bytes = b""
    leaving: set[str] = field(default_factory=set)


async def told(trail: Path, state: State) -> Outcome:
    outcome, left = Outcome(), asyncio.Event()

    async def stays(upstream: Peer) -> None:
        await upstream.message()
        left.set()
        await upstream.rest()

    async with asking(trail, state.how, guards=GUARDS, workers=1) as (session, stub):
        stub.answers[:] = [stays] if state.leaves else [OK]
        async with client(session) as peer:
            pause = await come_to(state, session, peer, left)
            losing = asyncio.create_task(lose_worker(session))
            async with asyncio.timeout(100):
                with suppress(ConnectionError):
                    assert await peer.reader.read() == b""
            pause.go.set()
            await losing
        outcome.sent = len(stub.seen)
        outcome.leaving = set(session.recorder.holding.tickets.leaving)
        outcome.spent = dict(+session.recorder.gate.spending.sums)
        stub.answers[:] = [OK]
        outcome.later = await approved(session)
    return outcome


async def approved(session: Session) -> bytes:
    """The status of the same call, made again and approved."""
    async with client(session) as peer:
        await peer.send(ASK)
        if session.settings.asking.waits:
            [ticket] = await waiting(session)
            await session.recorder.holding.decide(ticket, YES)
        return (await peer.message())[9:12]


@pytest.mark.parametrize("name", STATES)
def test_no_held_call_leaves_without_an_approval_when_its_worker_is_killed(
    tmp_path: Path, name: str
) -> None:
    state, trail = STATES[name], tmp_path / "trail"
    outcome = asyncio.run(told(trail, state))
    assert outcome.sent == 0  # `stays` keeps none
    assert outcome.leaving == set()
    assert dict(outcome.spent) == ({(KEY.lower(), ""): state.spent} if state.spent else {})
    assert outcome.later == (b"403" if state.how == "ticket" else b"200")
    found = [each for each in calls(trail) if each.what.decision.get("outcome") != "pending"]
    lost = found if state.how == "ticket" else found[:-1]
    kinds = [("denied" if each.what.withheld else "unknown") for each in lost]
    assert kinds == ([] if state.kind is None else [state.kind])
    assert tuple(steps(trail)[: len(state.steps)]) == state.steps
    trust = Trust((Keys.of(trail).signer().verifier,), "--key")
    assert trail_check.check(trail, trust, now=0, processes=1).holds


def test_two_workers_count_together_and_hold_together(tmp_path: Path) -> None:
    async def one(session: Session) -> int:
        async with client(session) as peer:
            await peer.send(ASK)
            return int((await peer.message()).split()[1])

    async def scenario() -> tuple[list[int], int]:
        async with asking(tmp_path, guards=GUARDS, workers=2) as (session, stub):
            asked = [asyncio.create_task(one(session)) for _ in range(6)]
            found = await waiting(session, 2)
            for each in found:
                await session.recorder.holding.decide(each, YES)
            return sorted(await asyncio.gather(*asked)), len(stub.seen)

    assert asyncio.run(scenario()) == ([200, 200, 403, 403, 403, 403], 2)
