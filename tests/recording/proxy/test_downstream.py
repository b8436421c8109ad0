"""Slow clients over real sockets: each wait ends with what the recorder does, not with a time."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from apitrail.recording.limits import Limits
from apitrail.recording.proxy import admission
from apitrail.recording.session import Session
from proxying import (
    AWS,
    OK,
    Peer,
    Upstream,
    call,
    calls,
    dial,
    put,
    recording,
    request,
    secure,
    tunnel,
    upstream,
)  # fmt: skip

QUICK = Limits(header=0.2, idle=0.2, body=0.2, connections=2)
PATIENT = Limits()
HEAD = b"GET / HTTP/1.1\r\nHost: sts.eu-west-1.amazonaws.com\r\nX-Slow: "

type Play = Callable[[Upstream, Session, Peer], Coroutine[Any, Any, None]]


def play(trail: Path, limits: Limits, scene: Play, *answers: Any) -> None:
    async def scenario() -> None:
        async with (
            upstream(*answers) as stub,
            recording(trail, upstream=stub.url, limits=limits, body_limit=1024) as session,
            dial(session) as client,
        ):
            await scene(stub, session, client)

    asyncio.run(scenario())


async def trickle(client: Peer, beginning: bytes) -> None:
    """Send `beginning`, then byte after byte for as long as the recorder takes them."""

    async def go_on() -> None:
        await client.send(beginning)
        while True:
            await client.send(b"x")
            await asyncio.sleep(0.01)

    sending = asyncio.create_task(go_on())
    try:
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await client.exactly(1)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


@pytest.mark.parametrize("inside", [False, True])
def test_a_head_that_never_ends_is_cut_off(tmp_path, caplog, inside):
    async def scene(stub: Upstream, _session: Session, client: Peer) -> None:
        if inside:
            await tunnel(client, f"{AWS}:443")
            await secure(client, tmp_path)
        await trickle(client, HEAD)
        assert stub.connections == 0

    with caplog.at_level(logging.WARNING, "apitrail"):
        play(tmp_path, Limits(header=0.3, idle=60, body=60), scene)
    assert "longer than 0.3 s for the head of a request" in caplog.text
    assert calls(tmp_path) == []


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", b""),
        (b"no HTTP at all\r\n\r\n", b"HTTP/1.1 400"),
        (request(f"http://{AWS}/"), b"HTTP/1.1 200"),
    ],
)
def test_a_client_may_say_all_it_has_to_say_before_it_is_listened_to(
    tmp_path, caplog, monkeypatch, sent, answer
):
    """The first client waits until names are known: its bytes, and its end, are there before."""
    known = threading.Event()
    monkeypatch.setattr(admission.decode, "is_ready", known.is_set)
    monkeypatch.setattr(admission.decode, "prepare", lambda *_: known.wait(20))

    async def scene(_stub: Upstream, _session: Session, client: Peer) -> None:
        await client.send(sent)
        if not answer.endswith(b"200"):
            client.writer.write_eof()
        for _ in range(50):
            await asyncio.sleep(0)
        known.set()
        heard = await (client.exactly(len(answer)) if answer else client.rest())
        assert heard.startswith(answer)

    play(tmp_path, Limits(idle=0.5), scene, OK)
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


def test_a_handshake_that_never_ends_is_cut_off(tmp_path):
    async def scene(_stub: Upstream, _session: Session, client: Peer) -> None:
        await tunnel(client, f"{AWS}:443")
        await trickle(client, b"\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03")

    play(tmp_path, Limits(header=0.3, idle=60, body=60), scene)


def test_a_connection_without_a_request_is_closed(tmp_path):
    async def scene(_stub: Upstream, _session: Session, client: Peer) -> None:
        assert await client.rest() == b""

    play(tmp_path, QUICK, scene)


def test_a_connection_is_closed_some_time_after_its_last_answer(tmp_path):
    async def scene(_stub: Upstream, _session: Session, client: Peer) -> None:
        await client.send(request(f"http://{AWS}/"))
        assert await client.rest() == OK

    play(tmp_path, QUICK, scene)
    assert len(calls(tmp_path)) == 1


@pytest.mark.parametrize("big", [False, True])
def test_a_body_that_stops_is_given_up_and_the_log_tells_what_had_gone_up(tmp_path, caplog, big):
    sent = put(b"x" * 5000) if big else request(f"http://{AWS}/")

    async def scene(stub: Upstream, session: Session, client: Peer) -> None:
        del stub
        if big:
            await tunnel(client, "s3.eu-west-1.amazonaws.com:443")
            await secure(client, tmp_path, "s3.eu-west-1.amazonaws.com")
        await client.send(sent[:-10])
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await client.exactly(1)
        await session.recorder.drained()

    with caplog.at_level(logging.WARNING, "apitrail"):
        play(tmp_path, Limits(header=60, idle=60, body=0.2), scene)
    assert "sent nothing of a request's body for 0.2 s" in caplog.text
    # A body that was held went nowhere; one that streamed had an intent, and so has an entry.
    assert [bool(call(each).get("failure")) for each in calls(tmp_path)] == ([True] if big else [])


def test_a_slow_answer_is_waited_for(tmp_path):
    holding = asyncio.Event()

    async def answer(peer: Peer) -> None:
        await peer.message()
        await holding.wait()
        await peer.send(OK)

    async def scene(_stub: Upstream, session: Session, client: Peer) -> None:
        await client.send(request(f"http://{AWS}/"))
        async with dial(session) as other:
            assert await other.rest() == b""  # this one was idle for as long
        holding.set()
        assert await client.message() == OK

    play(tmp_path, QUICK, scene, answer)


def test_a_tunnel_that_is_not_looked_into_may_be_silent(tmp_path):
    arrived = asyncio.Event()

    async def far(peer: Peer) -> None:
        assert await peer.exactly(5) == b"hello"
        arrived.set()
        await peer.send(b"world")
        await peer.rest()

    async def scenario() -> None:
        async with (
            upstream(far) as stub,
            recording(tmp_path, tunnels=("127.0.0.1",), limits=QUICK) as session,
            dial(session) as client,
        ):
            await tunnel(client, f"127.0.0.1:{stub.port}")
            await client.send(b"hello")
            await arrived.wait()
            async with dial(session) as other:
                assert await other.rest() == b""
            assert await client.exactly(5) == b"world"
            async with dial(session) as other:
                assert await other.rest() == b""
            assert not client.reader.at_eof()

    asyncio.run(scenario())


def test_one_connection_too_many_is_turned_away_and_the_others_go_on(tmp_path, caplog):
    async def scene(_stub: Upstream, session: Session, client: Peer) -> None:
        async with dial(session) as second:
            for peer in (client, second):
                await peer.send(request(f"http://{AWS}/"))
                assert await peer.message() == OK
            async with dial(session) as third:
                assert await third.rest() == b""
            await second.send(request(f"http://{AWS}/"))
            assert await second.message() == OK
            await client.close()
            inside = session.front.server.doors.inside
            while inside.get("127.0.0.1", 0) > 1:  # noqa: ASYNC110
                await asyncio.sleep(0)
            async with dial(session) as fourth:
                await fourth.send(request(f"http://{AWS}/"))
                assert await fourth.message() == OK

    with caplog.at_level(logging.WARNING, "apitrail"):
        play(tmp_path, Limits(connections=2), scene)
    assert "a client has 2 connections, which is the limit" in caplog.text
    assert len(calls(tmp_path)) == 4
