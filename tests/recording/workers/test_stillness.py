"""Workers that stand still, by a real SIGSTOP: what others see of it, and what becomes of their calls."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from apitrail.evidence.verify import Trust, trail_check
from apitrail.recording import metrics
from apitrail.recording import session as sessions
from apitrail.recording.session import Session
from apitrail.recording.workers import crew, member, pulse
from apitrail.recording.workers.crew import Crew
from apitrail.recording.workers.member import Member
from apitrail.trail.keys import Keys
from proxying import AWS, OK, Peer, dial, entries, recording, request, upstream
from recording.workers.test_crew import ASSUMED, ROLE, TAUGHT

pytestmark = [pytest.mark.layouts, pytest.mark.timeout(300)]

ASK = request(f"http://{AWS}/")
STAYS = request(f"http://{AWS}/", headers=[("X-Stays", "yes")])


@dataclass
class Upstream:
    """Answers all but one call, which stays."""

    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, peer: Peer) -> None:
        while True:
            message = await peer.message()
            if b"X-Stays" in message:
                self.came.set()
                await asyncio.Event().wait()
            await peer.send(TAUGHT + ASSUMED if b"AssumeRole" in message else OK)


async def ask(peer: Peer, sent: bytes = ASK) -> bytes:
    await peer.send(sent)
    return (await peer.message())[9:12]


def of_pid(front: Crew, pid: int) -> Member:
    return next(each for each in front._members if each.process.pid == pid)


def where(front: Crew, connection: int) -> int:
    """The process that has a connection."""
    return next(each.process.pid for each in front._members if connection in each.connections)


def freeze(pid: int) -> None:
    """Stop a worker, and wait until it stands still."""
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(100):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def pass_by(front: Crew, frozen: int, seconds: float) -> None:
    """Make a round so many seconds later: all but the frozen one have answered what they were asked."""
    others = [each.pulse for each in front._members if each.process.pid != frozen]
    await until(lambda: all(each._asked is None for each in others))
    front._rounds.turn(seconds)


async def fall_silent(front: Crew, frozen: int) -> None:
    """Make the rounds that it takes."""
    await pass_by(front, frozen, 0)
    await pass_by(front, frozen, pulse.SILENT)


def told_metric(session: Session) -> str:
    text = generate_latest(metrics.registry(session.recorder, session.trail)).decode()
    return next(each for each in text.splitlines() if each.startswith("apitrail_workers_silent"))


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds are made by the test, and whatever waits for a worker that stands still waits for ever."""
    monkeypatch.setattr(pulse, "EVERY", 1_000.0)
    monkeypatch.setattr(sessions, "DRAIN", 1_000.0)
    for name in ("ANSWERING", "LEARNING", "ENDING"):
        monkeypatch.setattr(crew, name, 1_000.0)
    monkeypatch.setattr(member, "ENDING", 1_000.0)


@pytest.mark.usefixtures("patient")
def test_a_worker_that_stands_still_holds_nobody_up(tmp_path: Path) -> None:
    told: list[str] = []

    async def scenario() -> tuple[int, int]:
        up = Upstream()
        async with (
            upstream(up.answer) as stub,
            recording(tmp_path, upstream=stub.url, workers=2) as session,
            AsyncExitStack() as stack,
        ):
            front = session.front
            assert isinstance(front, Crew)
            session._voice.tell = lambda text, _level="info": told.append(text)

            async def comes() -> Peer:
                return await stack.enter_async_context(dial(session))

            one, other = await comes(), await comes()
            assert [await ask(one), await ask(other)] == [b"200"] * 2
            frozen, works = where(front, 0), where(front, 1)
            freeze(frozen)
            # Of two that come now each gets one.
            late = [await comes(), await comes()]
            await until(lambda: len(of_pid(front, frozen).connections) == 2)
            await fall_silent(front, frozen)
            assert (front.workers, front.silent) == ([works], [frozen])
            assert session.status()["silent"] == [frozen]
            assert told_metric(session) == "apitrail_workers_silent 1.0"
            assert session.recorder.unready is None
            # What it had not taken in is dealt with by the other one, as all that is new.
            assert [await ask(each) for each in (*late, await comes())] == [b"200"] * 3
            assert len(of_pid(front, frozen).connections) == 1
            # Nobody waits for it: an answer that teaches, a run that begins and ends.
            assert await ask(other, request(f"http://{AWS}/", ROLE)) == b"200"
            run, _ = await session.runs.begin({}, "deploy", ())
            assert await session.runs.end(run) == 0
            os.kill(frozen, signal.SIGCONT)
            assert await ask(one, ASK) == b"200"
            await until(lambda: not front.silent)
            assert sorted(front.workers) == sorted((frozen, works))
            # Now it stands still for too long, with a call that has left.
            await one.send(STAYS)
            await up.came.wait()
            freeze(frozen)
            await fall_silent(front, frozen)
            await pass_by(front, frozen, pulse.STILL)
            assert await one.rest() == b""
            await until(lambda: len(front.workers) == 2)
            assert [kind for kind, _ in entries(tmp_path)].count("unknown") == 1
            # One stands still when the recorder stops.
            freeze(works)
            await fall_silent(front, works)
        return frozen, works

    for pid in asyncio.run(scenario()):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    # Each line is said once, though the first one stood still twice.
    assert [" ".join(each.split()[2:5]) for each in told if each.startswith("worker ")] == [
        "does not answer:", "answers again", "has ended (it", "does not answer:"
    ]  # fmt: skip
    kinds = [kind for kind, _ in entries(tmp_path)]
    assert (kinds.count("api"), kinds.count("unknown"), kinds[-1]) == (7, 1, "close")
    trust = Trust((Keys.of(tmp_path).signer().verifier,), "--key")
    assert trail_check.check(tmp_path, trust, now=0, processes=1).holds


@pytest.mark.usefixtures("patient")
def test_clients_of_an_only_worker_wait_for_the_next_one(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(tmp_path, upstream=stub.url, workers=1) as session,
        ):
            front = session.front
            assert isinstance(front, Crew)
            [frozen] = front.workers
            freeze(frozen)
            async with dial(session) as early, dial(session) as late:
                await fall_silent(front, frozen)
                assert session.recorder.unready == "no worker answers"
                assert session.recorder.alive()
                front._rounds.turn(pulse.NONE_LEFT)
                assert not session.recorder.alive()
                assert [await ask(early), await ask(late)] == [b"200"] * 2
            await pass_by(front, frozen, 0)
            await pass_by(front, frozen, 0)
            assert session.recorder.alive()
            # One that is killed before it has fallen silent takes no client with it either.
            [frozen] = front.workers
            # It has yet to say that the first two have left: it could not any more.
            await until(lambda: not of_pid(front, frozen).connections)
            freeze(frozen)
            async with dial(session) as untaken:
                await until(lambda: len(of_pid(front, frozen).connections) == 1)
                os.kill(frozen, signal.SIGKILL)
                assert await ask(untaken) == b"200"

    asyncio.run(scenario())
