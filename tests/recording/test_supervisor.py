"""What systemd hears, over real datagram sockets."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from apitrail.recording.supervisor import Supervisor


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[socket.socket]:
    """As systemd listens; `address_of` names it."""
    name = f"\0apitrail-{secrets.token_hex(8)}" if request.param == "abstract" else tmp_path / "n"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.settimeout(20)
        bound.bind(name if isinstance(name, str) else str(name))
        yield bound


def address_of(listener: socket.socket) -> str:
    name = listener.getsockname()
    return f"@{name[1:].decode()}" if isinstance(name, bytes) else str(name)


def test_it_hears_that_the_recorder_is_ready_and_that_it_stops(listener: socket.socket) -> None:
    supervisor = Supervisor(address_of(listener))
    supervisor.ready("recording on 127.0.0.1:8080")
    assert listener.recv(1000) == b"READY=1\nSTATUS=recording on 127.0.0.1:8080"
    supervisor.stopping("two\nlines")
    assert listener.recv(1000) == b"STOPPING=1\nSTATUS=two lines"


def test_it_hears_again_and_again_that_the_event_loop_turns(listener: socket.socket) -> None:
    async def scenario() -> None:
        watched = asyncio.create_task(Supervisor(address_of(listener), 0.01).watched(lambda: True))
        for _ in range(3):
            assert await asyncio.to_thread(listener.recv, 1000) == b"WATCHDOG=1"
        watched.cancel()

    asyncio.run(scenario())


def test_it_does_not_hear_of_a_recorder_whose_workers_are_dead(listener: socket.socket) -> None:
    alive = iter((False, False, True))
    asked: list[bool] = []

    def answers() -> bool:
        asked.append(next(alive))
        return asked[-1]

    async def scenario() -> None:
        watched = asyncio.create_task(Supervisor(address_of(listener), 0.01).watched(answers))
        assert await asyncio.to_thread(listener.recv, 1000) == b"WATCHDOG=1"
        watched.cancel()

    asyncio.run(scenario())
    assert asked == [False, False, True]


def test_children_do_not_inherit_whom_to_tell() -> None:
    environment = {
        "NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7", "PATH": "/bin",
    }  # fmt: skip
    assert Supervisor.taken_from(environment, 7) == Supervisor("@x", 30.0)
    assert environment == {"PATH": "/bin"}


@pytest.mark.parametrize(
    "watchdog",
    [
        {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "8"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "0"},
        {},
    ],
)
def test_a_watchdog_that_is_not_ours_is_not_fed(watchdog: dict[str, str]) -> None:
    assert Supervisor.taken_from({"NOTIFY_SOCKET": "@x", **watchdog}, 7).watchdog is None


@pytest.mark.parametrize(
    "address",
    [
        None,
        "/nowhere/notify",
        "@nobody-listens-here",
        "vsock:2:1",
        "/" + "x" * 200,
        "@a\0b",
        "/a\0b",
    ],
)
def test_a_recorder_goes_on_where_nobody_listens(address: str | None) -> None:
    supervisor = Supervisor(address, 1.0)
    supervisor.ready("recording")
    supervisor.stopping("done")


def test_a_supervisor_that_does_not_read_keeps_the_event_loop_turning(
    listener: socket.socket,
) -> None:
    supervisor = Supervisor(address_of(listener), 1e-6)

    async def scenario() -> None:
        watched = asyncio.create_task(supervisor.watched(lambda: True))
        for _ in range(3000):  # far more than a socket holds
            await asyncio.sleep(0)
        watched.cancel()

    asyncio.run(scenario())
    assert listener.recv(1000) == b"WATCHDOG=1"
