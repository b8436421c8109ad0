"""What --health answers, over a real socket, while a recorder works and while its disk refuses."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from apitrail.address import Address, listen
from apitrail.errors import UsageError
from apitrail.recording import prompt_http
from apitrail.recording.health import MOST, Health
from apitrail.recording.session import Session, check
from apitrail.recording.settings import Settings
from proxying import AWS, OK, connect, dial, of_intents, recording, request, upstream


async def ask(
    health: Health, path: str, method: str = "GET", field: str = "Host: localhost"
) -> tuple[int, str]:
    async with connect(health.address.port) as peer:
        head = f"{method} {path} HTTP/1.1\r\n{field}\r\nConnection: close\r\n\r\n"
        await peer.send(head.encode())
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
            health = Health.start(session.recorder, session.trail, listen(Address("127.0.0.1", 0)))
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
            assert 'apitrail_commit_seconds_bucket{le="+Inf"} 1.0' in told
            assert number(told, "apitrail_lag_seconds") == 0
            assert await ask(health, "/metrics", "HEAD") == (200, "")
            assert (await ask(health, "/else"))[0] == 404
            await of_intents(session, "PRAGMA query_only = OFF")
            await health.close()

    asyncio.run(scenario())


def test_a_recorder_that_closes_is_not_ready(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with recording(tmp_path) as session:
            health = Health.start(session.recorder, session.trail, listen(Address("127.0.0.1", 0)))
        assert await ask(health, "/readyz") == (503, "the trail is closing\n")
        await health.close()

    asyncio.run(scenario())


def test_connections_that_say_nothing_take_nobody_s_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt_http, "PATIENCE", 0.2)

    async def scenario() -> None:
        async with recording(tmp_path) as session, AsyncExitStack() as stack:
            health = Health.start(session.recorder, session.trail, listen(Address("127.0.0.1", 0)))
            idle = [
                await stack.enter_async_context(connect(health.address.port))
                for _ in range(MOST + 1)
            ]
            await idle[0].send(b"GET /heal")
            assert [await each.rest() for each in idle] == [b""] * len(idle)
            assert await ask(health, "/healthz") == (200, "ok\n")
            await health.close()

    asyncio.run(scenario())


def test_it_listens_on_this_machine_alone(tmp_path: Path) -> None:
    settings = Settings(health=Address("0.0.0.0", 0))
    with pytest.raises(UsageError, match="on this machine alone"):
        asyncio.run(Session.start(tmp_path / "trail", settings))
    assert not (tmp_path / "trail").exists()


def test_a_port_in_use_leaves_nothing(tmp_path: Path) -> None:
    with listen(Address("127.0.0.1", 0)) as taken:
        settings = Settings(health=Address.of(taken))
        for start in (
            lambda trail: asyncio.run(Session.start(trail, settings)),
            lambda trail: check(trail, settings),
        ):
            with pytest.raises(UsageError, match="something listens on") as raised:
                start(tmp_path / "trail")
            assert raised.value.hint == "name another port with --health"
            assert not (tmp_path / "trail").exists()


def test_a_recorder_answers_while_it_runs(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with recording(tmp_path, health=Address("127.0.0.1", 0)) as session:
            assert session.health is not None
            assert session.status()["health"] == f"http://{session.health.address}"
            assert (await ask(session.health, "/readyz"))[0] == 200
        with pytest.raises(ConnectionRefusedError):
            await ask(session.health, "/healthz")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "field", ["Host: evil.example", "Host: localhost\r\nOrigin: http://evil.example"]
)
def test_web_pages_are_not_answered(tmp_path: Path, field: str) -> None:
    async def scenario() -> None:
        async with recording(tmp_path, health=Address("127.0.0.1", 0)) as session:
            assert session.health is not None
            for path in ("/healthz", "/readyz", "/metrics"):
                assert (await ask(session.health, path, field=field))[0] == 403

    asyncio.run(scenario())
