"""Two workers before one trail: one story, told once, and what it shows."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from apitrail.event import Event
from apitrail.evidence.verify import Trust, trail_check
from apitrail.policy.guard import Guard
from apitrail.policy.guards import Guards
from apitrail.policy.loading import load
from apitrail.recording import session as sessions
from apitrail.recording.session import Session
from apitrail.recording.workers import crew, pulse
from apitrail.recording.workers.crew import Crew
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Close
from asking import YES, waiting
from proxying import AWS, OK, Peer, calls, connect, dial, entries, recording, request
from proxying import upstream as upstreams

pytestmark = pytest.mark.timeout(300)

SESSION = "ASIAIOSFODNN7EXAMPLE"
ASSUMED = f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><AssumedRoleId>AROA123456789EXAMPLE:build</AssumedRoleId>
<Arn>arn:aws:sts::123456789012:assumed-role/Deploy/build</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>{SESSION}</AccessKeyId><SecretAccessKey>TOPSECRET</SecretAccessKey>
<SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>""".encode()
TAUGHT = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(ASSUMED)
ROLE_ARN = "arn:aws:sts::123456789012:assumed-role/Deploy/build"
ROLE = b"Action=AssumeRole&Version=2011-06-15&RoleSessionName=build&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2FDeploy"  # fmt: skip


BUDGET = "apitrail:spent/all/calls/sts:DecodeAuthorizationMessage"
GUARD = json.dumps({"Statement": [
    {"Effect": "Ask", "Action": "sts:GetFederationToken"},
    {"Effect": "Deny", "Action": "*", "Condition": {"NumericGreaterThan": {BUDGET: 1}}},
]})  # fmt: skip


def named(action: str, key: str = "AKIAIOSFODNN7EXAMPLE", mark: str = "") -> bytes:
    body = f"Action={action}&Version=2011-06-15".encode()
    sent = request(f"http://{AWS}/", body, headers=[("X-Mark", mark)])
    return sent.replace(b"AKIAIOSFODNN7EXAMPLE", key.encode())


@dataclass
class Story:
    """What was seen."""

    trail: Path
    spread: list[int] = field(default_factory=list)
    statuses: dict[str, bytes] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    run: str = ""
    run_calls: int = 0
    denied: int = 0
    tunnelled: Counter[str] = field(default_factory=Counter)
    unready: list[str | None] = field(default_factory=list)
    in_flight: list[int] = field(default_factory=list)


@dataclass
class Upstream:
    """Answers by what is asked, and holds back what is asked to wait."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    seen: list[bytes] = field(default_factory=list)

    async def answer(self, peer: Peer) -> None:
        while True:
            message = await peer.message()
            self.seen.append(message)
            if b"WaitForEver" in message:
                self.asked.set()
                await asyncio.Event().wait()
            await peer.send(TAUGHT + ASSUMED if b"AssumeRole" in message else OK)


async def ask(peer: Peer, sent: bytes) -> bytes:
    await peer.send(sent)
    return (await peer.message())[9:12]


async def told(directory: Path) -> Story:
    story, up = Story(directory), Upstream()
    guards = Guards((*load(("no-delete",), {}).stack, Guard.parse("more", GUARD)))
    async with (
        upstreams(up.answer) as stub,
        recording(
            directory, upstream=stub.url, workers=2, guards=guards, tunnels=("192.0.2.1",)
        ) as session,
        AsyncExitStack() as stack,
    ):
        front = session.front
        assert isinstance(front, Crew)
        session._voice.tell = lambda text, _level="info": story.told.append(text)
        story.run, fronts = await session.runs.begin({"build": "7"}, "deploy", (stub.url,))
        one, other, third, fourth = [
            await stack.enter_async_context(dial(session)) for _ in range(4)
        ]
        for peer in (one, other, third):
            story.statuses["first"] = await ask(peer, named("GetCallerIdentity"))
        story.spread = [len(each.connections) for each in front._members]
        first = next(each for each in front._members if 0 in each.connections)
        # Connections were handed over in turns, so these two are of two workers.
        story.statuses["role"] = await ask(one, request(f"http://{AWS}/", ROLE))
        story.statuses["by role"] = await ask(other, named("GetSessionToken", SESSION))
        story.statuses["denied"] = await ask(other, request(f"http://{AWS}/", b"Action=DeleteUser&Version=2010-05-08", host="iam.amazonaws.com").replace(b"http://sts.eu-west-1", b"http://iam").replace(b"/sts/", b"/iam/"))  # fmt: skip
        decode = named("DecodeAuthorizationMessage&EncodedMessage=x")
        story.statuses["budget"] = await ask(one, decode) + await ask(other, decode)
        await third.send(named("GetFederationToken&Name=me"))
        [ticket] = await waiting(session)
        await session.recorder.holding.decide(ticket, YES)
        story.statuses["held"] = (await third.message())[9:12]
        await fourth.send(b"GET http://192.0.2.1/ HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n")
        async with asyncio.timeout(200):
            while not front.guard.tunnelled:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        [own] = fronts.values()
        async with connect(own.port, 100) as peer:
            story.statuses["run"] = await ask(peer, request("/"))
        await one.send(named("GetCallerIdentity", mark="WaitForEver"))
        await up.asked.wait()
        await session.recorder.recount()
        story.in_flight.append(session.recorder.flying)
        await lose(story, session, first.process.pid, other)
        async with connect(own.port, 100) as peer:
            story.statuses["run again"] = await ask(peer, request("/"))  # fmt: skip
        again = await stack.enter_async_context(dial(session))
        story.statuses["learned again"] = await ask(again, named("GetSessionToken", SESSION))
        story.run_calls = await session.runs.end(story.run)
        story.denied = session.recorder.tally.denied
        story.tunnelled = Counter(front.guard.tunnelled)
    return story


async def lose(story: Story, session: Session, pid: int, other: Peer) -> None:
    """Kill a worker; the other one goes on, and the lost one is started again."""
    front = session.front
    assert isinstance(front, Crew)
    os.kill(pid, signal.SIGKILL)
    story.statuses["meanwhile"] = await ask(other, named("GetCallerIdentity"))
    async with asyncio.timeout(200):
        while pid in front.workers or len(front.workers) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    story.unready.append(session.recorder.unready)
    story.in_flight.append(session.recorder.flying)


def by_session(story: Story) -> list[Event]:
    return [each for each in calls(story.trail) if each.call.operation == "GetSessionToken"]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return asyncio.run(told(tmp_path_factory.mktemp("crew") / "trail"))


def test_connections_are_spread_over_the_workers(story: Story) -> None:
    assert story.spread == [2, 2]


def test_every_call_has_one_entry_in_one_log_that_holds(story: Story) -> None:
    kinds = Counter(kind for kind, _ in entries(story.trail))
    assert (kinds["api"], kinds["denied"], kinds["unknown"]) == (11, 2, 1)
    trust = Trust((Keys.of(story.trail).signer().verifier,), "--key")
    assert trail_check.check(story.trail, trust, now=0, processes=1).holds


def test_what_one_worker_learns_the_others_know_before_the_answer_is_released(story: Story) -> None:
    assert story.statuses["by role"] == b"200"
    assert by_session(story)[0].who.identity["arn"] == ROLE_ARN


def test_a_call_of_a_worker_that_was_killed_is_unknown(story: Story) -> None:
    [event] = [event for kind, event in entries(story.trail) if kind == "unknown"]
    assert event.call.operation == "GetCallerIdentity"
    assert story.in_flight == [1, 0]


def test_the_others_go_on_and_the_lost_one_comes_back(story: Story) -> None:
    assert story.statuses["meanwhile"] == b"200"
    assert story.unready == [None]
    assert [each for each in story.told if "killed by signal 9" in each]


def test_a_worker_that_was_started_again_knows_runs_and_callers(story: Story) -> None:
    assert story.statuses["run again"] == b"200"
    assert [event.who.identity["arn"] for event in by_session(story)] == [ROLE_ARN] * 2


def test_a_run_has_its_own_port_and_its_count(story: Story) -> None:
    assert story.run_calls == 2
    found = [each for each in calls(story.trail) if each.who.run is not None]
    assert {each.who.run.id for each in found} == {story.run}
    assert len(found) == 2


def test_guards_hold_and_are_counted(story: Story) -> None:
    assert story.statuses["denied"] == b"403"
    assert story.denied == 2


def test_a_budget_is_counted_over_all_workers(story: Story) -> None:
    assert story.statuses["budget"] == b"200403"


def test_a_call_is_held_until_it_is_approved(story: Story) -> None:
    assert story.statuses["held"] == b"200"
    [call] = [each for each in calls(story.trail) if each.call.operation == "GetFederationToken"]
    assert call.what.decision["outcome"] == "approved"


def test_what_passes_unread_is_counted(story: Story) -> None:
    assert story.tunnelled == {"192.0.2.1": 1}


def test_the_close_counts_the_calls_of_all_workers(story: Story) -> None:
    with Reader(story.trail) as reader:
        last = reader.entry(reader.size - 1)
        assert last is not None
        assert last.kind == Close.KIND
        assert json.loads(reader.facets(reader.size - 1)["what"])["calls"] == 14


def test_a_worker_that_stands_still_keeps_no_log_open(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sessions, "DRAIN", 1_000)
    monkeypatch.setattr(crew, "ENDING", 1_000)
    monkeypatch.setattr(pulse, "EVERY", 0.01)
    monkeypatch.setattr(pulse, "SILENT", 0.2)

    async def scenario() -> None:
        up = Upstream()
        async with upstreams(up.answer) as stub:
            async with (
                recording(tmp_path, upstream=stub.url, workers=1) as session,
                dial(session) as client,
            ):
                await client.send(named("GetCallerIdentity", mark="WaitForEver"))
                await up.asked.wait()
                [frozen] = session.front.workers
                os.kill(frozen, signal.SIGSTOP)
            with pytest.raises(ProcessLookupError):
                os.kill(frozen, 0)

    asyncio.run(scenario())
    assert [kind for kind, _ in entries(tmp_path)] == ["open", "unknown", "close"]
