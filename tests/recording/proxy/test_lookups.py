"""Names whose servers do not answer, and who waits for them."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from apitrail import aside
from apitrail.recording.proxy import lookups
from apitrail.recording.proxy.lookups import Lookups
from proxying import AWS, OK, dial, recording, request, upstream

BODY = b"Action=GetCallerIdentity&Version=2011-06-15&Long=" + b"a" * 100_000


class Resolver:
    """The system's, which does not answer about `.stalls.example` before it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go = threading.Event()
        self.asked: list[str] = []
        self._real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self.find)

    def find(self, host: str, *rest: Any) -> list[Any]:
        self.asked.append(host)
        if host.endswith(".stalls.example"):
            self.go.wait(100)
            raise socket.gaierror(socket.EAI_AGAIN, "try again")
        return self._real(host, *rest)


def test_names_that_nobody_answers_for_hold_no_call_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver = Resolver(monkeypatch)
    # More than asyncio has threads for.
    names = [f"{number}.stalls.example" for number in range((os.cpu_count() or 1) + 8)]

    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(tmp_path, upstream=stub.url, workers=0) as session,
            AsyncExitStack() as stack,
        ):
            for name in names:
                peer = await stack.enter_async_context(dial(session))
                await peer.send(f"CONNECT {name}:443 HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
            while not set(names) <= set(resolver.asked):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            async with dial(session) as client:
                # Its upstream is looked up, and its body is read in a thread.
                await client.send(request(f"http://{AWS}/", BODY))
                assert await client.message() == OK
            resolver.go.set()

    asyncio.run(scenario())


def test_a_name_is_looked_up_once_for_all_who_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver(monkeypatch)

    async def scenario() -> list[Any]:
        found = Lookups()
        asked = [asyncio.create_task(found.find("one.stalls.example", 443)) for _ in range(3)]
        while not resolver.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        asked[0].cancel()
        resolver.go.set()
        told = await asyncio.gather(*asked, return_exceptions=True)
        assert await found.find("127.0.0.1", 443)
        return told

    first, *others = asyncio.run(scenario())
    assert isinstance(first, asyncio.CancelledError)
    assert [each.errno for each in others] == [socket.EAI_AGAIN] * 2
    assert resolver.asked == ["one.stalls.example", "127.0.0.1"]


def test_not_too_many_are_looked_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "MOST", 1)
    resolver = Resolver(monkeypatch)

    async def scenario() -> None:
        found = Lookups()
        first = asyncio.create_task(found.find("one.stalls.example", 443))
        second = asyncio.create_task(found.find("127.0.0.1", 443))
        while not resolver.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        assert resolver.asked == ["one.stalls.example"]
        resolver.go.set()
        await asyncio.wait({first})
        assert await second

    asyncio.run(scenario())


def test_what_is_no_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnicodeError):
        asyncio.run(Lookups().find("a" * 64 + ".example", 443))


def test_without_room_for_a_thread_it_fails_as_without_a_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(aside._thread, "start_new_thread", full)
    with pytest.raises(OSError, match="no thread can be started"):
        asyncio.run(Lookups().find("localhost", 443))
