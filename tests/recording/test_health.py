"""What --health answers, over a real socket, while a recorder works and while its disk refuses."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from apitrail.address import Address
from apitrail.errors import UsageError
from apitrail.recording.health import Health
from proxying import AWS, OK, connect, dial, of_intents, recording, request, upstream


async def ask(health: Health, path: str, method: str = "GET") -> tuple[int, str]:
    async with connect(health.address.port) as peer:
        await peer.send(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        head, _, body = (await peer.rest()).partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


def number(text: str, name: str) -> float:
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found is not None
    return float(found[1])


def test_it_tells_what_was_recorded_and_what_was_refused(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(tmp_path, upstream=stub.url) as session,
            dial(session) as client,
        ):
            health = await Health.start(session.recorder, Address("127.0.0.1", 0))
            await client.send(request(f"http://{AWS}/"))
            assert await client.message() == OK
            assert await ask(health, "/healthz") == (200, "ok\n")
            assert await ask(health, "/readyz") == (200, "ok\n")
            await of_intents(session, "PRAGMA query_only = ON")
            await client.send(request(f"http://{AWS}/"))
            assert (await client.message()).startswith(b"HTTP/1.1 503 ")
            status, told = await ask(health, "/metrics")
            assert status == 200
            for name, value in (("calls_total", 1), ("refused_total", 1), ("in_flight", 0)):
                assert number(told, f"apitrail_{name}") == value
            assert number(told, "apitrail_commit_seconds_count") == 1
            assert number(told, "apitrail_commit_seconds_sum") > 0
            assert await ask(health, "/metrics", "HEAD") == (200, "")
            assert (await ask(health, "/else"))[0] == 404
            await of_intents(session, "PRAGMA query_only = OFF")
            await health.close()

    asyncio.run(scenario())


def test_a_recorder_that_closes_is_not_ready(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with recording(tmp_path) as session:
            health = await Health.start(session.recorder, Address("127.0.0.1", 0))
        assert await ask(health, "/readyz") == (503, "the trail is closing\n")
        await health.close()

    asyncio.run(scenario())


def test_it_listens_on_this_machine_alone(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with recording(tmp_path) as session:
            with pytest.raises(UsageError, match="on this machine alone"):
                await Health.start(session.recorder, Address("0.0.0.0", 0))

    asyncio.run(scenario())
