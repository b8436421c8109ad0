"""Whoever waits for the writer is told when it cannot write."""

from __future__ import annotations

import asyncio

import pytest

import trails
from apitrail.errors import RecordingError
from apitrail.trail.queue import Append, Begin, Item, fail


def test_all_who_wait_are_told_and_nobody_else():
    async def main() -> None:
        loop = asyncio.get_running_loop()
        done, given_up = loop.create_future(), loop.create_future()
        done.set_result(7)
        given_up.cancel()
        waiting = [loop.create_future(), loop.create_future()]
        items: list[Item] = [
            Append(trails.draft(1), None, done),
            Append(trails.draft(2), None, given_up),
            Begin("key", {}, waiting[0]),
            Append(trails.draft(3), "key", waiting[1]),
        ]
        fail(items, OSError("no space left"))
        for each in waiting:
            with pytest.raises(RecordingError, match="the trail cannot be written: no space left"):
                await each
        assert await done == 7
        assert given_up.cancelled()

    asyncio.run(main())
