"""A call that is over is gone from memory at once, with its bodies: the garbage collector has nothing to find."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from apitrail.recording.proxy.layer import Stream
from proxying import S3, Done, Peer, dial, put, recording, request, upstream


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def left() -> int:
    return sum(type(each) is Stream for each in gc.get_objects())


async def answer(peer: Peer) -> None:
    """As is asked for: an answer, one of unknown length, or none."""
    while True:
        message = await peer.message()
        if b"/none" in message:
            raise Done
        if b"/long" in message:
            body = b"x" * 3_000_000
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        else:
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")


CALLS = {
    "answered": (request("/bucket/key", b"", method="GET", host=S3), b"200"),
    "streamed up and down": (request("/bucket/long", b"", method="GET", host=S3), b"200"),
    "with a body": (put(b"x" * 200_000), b"200"),
    "of two readings": (request(body=b"Action=A&Action=B&Version=2011-06-15"), b"400"),
    "without an answer": (request("/bucket/none", b"", method="GET", host=S3), b"502"),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_that_is_over_leaves_nothing(tmp_path: Path, name: str) -> None:
    sent, status = CALLS[name]

    async def scenario() -> None:
        async with upstream(answer) as stub, recording(tmp_path, upstream=stub.url) as session:
            for _ in range(2):
                async with dial(session) as client:
                    await client.send(sent)
                    assert (await client.message())[9:12] == status
                    if status == b"200":
                        await client.send(sent)
                        assert (await client.message())[9:12] == status
            async with asyncio.timeout(20):
                while left():  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

    asyncio.run(scenario())


def test_a_call_whose_client_has_left_leaves_nothing(tmp_path: Path) -> None:
    async def silent(peer: Peer) -> None:
        await peer.message()
        asked.set()
        await asyncio.Event().wait()

    asked = asyncio.Event()

    async def scenario() -> None:
        async with upstream(silent) as stub, recording(tmp_path, upstream=stub.url) as session:
            async with dial(session) as client:
                await client.send(request("/bucket/key", b"", method="GET", host=S3))
                await asked.wait()
            async with asyncio.timeout(20):
                while left():  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

    asyncio.run(scenario())
