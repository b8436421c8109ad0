"""Requests from a seed over real sockets: each is answered or closed, and what went up is recorded.

`make fuzz REQUESTS=10000 SEED=2` sends as many as told.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import ssl
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

import fuzzing
from apitrail import places
from apitrail.event import Event
from apitrail.evidence.verify import Trust, trail_check
from apitrail.recording.limits import Limits
from apitrail.recording.session import Session
from apitrail.trail.keys import Keys
from proxying import AWS, OK, Peer, calls, connect, entries, recording, request, secure, tunnel

REQUESTS = int(os.environ.get("REQUESTS", "240"))
SEED = int(os.environ.get("SEED", "20261126"))
CLIENTS = int(os.environ.get("CLIENTS", "32"))
# Seconds; a machine with much else to do may let all of them stand still for a while.
PATIENCE = 120
MARK = re.compile(rb"fuzz-\d+")

pytestmark = pytest.mark.timeout(120 + REQUESTS)


class Upstream:
    """Keeps the head of each request; answers, mostly as it should."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.follows: dict[bytes, bytes] = {}
        self._dice = random.Random(SEED)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer, before = Peer(reader, writer), b""
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                self.follows[head] = before
                before = head
                async with asyncio.timeout(5):  # sooner than those give up who wait for an answer
                    await _body(peer, head)
                choice = self._dice.random()
                if choice < 0.03:
                    break
                if choice < 0.06:
                    await peer.send(b"\x00garbage\r\n\r\n")
                    break
                only_head = head.startswith(b"HEAD ")
                await peer.send(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" if only_head else OK
                )
        writer.close()


async def _body(peer: Peer, head: bytes) -> None:
    if re.search(rb"\ntransfer-encoding:[^\r\n]*chunked", head.lower()):
        await peer.chunks()
    elif length := re.search(rb"\ncontent-length: *(\d+)", head.lower()):
        await peer.exactly(int(length[1]))


async def send(session: Session, trail: Path, dice: random.Random, number: int) -> str:
    """Send one request in one of the ways; gives what became of it."""
    way = dice.choice(("plain", "reverse", "tls", "tls", "h2", "h2"))
    listener = session.listeners[1 if way == "reverse" else 0]
    async with connect(listener.port, PATIENCE) as peer:
        try:
            if way in ("tls", "h2"):
                await tunnel(peer, f"{AWS}:443")
                await secure(peer, trail, AWS, *(("h2",) if way == "h2" else ()))
            if way == "h2":
                await peer.send(fuzzing.frames(dice, number))
                return await _frames_end(peer)
            await peer.send(fuzzing.request(dice, number, absolute=way == "plain"))
            return "answered" if await peer.exactly(1) else "closed"
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            return "closed"


async def _frames_end(peer: Peer) -> str:
    """Frames come until the recorder closes the connection, as it does with one that is idle."""
    return "answered" if len(await peer.rest()) > 100 else "closed"


async def all_of_them(trail: Path) -> tuple[Upstream, Counter[str]]:
    stub, told = Upstream(), Counter[str]()
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    modes = ("regular@127.0.0.1:0", f"reverse:{url}@127.0.0.1:0")
    limits = Limits(header=0.5, idle=0.5, body=0.5)
    numbers = iter(range(REQUESTS))

    async def client(session: Session) -> None:
        for number in numbers:
            told[await send(session, trail, random.Random(f"{SEED} {number}"), number)] += 1
            if number % 1_000 == 999:
                print(f"{number + 1} requests, {dict(told)}", flush=True)

    async with recording(trail, modes=modes, upstream=url, limits=limits) as session:
        await asyncio.gather(*(client(session) for _ in range(CLIENTS)))
        async with asyncio.timeout(60):
            await session.recorder.drained()
        async with connect(session.listeners[0].port) as peer:
            await peer.send(request(f"http://{AWS}/"))
            told["alive"] = len(await peer.message()) > 0
        assert session.front.addon._seen == {}
        assert session.front.addon.budget.free == session.front.addon.budget.total
    server.close()
    return stub, told


def marks(texts: list[bytes]) -> Counter[bytes]:
    """How often each request is named; the empty name is for those whose name was destroyed."""
    return Counter(found[0] if (found := MARK.search(text)) else b"" for text in texts)


def head(event: Event) -> bytes:
    """What is recorded of a request's head, without escapes: `\\u00ff` would lend a name its `f`."""
    asked = event.request.http
    fields = [text for field in (*asked.headers, *asked.trailers) for text in field]
    told = (asked.method, asked.target, asked.version, asked.host, *fields)
    return "\n".join(text or "" for text in told).encode("latin-1", "replace")


def test_fuzzed_requests_are_answered_or_closed_and_recorded(tmp_path):
    began = time.monotonic()
    stub, told = asyncio.run(all_of_them(tmp_path))
    assert told["alive"] == 1
    assert told["answered"] + told["closed"] == REQUESTS
    events = calls(tmp_path)
    went_up = marks(stub.heads)
    recorded = marks([head(each) for each in events])
    missing = went_up - recorded
    unnamed = [(stub.follows[each], each) for each in stub.heads if not MARK.search(each)]
    assert not missing, (missing, unnamed if b"" in missing else ())
    assert len(stub.heads) <= len(events)
    kinds = Counter(kind for kind, _ in entries(tmp_path))
    assert kinds.keys() <= {"open", "api", "unknown", "refused", "clock", "heartbeat", "close"}
    for event in events:
        assert not any("decoding failed" in problem for problem in event.call.problems)
    key = Keys.of(tmp_path).signer().verifier
    assert trail_check.check(tmp_path, Trust((key,), "this test"), now=places.clock()).holds
    print(f"{REQUESTS} requests, seed {SEED}: {dict(told)}, {len(stub.heads)} went up, {dict(kinds)}, {time.monotonic() - began:.0f} s")  # fmt: skip
