"""What comes while a stream's reader waits is handed on at once, in order, and only then."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from apitrail.recording.proxy import direct


@dataclass
class Taker:
    """Takes what comes and answers as it is told to."""

    answers: list[bool | None]
    taken: list[bytes] = field(default_factory=list)
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    waits: int = 0

    def take(self, data: bytes) -> bool | None:
        answer = self.answers.pop(0)
        if answer is not None:
            self.taken.append(data)
        return answer

    async def settle(self) -> None:
        self.waits += 1
        await self.settled.wait()


async def _begun(*answers: bool | None) -> tuple[asyncio.StreamReader, Taker, asyncio.Task[bytes]]:
    """A stream whose reader waits."""
    stream, taker = asyncio.StreamReader(), Taker(list(answers))
    direct.hand(stream, taker.take, taker.settle)
    reading = asyncio.create_task(stream.read(100))
    await asyncio.sleep(0)
    return stream, taker, reading


def test_what_comes_while_the_reader_waits_is_taken_and_it_waits_on():
    async def scenario() -> None:
        stream, taker, reading = await _begun(True, True)
        stream.feed_data(b"a")
        stream.feed_data(b"b")
        stream.feed_eof()
        assert await reading == b""
        assert taker.taken == [b"a", b"b"]

    asyncio.run(scenario())


def test_what_cannot_be_taken_is_read_and_what_comes_behind_it_too():
    async def scenario() -> None:
        stream, taker, reading = await _begun(None, True)
        stream.feed_data(b"a")
        stream.feed_data(b"b")
        assert await reading == b"ab"
        assert taker.taken == []

    asyncio.run(scenario())


def test_nothing_is_taken_before_the_reader_has_waited_for_what_it_must():
    async def scenario() -> None:
        stream, taker, reading = await _begun(False, True)
        stream.feed_data(b"a")
        stream.feed_data(b"b")
        for _ in range(3):
            await asyncio.sleep(0)
        assert (taker.taken, taker.waits, reading.done()) == ([b"a"], 1, False)
        taker.settled.set()
        assert await reading == b"b"

    asyncio.run(scenario())


def test_the_reader_takes_over_again_when_it_has_waited():
    async def scenario() -> None:
        stream, taker, reading = await _begun(False, True)
        stream.feed_data(b"a")
        taker.settled.set()
        for _ in range(3):
            await asyncio.sleep(0)
        stream.feed_data(b"b")
        stream.feed_eof()
        assert await reading == b""
        assert taker.taken == [b"a", b"b"]

    asyncio.run(scenario())


def test_nothing_is_taken_of_a_stream_whose_reader_is_to_end():
    async def scenario() -> None:
        stream, taker, reading = await _begun(True)
        reading.cancel()
        stream.feed_data(b"a")
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert taker.taken == []

    asyncio.run(scenario())


def test_a_reader_may_be_ended_by_what_is_taken():
    async def scenario() -> None:
        stream, taker, reading = await _begun()
        stream.take = lambda _data: not reading.cancel()
        stream.feed_data(b"a")
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert taker.waits == 0

    asyncio.run(scenario())


def test_a_long_piece_is_read_in_parts():
    async def scenario() -> None:
        stream, taker, reading = await _begun(True)
        stream.feed_data(bytes(direct.LONGEST + 1))
        assert await reading == bytes(100)
        assert taker.taken == []

    asyncio.run(scenario())
