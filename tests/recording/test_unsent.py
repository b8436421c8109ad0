"""A recorder that is killed while calls are held: what the next one makes of them, in every state."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from apitrail.__main__ import run
from apitrail.recording.session import Session
from apitrail.trail.keys import Keys
from asking import YES, asking, client, ruled, steps, waiting
from proxying import Peer, calls, kinds, request

ASK = request()

type Act = Callable[[Session, Path, Path], Awaitable[None]]


@pytest.fixture(autouse=True)
def _knowing(monkeypatch, tmp_path):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "first"))


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """A machine that has not seen how the trail went on after the copy was made."""
    return lambda: monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "second"))


def snapshot(trail: Path, left: Path) -> None:
    """What a recorder leaves that is killed now."""
    shutil.copytree(trail, left, ignore=shutil.ignore_patterns("control.sock", "recorder.json"))


async def nothing(session: Session, trail: Path, left: Path) -> None:
    """It is killed while the question waits."""
    snapshot(trail, left)


async def approved(session: Session, trail: Path, left: Path) -> None:
    """It is killed when the approval is durable and the call has not left."""
    [ticket] = await waiting(session)
    end = session.recorder.holding.held[ticket].end

    def killed(outcome: str) -> None:
        snapshot(trail, left)
        end(outcome)

    session.recorder.holding.held[ticket] = Killed(session.recorder.holding.held[ticket], killed)
    await session.recorder.holding.decide(ticket, YES)


class Killed:
    """A call that is held, of which it is seen when its wait ends."""

    def __init__(self, held, end):
        self.__dict__.update(call=held.call, shown=held.shown, ended=held.ended, deciding=False)
        self.end = end


@pytest.mark.parametrize(
    ("act", "kind", "outcome", "withheld"),
    [(nothing, "denied", "stopped", True), (approved, "unknown", None, False)],
)
def test_a_held_call_after_a_crash(tmp_path, elsewhere, act, kind, outcome, withheld):
    left = tmp_path / "left"

    async def killed() -> None:
        async with asking(tmp_path / "trail") as (session, _), client(session) as peer:
            await peer.send(ASK)
            await waiting(session)
            await act(session, tmp_path / "trail", left)

    async def again() -> tuple[int, list[bytes]]:
        async with asking(left) as (session, stub):
            return session.recovered, stub.seen

    asyncio.run(killed())
    elsewhere()
    assert asyncio.run(again()) == (1, [])
    [call] = calls(left)
    assert call.what.withheld is withheld
    assert call.what.decision.get("outcome") == outcome
    assert kind in kinds(left)
    key = str(Keys.of(left).signer().verifier)
    assert run(["verify", "--trail", str(left), "--key", key]) == 0
    if withheld:
        record = call.record()
        assert record["errorCode"] == "AccessDenied"
        assert "the recorder stopped before it was approved" in record["errorMessage"]
        assert steps(left) == ["asked"]
    else:
        assert ruled(left)[1].event == call.record()["eventID"]


def test_a_call_that_was_forwarded_under_a_ticket_uses_it_up(tmp_path, elsewhere):
    """Killed after it has left: the ticket is gone with it."""
    left = tmp_path / "left"

    async def killed() -> None:
        async with asking(tmp_path / "trail", "ticket") as (session, stub), client(session) as peer:
            await peer.send(ASK)
            await peer.message()
            [told] = session.recorder.holding.waiting()
            await session.recorder.holding.decide(told["ticket"], YES)

            async def dies(upstream: Peer) -> None:
                await upstream.head()
                await upstream.exactly(43)
                snapshot(tmp_path / "trail", left)
                upstream.reset()

            stub.answers[:] = [dies]
            await peer.send(ASK)
            await peer.message()

    async def again() -> tuple[int, bytes]:
        async with asking(left, "ticket") as (session, _), client(session) as peer:
            await peer.send(ASK)
            return session.recovered, await peer.message()

    asyncio.run(killed())
    elsewhere()
    recovered, answer = asyncio.run(again())
    assert recovered == 1
    assert answer.startswith(b"HTTP/1.1 403")
    assert steps(left) == ["asked", "approved", "used", "asked"]
    assert [each.what.withheld for each in calls(left)] == [True, False, True]
    assert "unknown" in kinds(left)
