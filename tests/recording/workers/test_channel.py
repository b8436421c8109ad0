"""Two ends of a channel in one loop, over a real pair of sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from apitrail.errors import RecordingError, UsageError
from apitrail.recording.workers.channel import Acts, Channel


@asynccontextmanager
async def joined(theirs: Acts) -> AsyncIterator[tuple[Channel, Channel]]:
    one, other = socket.socketpair()
    ours = await Channel.over(one, Acts(lost=lambda: None))
    far = await Channel.over(other, theirs)
    yield ours, far
    ours.close()
    far.close()


async def twice(value: object) -> object:
    return [value, value]


async def refuse(hint: str) -> None:
    raise UsageError("no such door", hint=hint)


async def defect() -> None:
    raise ValueError("SECRET")


async def for_ever() -> None:
    await asyncio.Event().wait()


def test_what_is_asked_is_answered_whatever_its_size():
    async def scenario() -> None:
        async with joined(Acts(lost=lambda: None, answers={"twice": twice})) as (ours, _):
            for value in (b"", None, "ü", {"who": b"x" * 3_000_000}):
                assert await ours.ask("twice", value) == [value, value]

    asyncio.run(scenario())


def test_many_are_answered_each_with_its_own():
    async def scenario() -> list[object]:
        async with joined(Acts(lost=lambda: None, answers={"twice": twice})) as (ours, _):
            return await asyncio.gather(*(ours.ask("twice", each) for each in range(200)))

    assert asyncio.run(scenario()) == [[each, each] for each in range(200)]


def test_an_error_of_ours_goes_through_as_it_is():
    async def scenario() -> None:
        async with joined(Acts(lost=lambda: None, answers={"refuse": refuse})) as (ours, _):
            with pytest.raises(UsageError, match="no such door") as raised:
                await ours.ask("refuse", "another door")
            assert raised.value.hint == "another door"

    asyncio.run(scenario())


def test_of_another_error_nothing_is_quoted():
    async def scenario() -> None:
        async with joined(Acts(lost=lambda: None, answers={"defect": defect})) as (ours, _):
            with pytest.raises(RecordingError, match=r"^ValueError at defect:\d+$"):
                await ours.ask("defect")

    asyncio.run(scenario())


def test_what_was_told_before_is_dealt_with_before():
    heard: list[object] = []

    async def sync() -> int:
        return len(heard)

    async def scenario() -> object:
        acts = Acts(lost=lambda: None, answers={"sync": sync}, hears={"count": heard.append})
        async with joined(acts) as (ours, _):
            for each in range(100):
                ours.tell("count", each)
            return await ours.ask("sync")

    assert asyncio.run(scenario()) == 100


def test_who_waits_for_a_side_that_is_gone_is_told():
    async def scenario() -> None:
        lost = asyncio.Event()
        one, other = socket.socketpair()
        ours = await Channel.over(one, Acts(lost=lost.set))
        far = await Channel.over(other, Acts(lost=lambda: None, answers={"for ever": for_ever}))
        asking = asyncio.ensure_future(ours.ask("for ever"))
        await asyncio.sleep(0)
        far.close()
        with pytest.raises(RecordingError, match="is gone"):
            await asking
        await lost.wait()
        with pytest.raises(RecordingError, match="is gone"):
            await ours.ask("for ever")
        ours.tell("nobody")

    asyncio.run(scenario())


def test_what_is_said_at_the_end_leaves_nothing_watched():
    """The next socket of the same number is read as any."""

    async def scenario() -> None:
        one, other = socket.socketpair()
        with other:
            ours = await Channel.over(one, Acts(lost=lambda: None))
            ours.tell("too late")
            ours.abort()
            number = one.fileno()
            while ours.is_open:  # noqa: ASYNC110
                await asyncio.sleep(0)
        this, that = socket.socketpair()
        with this, that:
            assert number in (this.fileno(), that.fileno())
            for each, far in ((this, that), (that, this)):
                each.setblocking(False)
                reading = asyncio.create_task(asyncio.get_running_loop().sock_recv(each, 4))
                await asyncio.sleep(0)
                far.setblocking(True)
                far.send(b"read")
                assert await reading == b"read"

    asyncio.run(scenario())
