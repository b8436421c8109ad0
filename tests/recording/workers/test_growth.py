"""A second worker comes when the first has no more time, and goes when there is nothing to do."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from apitrail.evidence.verify import Trust, trail_check
from apitrail.recording.workers import growth, hiring, pulse
from apitrail.recording.workers.crew import Crew
from apitrail.recording.workers.growth import BUSY, CALM, CLIENTS, LONG, UNEVEN, Growth, Load
from apitrail.trail.keys import Keys
from proxying import AWS, Peer, dial, entries, recording, request, upstream
from recording.workers.test_stillness import Upstream, until

MUCH, LITTLE = Load(BUSY, CLIENTS), Load(CALM / 4, CLIENTS)


@pytest.mark.parametrize(
    ("loads", "more"),
    [
        ([MUCH], 1),
        ([MUCH, MUCH], 1),
        ([MUCH, MUCH, MUCH], 0),
        ([MUCH, LITTLE], 0),
        ([Load(BUSY - 0.01, CLIENTS)], 0),
        ([Load(1.0, CLIENTS - 1)], 0),
        ([], 0),
    ],
)
def test_one_more_is_wanted_where_all_are_busy(loads: list[Load], more: int) -> None:
    assert Growth(3).turn(loads, 2.0) == more


def test_one_less_is_wanted_where_there_was_little_for_long() -> None:
    growing = Growth(2)
    assert growing.turn([LITTLE, LITTLE], LONG - 2) == 0
    assert growing.turn([MUCH, LITTLE], 2.0) == 0
    assert growing.turn([LITTLE, LITTLE], LONG - 2) == 0
    assert growing.turn([LITTLE, LITTLE], 2.0) == -1
    assert growing.turn([LITTLE], 2.0) == 0


def test_a_worker_with_too_many_clients_for_long_leaves_half_of_the_excess() -> None:
    growing, uneven = Growth(2), [Load(0.1, 2), Load(BUSY, 15)]
    assert growing.excess(uneven, UNEVEN - 2) is None
    assert growing.excess(uneven, 2.0) == (1, 6)
    assert growing.excess(uneven, UNEVEN - 2) is None
    for even in ([Load(0.1, 2), Load(BUSY - 0.1, 15)], [Load(BUSY, 6), Load(BUSY, 3)], [MUCH], []):
        assert growing.excess(even, 2.0) is None
        assert growing.excess(uneven, UNEVEN - 2) is None


async def ask(peer: Peer) -> bool:
    """Make a call; shall the next one come by another connection?"""
    await peer.send(request(f"http://{AWS}/"))
    message = await peer.message()
    assert message.startswith(b"HTTP/1.1 200")
    return b"connection: close" in message.lower()


@pytest.mark.layouts
@pytest.mark.timeout(300)
def test_a_second_worker_comes_and_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "EVERY", 0.05)
    monkeypatch.setattr(hiring, "EVERY", 0.05)
    told: list[str] = []
    calls = 0

    async def scenario() -> int:
        nonlocal calls
        async with (
            upstream(Upstream().answer) as stub,
            recording(tmp_path, upstream=stub.url, workers=2, grows=True) as session,
            AsyncExitStack() as stack,
        ):
            front = session.front
            assert isinstance(front, Crew)
            session._voice.tell = lambda text, _level="info": told.append(text)
            [first] = front.workers
            peers = [await stack.enter_async_context(dial(session)) for _ in range(2 * CLIENTS)]

            async def ask_all() -> int:
                """Have each make a call; gives how many came anew, as they were asked to."""
                nonlocal calls
                sent_away = [await ask(each) for each in peers]
                calls += len(peers)
                for number in [number for number, away in enumerate(sent_away) if away]:
                    assert await peers[number].rest() == b""
                    peers[number] = await stack.enter_async_context(dial(session))
                return sum(sent_away)

            assert await ask_all() == 0
            monkeypatch.setattr(growth, "BUSY", 0.0)
            await until(lambda: len(front.workers) == 2)
            second = front.workers[1]
            assert await ask_all() == 0
            # They are too many for one after a while: some are asked to come anew, and go to the new one.
            monkeypatch.setattr(growth, "UNEVEN", 0.0)
            came = 0
            while [len(each.connections) for each in front._members] != [CLIENTS, CLIENTS]:
                came += await ask_all()
            assert came >= CLIENTS
            # Now there is little to do for long.
            monkeypatch.setattr(growth, "BUSY", 2.0)
            monkeypatch.setattr(growth, "CALM", 2.0)
            monkeypatch.setattr(growth, "LONG", 0.0)
            await until(lambda: front.workers == [first])
            assert await ask_all() >= CLIENTS
            while len(front._members) > 1:
                await ask_all()
            await until(lambda: len(front._keepers) == 2)
        return second

    gone = asyncio.run(scenario())
    with pytest.raises(ProcessLookupError):
        os.kill(gone, 0)
    assert told == []
    assert [kind for kind, _ in entries(tmp_path)].count("api") == calls
    trust = Trust((Keys.of(tmp_path).signer().verifier,), "--key")
    assert trail_check.check(tmp_path, trust, now=0, processes=1).holds
