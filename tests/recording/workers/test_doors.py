"""Real sockets that listen, and connections that are handed over."""

from __future__ import annotations

import asyncio
import resource
import socket

import pytest

from apitrail.recording.workers import doors
from apitrail.recording.workers.doors import Door


def test_all_addresses_of_a_host_have_one_port():
    bound = doors.bind("", 0)
    try:
        assert len({each.getsockname()[1] for each in bound}) == 1
        assert len({each.family for each in bound}) == len(bound)
    finally:
        for each in bound:
            each.close()


def test_a_port_in_use_is_an_error_and_leaves_none_open():
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="in use"),
    ):
        doors.bind("127.0.0.1", taken.getsockname()[1])


def test_a_connection_is_handed_over_with_its_numbers():
    hands, end = socket.socketpair()
    ours, client = socket.socketpair()
    with hands, end, ours:
        assert doors.hand(hands, 3, 70_000, client)
        client.close()
        found = doors.handed(end)
        assert found is not None
        door, connection, met = found
        assert (door, connection) == (3, 70_000)
        with met:
            met.sendall(b"hello")
            assert ours.recv(9) == b"hello"
        hands.close()
        assert doors.handed(end) is None


def test_whoever_has_too_many_gets_no_more():
    hands, end = socket.socketpair()
    hands.setblocking(False)
    ours, client = socket.socketpair()
    with hands, end, ours, client:
        # The system lets a process send only so many descriptors that nobody has received.
        assert not all(doors.hand(hands, 1, each, client) for each in range(100_000))


def test_a_door_accepts_from_when_it_is_opened_until_it_is_closed():
    async def scenario() -> None:
        came: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

        async def arrival(number: int, client: socket.socket, address: str) -> None:
            assert client.getsockname()
            await came.put((number, address))

        door = Door(7, "regular", doors.bind("127.0.0.1", 0))
        address = tuple(door.addresses[0])
        with socket.create_connection(address):  # type: ignore[arg-type]
            door.open(arrival)
            assert await came.get() == (7, "127.0.0.1")
        await door.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address)  # type: ignore[arg-type]

    asyncio.run(scenario())


def test_there_is_room_while_there_are_descriptors():
    hands, end = socket.socketpair()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with hands, end:
        assert doors.has_room(end)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (end.fileno(), hard))
            assert not doors.has_room(end)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
