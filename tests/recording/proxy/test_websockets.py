"""A WebSocket is one call: its messages pass, counted and hashed, and its entry comes at the close."""

from __future__ import annotations

import asyncio
import gc
import hashlib
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import wsproto
import wsproto.events as ws

from apitrail.event import WebSocketFacts
from apitrail.recording.proxy import websockets
from apitrail.redact import Redactor
from apitrail.trail.keys import Keys
from proxying import Done, Peer, calls, dial, kinds, recording, request, upstream

UPGRADE = [
    ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
]  # fmt: skip
SWITCH = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


class Side:
    """One end of a WebSocket that is open: a real state machine over a real socket."""

    def __init__(self, peer: Peer, kind: wsproto.ConnectionType) -> None:
        self.peer = peer
        self.machine = wsproto.Connection(kind)

    async def send(self, event: ws.Event) -> None:
        await self.peer.send(self.machine.send(event))

    async def events(self) -> Iterator[ws.Event]:
        """The next events, once there are some."""
        async with asyncio.timeout(20):
            while True:
                self.machine.receive_data(await self.peer.reader.read(65536) or None)
                if found := list(self.machine.events()):
                    return iter(found)

    async def until_closed(self) -> list[ws.Event]:
        found: list[ws.Event] = []
        while not any(isinstance(each, ws.CloseConnection) for each in found):
            found += await self.events()
        return found


def play(tmp_path: Path, client_side, server_side) -> list[WebSocketFacts | None]:
    """Let both talk through a recorder; gives what was recorded of the WebSocket."""

    async def answer(peer: Peer) -> None:
        await peer.head()
        await peer.send(SWITCH)
        await server_side(Side(peer, wsproto.ConnectionType.SERVER))
        raise Done

    async def main() -> None:
        async with AsyncExitStack() as stack:
            stub = await stack.enter_async_context(upstream(answer))
            mode = (f"reverse:{stub.url}@127.0.0.1:0",)
            session = await stack.enter_async_context(recording(tmp_path / "trail", modes=mode))
            peer = await stack.enter_async_context(dial(session))
            await peer.send(request("/mqtt", b"", method="GET", headers=UPGRADE))
            assert (await peer.head()).startswith(b"HTTP/1.1 101 ")
            await client_side(Side(peer, wsproto.ConnectionType.CLIENT), session)
            await session.recorder.drained()

    asyncio.run(main())
    return [
        each.response.websocket if each.response else None for each in calls(tmp_path / "trail")
    ]


def digest(tmp_path: Path, data: bytes) -> str:
    key = Keys.of(tmp_path / "trail").redaction()
    return Redactor(key).digest(hashlib.sha256(data).digest()).hex()


async def echo(side: Side) -> None:
    """Send every message back, until the close."""
    while True:
        for event in await side.events():
            if isinstance(event, ws.Message):
                await side.send(event)
            elif isinstance(event, ws.CloseConnection):
                return await side.send(event.response())


def test_messages_are_counted_and_hashed_in_both_directions(tmp_path):
    async def talk(side, session):
        for text in ("one", "two, in pieces"):
            await side.send(ws.TextMessage(text[:2], message_finished=False))
            await side.send(ws.TextMessage(text[2:], message_finished=True))
        await side.send(ws.BytesMessage(b"\x00\xff"))
        got = []
        while sum(each.message_finished for each in got) < 3:
            got += [each for each in await side.events() if isinstance(each, ws.Message)]
        await side.send(ws.CloseConnection(code=1000, reason="done"))
        await side.until_closed()

    [found] = play(tmp_path, talk, echo)
    said = b"onetwo, in pieces\x00\xff"
    assert found is not None
    for way in (found.sent, found.received):
        assert (way.messages, way.length, way.hmac) == (3, len(said), digest(tmp_path, said))
    assert (found.code, found.closed_by) == (1000, "client")
    assert kinds(tmp_path / "trail").count("api") == 1


def test_its_entry_is_written_when_it_closes_and_its_intent_before_it_opens(tmp_path):
    sizes = []

    async def talk(side, session):
        await side.send(ws.TextMessage("hi"))
        await side.events()
        sizes.append((session.recorder.tally.calls, len(session.recorder.in_flight)))
        await side.send(ws.CloseConnection(code=1001))
        await side.until_closed()

    play(tmp_path, talk, echo)
    assert sizes == [(0, 1)]


def test_nothing_of_a_long_connection_stays_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(websockets, "PIECE", 4096)
    kept = []

    async def talk(side, session):
        for _ in range(64):
            await side.send(ws.BytesMessage(b"x" * 65536))
        await side.events()  # the answer to the last one
        relays = [each for each in gc.get_objects() if isinstance(each, websockets.Relay)]
        assert relays
        kept.extend(len(each.flow.websocket.messages) for each in relays if each.flow.websocket)
        kept.extend(sum(map(len, each.client_ws.frame_buf)) for each in relays)
        await side.send(ws.CloseConnection(code=1000))
        await side.until_closed()

    async def swallow(side):
        total = 0
        while True:
            for event in await side.events():
                if isinstance(event, ws.BytesMessage):
                    total += len(event.data)
                    if total == 64 * 65536:
                        await side.send(ws.TextMessage("all"))
                elif isinstance(event, ws.CloseConnection):
                    return await side.send(event.response())

    [found] = play(tmp_path, talk, swallow)
    assert found is not None
    assert (found.sent.messages, found.sent.length) == (64, 64 * 65536)
    assert max(kept) < 2 * 4096


def test_a_connection_that_breaks_is_told_as_one(tmp_path):
    async def talk(side, session):
        await side.send(ws.TextMessage("hi"))
        await side.events()
        side.peer.writer.transport.abort()

    async def listen(side):
        for event in await side.events():
            await side.send(event)
        await side.peer.rest()

    [found] = play(tmp_path, talk, listen)
    assert found is not None
    assert (found.sent.messages, found.code) == (1, 1006)


@pytest.mark.parametrize("code", [1000, 4001])
def test_the_server_may_close(tmp_path, code):
    async def talk(side, session):
        await side.until_closed()

    async def close(side):
        await side.send(ws.CloseConnection(code=code))
        await side.peer.rest()

    [found] = play(tmp_path, talk, close)
    assert found is not None
    assert (found.code, found.closed_by, found.sent.messages) == (code, "server", 0)
