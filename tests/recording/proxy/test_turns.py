"""Whoever is cancelled while it waits for its turn takes it first."""

from __future__ import annotations

import asyncio

import pytest

from apitrail.recording.proxy.turns import Turns


def test_one_that_is_cancelled_while_it_waits_has_its_turn_and_ends_at_its_next_wait():
    told = []

    async def reader(turns: Turns) -> None:
        async with turns:
            told.append("turn")
        told.append("after")
        await asyncio.sleep(0)
        told.append("never")

    async def scenario() -> None:
        turns = Turns()
        await turns.acquire()
        task = asyncio.create_task(reader(turns))
        for _ in range(2):
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.sleep(0)
        assert told == []
        turns.release()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not turns.locked()

    asyncio.run(scenario())
    assert told == ["turn", "after"]


def test_turns_come_one_after_the_other():
    inside, order = [], []

    async def one(turns: Turns, number: int) -> None:
        async with turns:
            inside.append(number)
            assert inside == [number]
            await asyncio.sleep(0)
            inside.remove(number)
            order.append(number)

    async def scenario() -> None:
        turns = Turns()
        await asyncio.gather(*(one(turns, number) for number in range(5)))

    asyncio.run(scenario())
    assert order == [0, 1, 2, 3, 4]
