"""The doors of the proxy: what a name stands for is judged once, and hooks that fail stay shut."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import pytest

from apitrail.policy.loading import load
from apitrail.recording.proxy.admission import NAMED, OTHERS, Guard
from apitrail.recording.proxy.destination import Destinations, Tunnels
from proxying import AWS, Done, Peer, dial, recording, request, secure, tunnel, upstream


def test_a_name_is_connected_to_where_it_was_judged(tmp_path, monkeypatch):
    """DNS rebinding: asked again, the name stands for another address."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host, port, *args, **options):
        if host != "rebind.example":
            return real(host, port, *args, **options)
        asked.append(host)
        # Only the first answer is an address that is admitted.
        return real("127.0.0.2" if len(asked) == 1 else "127.0.0.1", port, *args, **options)

    reached: list[str] = []

    async def judged(peer: Peer) -> None:
        reached.append(peer.writer.get_extra_info("sockname")[0])
        await peer.send(
            (await peer.message())[:0] + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        )
        raise Done

    async def scenario() -> None:
        async with recording(tmp_path, tunnels=("127.0.0.2",)) as session:
            stub = await asyncio.start_server(
                lambda reader, writer: judged_at(judged, reader, writer), "0.0.0.0", 0
            )
            port = stub.sockets[0].getsockname()[1]
            monkeypatch.setattr(socket, "getaddrinfo", resolve)
            async with dial(session) as client:
                await client.send(request(f"http://rebind.example:{port}/", host="rebind.example"))
                await client.head()
            stub.close()

    asyncio.run(scenario())
    assert reached == ["127.0.0.2"]


async def judged_at(answer, reader, writer) -> None:
    try:
        await answer(Peer(reader, writer))
    except Done:
        writer.close()


def test_a_client_of_ever_new_names_fills_nothing():
    guard = Guard(Destinations())
    for number in range(NAMED + 50):
        guard.count(f"{number}.example")
    assert len(guard.tunnelled) == NAMED + 1
    assert guard.tunnelled[OTHERS] == 50
    guard.forget(dict(guard.tunnelled))
    guard.count("one.example")
    assert guard.tunnelled == {"one.example": 1}


def test_a_tunnel_is_counted_by_where_it_goes(tmp_path):
    """The name in the client's TLS can be anything."""

    async def hang_up(peer: Peer) -> None:
        await peer.exactly(1)
        raise Done

    async def scenario() -> None:
        async with (
            upstream(hang_up) as stub,
            recording(tmp_path, tunnels=("localhost",)) as session,
            dial(session) as client,
        ):
            await tunnel(client, f"localhost:{stub.port}")
            with pytest.raises((ConnectionError, OSError)):
                await secure(client, tmp_path, "a-lie.example")
            assert dict(session._guard.tunnelled) == {"localhost": 1}

    asyncio.run(scenario())


@pytest.mark.parametrize("sent", ["tls", "bytes"])
def test_a_connection_that_cannot_be_judged_is_cut(tmp_path, monkeypatch, sent):
    def defect(*_):
        raise RuntimeError("nobody expects it")

    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(tmp_path, tunnels=("localhost",)) as session,
            dial(session) as client,
        ):
            await tunnel(client, f"localhost:{stub.port}")
            monkeypatch.setattr(Destinations, "intercepts", defect)
            if sent == "tls":
                await secure(client, tmp_path, AWS)  # looked into, rather than let through
                monkeypatch.undo()
                await client.send(request(host="localhost"))
                assert (await client.head())[9:12] == b"502"
            else:
                await client.send(b"\x00\x01\x02\x03secret")
                assert await client.rest() == b""
            assert stub.connections == 0

    asyncio.run(scenario())


def test_under_a_guard_nothing_passes_unread_but_to_what_is_listed(tmp_path):
    guard = Guard(
        Destinations(tunnels=Tunnels.parse(["*.internal", "192.0.2.0/24"])), listed_only=True
    )
    assert guard.shut("registry.internal") is None
    assert guard.shut("192.0.2.7") is None
    assert guard.shut("mirror.example", [ipaddress.ip_address("192.0.2.7")]) is None
    assert "is not listed" in (guard.shut("mirror.example") or "")
    assert Guard(Destinations()).shut("mirror.example") is None

    async def scenario() -> bytes:
        guards = load(["read-only"], {})
        async with recording(tmp_path, guards=guards) as session, dial(session) as client:
            return await tunnel(client, "192.0.2.7:443")

    assert asyncio.run(scenario()).startswith(b"HTTP/1.1 403")
