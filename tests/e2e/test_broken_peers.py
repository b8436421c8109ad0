"""Peers that stall, vanish or cannot be trusted: what the other side sees, and what the log says."""

from __future__ import annotations

import asyncio
import gzip
import sqlite3
import time
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from apitrail import places
from apitrail.recording.proxy import downstream, silence
from apitrail.recording.session import Session
from proxying import (
    AWS,
    OK,
    Authority,
    Done,
    Peer,
    Upstream,
    call,
    calls,
    dial,
    kinds,
    put,
    recording,
    request,
    secure,
    tunnel,
    upstream,
)  # fmt: skip


@asynccontextmanager
async def scene(
    trail: Path, *answers: object, **settings: object
) -> AsyncIterator[tuple[Upstream, Peer, Session]]:
    """A recorder before an upstream, and a client of it."""
    async with (
        upstream(*answers) as stub,  # type: ignore[arg-type]
        recording(trail, **{"upstream": stub.url, "body_limit": 1024} | settings) as session,
        dial(session) as client,
    ):
        await tunnel(client, f"{AWS}:443")
        await secure(client, trail)
        yield stub, client, session


# -- upstreams --------------------------------------------------------------------------------

STALLS = {
    "before its answer": b"",
    "in the head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "in the body": b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nhalf",
}


@pytest.mark.parametrize("stall", STALLS)
def test_an_upstream_that_stalls_is_waited_for_until_nothing_has_come_for_long(
    tmp_path, monkeypatch, stall
):
    monkeypatch.setattr(silence, "SILENCE", 1)

    async def answer(peer: Peer) -> None:
        await peer.message()
        await peer.send(STALLS[stall])
        await peer.rest()
        raise Done

    async def scenario() -> None:
        async with scene(tmp_path, answer) as (_, client, session):
            await client.send(request())
            assert b"ok" not in await client.rest()
            await session.recorder.drained()

    asyncio.run(scenario())
    [event] = calls(tmp_path)
    assert call(event)["failure"]
    assert ("status" in call(event)) == (stall == "in the body")


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2.0"])
def test_a_client_is_told_once_although_the_rest_of_its_body_fails_too(tmp_path, caplog, version):
    """The garbage fails the call, and what the client sends on fails it again."""
    answered = asyncio.Event()

    async def garbage(peer: Peer) -> None:
        await peer.head()
        await peer.send(b"\x00garbage\r\n\r\n")
        answered.set()
        raise Done

    async def scenario() -> bytes:
        async with scene(tmp_path, garbage) as (_, client, session):
            whole = put(bytes(300_000)).replace(b"HTTP/1.1", version.encode(), 1)
            await client.send(whole[:100_000])
            await answered.wait()
            told = await client.exactly(1)
            with suppress(ConnectionError):
                await client.send(whole[100_000:])
                told += await client.rest()
            await session.recorder.drained()
            return told

    told = asyncio.run(scenario())
    assert told.startswith(version.encode()[:5])
    assert told.count(b"BadGateway") == 1
    assert b"connection: close" in told.lower()
    assert "lost track" not in caplog.text
    assert "mitmproxy reports a problem" not in caplog.text
    [event] = calls(tmp_path)
    assert call(event)["failure"]


def test_a_client_that_goes_on_with_what_is_no_http_is_let_go(tmp_path):
    """More is there to be read when the connection is given up."""

    async def scenario() -> None:
        async with scene(tmp_path) as (stub, client, _):
            with suppress(ConnectionError):
                await client.send(bytes(400_000))
            with suppress(ConnectionError):
                assert await client.rest() == b""
            assert stub.connections == 0

    asyncio.run(scenario())
    assert calls(tmp_path) == []


CHUNKED = put(b"", [("Transfer-Encoding", "chunked")])


@pytest.mark.parametrize("sent", [put(bytes(100))[:-50], CHUNKED + b"zz\r\n"])
def test_the_upstream_is_not_blamed_for_what_a_client_does(tmp_path, caplog, sent):
    async def scenario() -> None:
        async with scene(tmp_path, OK) as (_, client, session):
            await client.send(sent)
            if b"zz" not in sent:
                client.reset()
            else:
                await client.rest()
            await session.recorder.drained()

    asyncio.run(scenario())
    assert "cannot reach" not in caplog.text


def test_an_upstream_that_never_shakes_hands_is_waited_for_as_long(tmp_path, monkeypatch):
    monkeypatch.setattr(silence, "SILENCE", 1)

    async def nothing(peer: Peer) -> None:
        await peer.rest()
        raise Done

    async def scenario() -> None:
        async with upstream(nothing) as stub:
            url = stub.url.replace("http:", "https:")
            async with (
                recording(tmp_path, upstream=url) as session,
                dial(session) as client,
            ):
                await tunnel(client, f"{AWS}:443")
                await secure(client, tmp_path)
                await client.send(request())
                await client.rest()
                await session.recorder.drained()

    asyncio.run(scenario())
    [event] = calls(tmp_path)
    assert call(event)["failure"]


@pytest.mark.parametrize("fault", ["nobody trusts it", "another name", "no TLS"])
def test_an_upstream_whose_tls_is_no_good_gets_no_call(tmp_path, fault):
    authority = Authority.make(tmp_path, "elsewhere" if fault == "another name" else "localhost")
    settings = {} if fault == "nobody trusts it" else {"ssl_verify_upstream_trusted_ca": str(authority.path)}  # fmt: skip

    async def plain(peer: Peer) -> None:
        await peer.exactly(5)
        await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def scenario() -> None:
        answer, tls = (plain, None) if fault == "no TLS" else (OK, authority.server)
        async with upstream(answer, tls=tls) as stub:
            url = stub.url.replace("http:", "https:")
            async with (
                recording(tmp_path / "trail", upstream=url, settings=settings) as session,
                dial(session) as client,
            ):
                await tunnel(client, f"{AWS}:443")
                await secure(client, tmp_path / "trail")
                await client.send(request())
                assert (await client.head()).startswith(b"HTTP/1.1 502 ")
            assert stub.seen == []

    asyncio.run(scenario())
    [event] = calls(tmp_path / "trail")
    assert "status" not in call(event)
    assert call(event)["failure"]


# -- clients ----------------------------------------------------------------------------------

HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
# What a client sends before it vanishes, in the clear and then inside the tunnel.
EARLY = {
    "when it has connected": (b"", None),
    "in the CONNECT": (b"CONNECT sts.eu-west-1.amazonaws.com:443 HTTP/1.1\r\nHo", None),
    "in the handshake": (b"CONNECT %s:443 HTTP/1.1\r\n\r\n" % AWS.encode() + HELLO, None),
    "when the tunnel is there": (b"", b""),
    "in the head": (b"", request()[:40]),
    "in the body": (b"", request()[:-5]),
}


@pytest.mark.parametrize("stage", EARLY)
@pytest.mark.parametrize("reset", [True, False])
def test_a_client_that_vanishes_before_its_request_is_whole_made_no_call(tmp_path, stage, reset):
    clear, inside = EARLY[stage]

    async def scenario() -> None:
        async with (
            upstream(OK) as stub,
            recording(tmp_path, upstream=stub.url) as session,
        ):
            async with dial(session) as client:
                await client.send(clear)
                if inside is not None:
                    await tunnel(client, f"{AWS}:443")
                    await secure(client, tmp_path)
                    await client.send(inside)
                if reset:
                    client.reset()
            async with dial(session) as other:
                await other.send(request(f"http://{AWS}/"))
                assert await other.message() == OK
            inside_now = session.front.server.doors.inside
            while inside_now:  # noqa: ASYNC110
                await asyncio.sleep(0)
            assert len(stub.seen) == 1

    asyncio.run(scenario())
    assert kinds(tmp_path) == ["open", "api", "close"]


@pytest.mark.parametrize("file", ["pending.db", "trail.db"])
def test_a_client_that_vanishes_while_the_disk_is_waited_for(tmp_path, file):
    """Its intent is being written, or its entry: either way the log says what went up."""

    async def scenario() -> None:
        async with scene(tmp_path, OK) as (stub, client, session):
            busy = sqlite3.connect(tmp_path / file, isolation_level=None)
            busy.execute("BEGIN IMMEDIATE")
            await client.send(request())
            recorder = session.recorder

            def is_waiting() -> bool:
                return recorder._entering > 0 or any(
                    each.done for each in recorder.in_flight.values()
                )

            while not is_waiting():  # noqa: ASYNC110
                await asyncio.sleep(0)
            client.reset()
            for _ in range(100):
                await asyncio.sleep(0)
            busy.execute("ROLLBACK")
            busy.close()
            await recorder.drained()
            went_up.append(len(stub.seen))

    went_up: list[int] = []
    asyncio.run(scenario())
    [event] = calls(tmp_path)
    assert kinds(tmp_path) == ["open", "api", "close"]
    if went_up == [0]:
        assert call(event)["failure"]


def test_a_client_that_vanishes_while_its_answer_streams(tmp_path):
    gone = asyncio.Event()

    async def answer(peer: Peer) -> None:
        await peer.message()
        await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
        await peer.rest()
        gone.set()
        raise Done

    async def scenario() -> None:
        async with scene(tmp_path, answer) as (_, client, session):
            await client.send(request())
            await client.head()
            client.reset()
            await gone.wait()
            await session.recorder.drained()

    asyncio.run(scenario())
    [event] = calls(tmp_path)
    assert (call(event)["status"], bool(call(event)["failure"])) == (200, True)


# -- time -------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [2, -2])
def test_the_clock_steps_while_a_call_is_in_flight(tmp_path, monkeypatch, hours):
    began = places.clock()
    step = 0

    async def answer(peer: Peer) -> None:
        nonlocal step
        await peer.message()
        step = hours * 3_600_000
        await peer.send(OK)

    async def scenario() -> None:
        real = time.time
        monkeypatch.setattr(places, "clock", lambda: int(real() * 1000) + step)
        monkeypatch.setattr(time, "time", lambda: real() + step / 1000)
        async with scene(tmp_path, answer, OK) as (_, client, _):
            await client.send(request())
            assert await client.message() == OK
            await client.send(request())  # its connection is still there
            assert await client.message() == OK

    asyncio.run(scenario())
    assert kinds(tmp_path) == ["open", "clock", "api", "api", "close"]
    first, _ = calls(tmp_path)
    assert first.call.started >= began


async def all_but_the_end(client: Peer) -> bytes:
    """Send a call whose body is waited for from then on; what of it is left to send."""
    sent = request()
    await client.send(sent[:-5])
    while not any(pace.bodies for pace in downstream.PACES.values()):  # noqa: ASYNC110
        await asyncio.sleep(0)
    return sent[-5:]


def test_a_recorder_that_stood_still_holds_nobody_else_for_slow(tmp_path, monkeypatch):
    stood, real = 0, time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + stood)

    async def scenario() -> None:
        nonlocal stood
        async with scene(tmp_path, OK) as (_, client, _):
            rest = await all_but_the_end(client)
            for _ in range(50):  # the part of the body that is there is read
                await asyncio.sleep(0)
            stood = 600  # to the event loop that is as if it had been stopped here
            for _ in range(20):
                await asyncio.sleep(0)
            await client.send(rest)
            assert await client.message() == OK

    asyncio.run(scenario())
    assert len(calls(tmp_path)) == 1


def test_what_came_while_the_recorder_stood_still_is_read_before_a_time_is_over(
    tmp_path, monkeypatch
):
    stood, real = 0, time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + stood)
    monkeypatch.setattr(downstream, "STOPPED", 10.0)  # a slow machine is none that was stopped

    async def scenario() -> None:
        nonlocal stood
        async with scene(tmp_path, OK) as (_, client, _):
            rest = await all_but_the_end(client)
            stood = 31  # the alarm for the head rings, and that for the body is set
            for _ in range(50):
                await asyncio.sleep(0)
            stood = 600
            await client.send(rest)
            assert await client.message() == OK

    asyncio.run(scenario())
    assert len(calls(tmp_path)) == 1


# -- bombs ------------------------------------------------------------------------------------


def bomb(window: int, size: int) -> bytes:
    """Zeros, `size` megabytes of them, compressed over and over from one block."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, window)
    block = bytes(1 << 20)
    first = deflater.compress(block) + deflater.flush(zlib.Z_FULL_FLUSH)
    again = deflater.compress(block) + deflater.flush(zlib.Z_FULL_FLUSH)
    return first + again * (size - 1)


TARGET = ("X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData")
BOMBS = {
    "gzip": bomb(16 + zlib.MAX_WBITS, 1024),
    "deflate": bomb(zlib.MAX_WBITS, 1024),
    "members": gzip.compress(bytes(1 << 20)) * 1024,
    "twice": gzip.compress(bomb(16 + zlib.MAX_WBITS, 1024)),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_bombs_pass_and_take_no_memory(tmp_path, kind):
    encoding = {"deflate": "deflate", "twice": "gzip, gzip"}.get(kind, "gzip")
    content, fields = BOMBS[kind], [("Content-Encoding", encoding)]
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s" % (encoding.encode(), len(content), content)  # fmt: skip

    async def scenario() -> None:
        async with scene(tmp_path, answer, body_limit=256 * 1024) as (stub, client, _):
            tracemalloc.start()
            try:
                metric = request(
                    body=content,
                    host="monitoring.eu-west-1.amazonaws.com",
                    headers=[TARGET, *fields],
                )
                for sent in (metric, put(content, fields)):
                    await client.send(sent)
                    assert await client.message() == answer
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
            assert peak < 160 * 1024 * 1024
            assert [len(each.partition(b"\r\n\r\n")[2]) for each in stub.seen] == [len(content)] * 2

    asyncio.run(scenario())
    assert kinds(tmp_path) == ["open", "api", "api", "close"]
    asked, _ = calls(tmp_path)
    assert asked.call.problems
