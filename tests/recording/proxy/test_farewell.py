"""Answers after which a client comes anew: whole, the last ones on their connections, and recorded as they came."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from apitrail.recording.alone import Alone
from apitrail.recording.session import Session
from proxying import AWS, OK, Peer, calls, dial, http, recording, request, secure, tunnel, upstream
from recording.proxy.test_http2 import Http2, ended, status

MANY = 100
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
LONG = b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + b"x" * 900_000
KEPT = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok"
BARE = b"HTTP/1.1 204 No Content\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n"
CALL = request(f"http://{AWS}/")
SWITCH = request(f"http://{AWS}/", headers=[("Upgrade", "other"), ("Connection", "Upgrade")])
SAYS = b"Connection: close\r\n"


def have_come_anew(session: Session, number: int) -> None:
    assert isinstance(session.front, Alone)
    session.front.addon.farewell.number = number


def in_plain(answer: bytes) -> bytes:
    """An answer without what it says of its connection."""
    return answer.replace(SAYS, b"").replace(b"Connection: keep-alive\r\n", b"")


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        pytest.param(CALL, OK, id="usual"),
        pytest.param(CALL, KEPT, id="kept by the upstream"),
        pytest.param(CALL, CHUNKED, id="chunked"),
        pytest.param(CALL, LONG, id="long"),
        pytest.param(CALL, BARE, id="without a body"),
        pytest.param(request(f"http://{AWS}/", b"", method="HEAD"), HEAD, id="of HEAD"),
        pytest.param(CALL.replace(b"HTTP/1.1", b"HTTP/1.0"), OK, id="of HTTP/1.0"),
        pytest.param(CALL.replace(b"HTTP/1.1", b"HTTP/2.0"), OK, id="of a version that is none"),
        pytest.param(CALL + CALL, OK, id="pipelined"),
    ],
)  # fmt: skip
def test_the_last_answer_is_whole_says_so_and_is_recorded_as_it_came(
    tmp_path: Path, sent: bytes, answer: bytes
) -> None:
    async def scenario() -> bytes:
        async with (
            upstream(answer) as stub,
            recording(tmp_path, upstream=stub.url) as session,
            dial(session) as client,
        ):
            have_come_anew(session, MANY)
            await client.send(sent)
            return await client.rest()

    found = asyncio.run(scenario())
    assert found.split(b"\r\n\r\n")[0].count(SAYS.strip()) == 1
    assert in_plain(found) == in_plain(answer)
    [event] = calls(tmp_path)
    said = [
        each
        for each in http(event, "response").get("headers", [])
        if each[0].lower() == "connection"
    ]
    assert said == ([["Connection", "keep-alive"]] if answer is KEPT else [])


def test_as_many_as_are_wanted_come_anew(tmp_path: Path) -> None:
    async def scenario() -> list[bytes]:
        async with (
            upstream(CHUNKED) as stub,
            recording(tmp_path, upstream=stub.url) as session,
            AsyncExitStack() as stack,
        ):
            have_come_anew(session, 2)

            async def ask() -> bytes:
                client = await stack.enter_async_context(dial(session))
                await client.send(CALL)
                return await client.message()

            return [await ask() for _ in range(3)]

    assert [SAYS in each for each in asyncio.run(scenario())] == [True, True, False]


def test_within_a_tunnel_the_client_comes_anew_too(tmp_path: Path) -> None:
    async def scenario() -> bytes:
        async with (
            upstream(OK) as stub,
            recording(tmp_path, upstream=stub.url) as session,
            dial(session) as client,
        ):
            have_come_anew(session, MANY)
            assert SAYS not in await tunnel(client, f"{AWS}:443")
            await secure(client, tmp_path)
            await client.send(request())
            return await client.rest()

    assert in_plain(asyncio.run(scenario())) == OK


def test_clients_of_http2_stay(tmp_path: Path) -> None:
    async def scenario() -> list[str]:
        async with (
            upstream(CHUNKED) as stub,
            recording(tmp_path, upstream=stub.url) as session,
            dial(session) as client,
        ):
            have_come_anew(session, MANY)
            await tunnel(client, f"{AWS}:443")
            await secure(client, tmp_path, AWS, "h2")
            side = Http2(client, client=True)

            async def ask() -> str:
                stream = side.ask()
                await side.flush()
                return status(await side.until(ended(stream)), stream)

            answers = [await ask(), await ask()]
            assert isinstance(session.front, Alone)
            assert session.front.addon.farewell.number == MANY
            return answers

    assert asyncio.run(scenario()) == ["200", "200"]


def test_another_protocol_goes_on(tmp_path: Path) -> None:
    async def switch(peer: Peer) -> None:
        await peer.message()
        await peer.send(SWITCHED)
        await peer.send((await peer.exactly(3))[::-1])

    async def scenario() -> bytes:
        async with (
            upstream(switch) as stub,
            recording(tmp_path, upstream=stub.url) as session,
            dial(session) as client,
        ):
            have_come_anew(session, MANY)
            await client.send(SWITCH)
            head = await client.head()
            await client.send(b"abc")
            assert await client.exactly(3) == b"cba"
            return head

    assert asyncio.run(scenario()) == SWITCHED
