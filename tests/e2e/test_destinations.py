"""Where the recorder connects to, what it looks into, and what it lets alone."""

from __future__ import annotations

import asyncio
import socket
import ssl

import pytest

from proxying import (
    AWS,
    OK,
    Authority,
    Done,
    Peer,
    calls,
    dial,
    entries,
    recording,
    request,
    secure,
    tunnel,
    upstream,
)  # fmt: skip

# Spellings of this machine and of the metadata service.
FORBIDDEN = [
    "127.0.0.1", "127.1", "2130706433", "0177.0.0.1", "0x7f000001", "0.0.0.0", "localhost",
    "[::1]", "[::ffff:127.0.0.1]", "[::]", "169.254.169.254", "2852039166", "10.0.0.1",
    "192.168.0.1", "[fd00:ec2::254]", "[64:ff9b::7f00:1]", "x" * 70, "a..b",
]  # fmt: skip


@pytest.fixture
def trail(tmp_path):
    return tmp_path / "trail"


def test_nothing_private_is_connected_to(trail):
    async def scenario() -> None:
        async with upstream() as stub, recording(trail) as session:
            for host in FORBIDDEN:
                async with dial(session) as client:
                    answer = await tunnel(client, f"{host}:{stub.port}")
                    assert answer[9:12] in (b"403", b"400", b"502"), (host, answer)
                async with dial(session) as client:
                    url = f"http://{host}:{stub.port}/latest/meta-data"
                    await client.send(request(url, b"", method="GET", host="x.example"))
                    assert (await client.head())[9:12] in (b"502", b"400", b"403"), host
            assert stub.connections == 0

    asyncio.run(scenario())
    assert calls(trail) == []


def test_a_forged_host_opens_nothing(trail):
    async def scenario() -> None:
        async with upstream() as stub, recording(trail) as session, dial(session) as client:
            sent = request(f"http://127.0.0.1:{stub.port}/", host=AWS)
            await client.send(sent)
            assert (await client.head())[9:12] == b"502"
            assert stub.connections == 0

    asyncio.run(scenario())


def test_the_proxy_does_not_connect_to_itself(trail):
    async def scenario() -> None:
        async with recording(trail) as session:
            port = session.listeners[0].port
            async with dial(session) as client:
                assert (await tunnel(client, f"127.0.0.1:{port}"))[9:12] == b"403"
            async with dial(session) as client:
                await client.send(request("/", b"", method="GET", host=f"127.0.0.1:{port}"))
                assert (await client.head())[9:12] in (b"400", b"502")

    asyncio.run(scenario())


def test_a_reverse_listener_is_no_open_relay(trail):
    async def scenario() -> None:
        async with (
            upstream() as stub,
            upstream(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother") as other,
            recording(trail, modes=(f"reverse:{stub.url}@127.0.0.1:0",)) as session,
        ):
            async with dial(session) as client:
                await client.send(request(f"http://127.0.0.1:{other.port}/x"))
                await client.head()
            async with dial(session) as client:
                assert (await tunnel(client, f"127.0.0.1:{other.port}"))[9:12] != b"200"
            async with dial(session) as client:  # the client's Host is data
                await client.send(request(host=f"127.0.0.1:{other.port}"))
                assert await client.message() == OK
            assert other.connections == 0

    asyncio.run(scenario())


@pytest.mark.parametrize("admitted", ["127.0.0.0/8", "localhost", "*host"])
def test_an_admitted_host_is_tunnelled_untouched(trail, tmp_path, admitted):
    authority = Authority.make(tmp_path, "localhost")

    async def scenario() -> None:
        async with (
            upstream(tls=authority.server) as stub,
            recording(trail, tunnels=(admitted,)) as session,
            dial(session) as client,
        ):
            assert (await tunnel(client, f"localhost:{stub.port}"))[9:12] == b"200"
            # The server's own certificate, not one of ours.
            context = ssl.create_default_context(cafile=str(authority.path))
            await client.writer.start_tls(context, server_hostname="localhost")
            await client.send(request(host="localhost"))
            assert await client.message() == OK
            await session._heartbeat({})

    asyncio.run(scenario())
    assert calls(trail) == []
    heartbeat = next(event for kind, event in entries(trail) if kind == "heartbeat")
    assert heartbeat.what.rest["tunnelled"] == {"localhost": 1}


def test_a_plain_request_to_an_admitted_host_passes(trail):
    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(trail, tunnels=("localhost",)) as session,
            dial(session) as client,
        ):
            for _ in range(3):
                await client.send(request(f"http://localhost:{stub.port}/", host="localhost"))
                assert await client.message() == OK
            assert stub.connections == 1  # pinned to an address, yet found again by name

    asyncio.run(scenario())
    assert calls(trail) == []


def test_bytes_that_are_no_http_do_not_reach_aws(trail):
    """A resolver is not needed: the connection is cut before one would be made."""

    async def scenario() -> None:
        async with recording(trail) as session:
            for hidden in (b"\x00\x01\x02\x03secret", b"SSH-2.0-x\r\n", b"EHLO\r\n"):
                async with dial(session) as client:
                    assert (await tunnel(client, f"{AWS}:443"))[9:12] == b"200"
                    await client.send(hidden)
                    assert await client.rest() == b""

    asyncio.run(scenario())
    assert calls(trail) == []


def test_bytes_that_are_no_http_do_not_reach_an_upstream(trail):
    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(trail, upstream=stub.url) as session,
            dial(session) as client,
        ):
            await tunnel(client, f"localhost:{stub.port}")
            await client.send(b"\x00\x01\x02\x03secret")
            assert await client.rest() == b""
            assert stub.connections == 0

    asyncio.run(scenario())


def test_bytes_that_are_no_http_pass_to_an_admitted_host(trail):
    async def greet(peer: Peer) -> None:
        assert await peer.exactly(4) == b"\x00ABC"
        await peer.send(b"\x00DEF")
        raise Done

    async def scenario() -> None:
        async with (
            upstream(greet) as stub,
            recording(trail, tunnels=("localhost",)) as session,
            dial(session) as client,
        ):
            await tunnel(client, f"localhost:{stub.port}")
            await client.send(b"\x00ABC")
            assert await client.exactly(4) == b"\x00DEF"

    asyncio.run(scenario())


def test_tls_without_a_server_name_is_looked_into(trail):
    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(trail, upstream=stub.url) as session,
            dial(session) as client,
        ):
            await tunnel(client, f"{AWS}:443")
            await secure(client, trail, None)
            await client.send(request())
            assert await client.message() == OK

    asyncio.run(scenario())
    assert len(calls(trail)) == 1


@pytest.mark.parametrize(
    "sent",
    [
        request(headers=[("Host", "other.example")]),
        request(headers=[("X-A", "1\r\n folded")]),
        request(headers=[("Transfer-Encoding", "chunked")]),
        request(headers=[("Content-Length", "1")]),
        request(headers=[("Transfer-Encoding", "xchunked")]),
        request(headers=[("X-A ", "1")]),
    ],
)
def test_a_request_that_can_be_read_in_two_ways_is_refused(trail, sent):
    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(trail, upstream=stub.url) as session,
            dial(session) as client,
        ):
            await tunnel(client, f"{AWS}:443")
            await secure(client, trail)
            await client.send(sent)
            assert (await client.head())[9:12] == b"400"
            assert stub.seen == []

    asyncio.run(scenario())


def test_listeners_without_a_host_are_on_the_loopback(trail):
    async def scenario() -> None:
        async with upstream() as stub:
            reverse = f"reverse:{stub.url}@0"
            async with recording(trail, modes=("regular@0", reverse, reverse)) as session:
                assert [item.host for item in session.listeners] == ["127.0.0.1"] * 3
                assert len({item.port for item in session.listeners}) == 3

    asyncio.run(scenario())


def test_a_reverse_listener_and_its_upstream_have_names_of_their_own(trail, tmp_path):
    authority = Authority.make(tmp_path, "localhost")

    async def scenario() -> None:
        async with (
            upstream(tls=authority.server) as stub,
            recording(
                trail,
                modes=(f"reverse:{stub.url}@127.0.0.1:0",),
                settings={"ssl_verify_upstream_trusted_ca": str(authority.path)},
            ) as session,
            dial(session) as client,
        ):
            await secure(client, trail, "recorder.example")
            await client.send(request())
            assert await client.message() == OK

    asyncio.run(scenario())
    assert len(calls(trail)) == 1


def test_a_corporate_proxys_credentials_go_to_it_alone(trail):
    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(
                trail,
                modes=(f"reverse:{stub.url}@127.0.0.1:0",),
                settings={"upstream_auth": "john:password"},
            ) as session,
            dial(session) as client,
        ):
            await client.send(request())
            assert await client.message() == OK
            assert stub.seen == [request()]

    asyncio.run(scenario())


def test_a_chain_of_proxies_gets_its_credentials(trail):
    """The second proxy is played by the stub: it hears CONNECT, then the call itself."""
    heard = []

    async def proxy(peer: Peer) -> None:
        heard.append(await peer.head())
        await peer.send(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        raise Done

    async def scenario() -> None:
        async with (
            upstream(proxy) as stub,
            recording(
                trail,
                modes=(f"upstream:{stub.url}@127.0.0.1:0",),
                settings={"upstream_auth": "john:password"},
            ) as session,
            dial(session) as client,
        ):
            await tunnel(client, f"{AWS}:443")
            await secure(client, trail)
            await client.send(request())
            assert (await client.head())[9:12] == b"502"

    asyncio.run(scenario())
    assert heard[0].startswith(f"CONNECT {AWS}:443".encode())
    assert b"Proxy-Authorization: Basic am9objpwYXNzd29yZA==" in heard[0]
    assert len(calls(trail)) == 1
    assert b"am9objpwYXNzd29yZA" not in (trail / "trail.db").read_bytes()


@pytest.mark.parametrize(
    "name", ["oidc.eks.eu-west-1.amazonaws.com", "b-1.x.kafka.us-east-1.amazonaws.com"]
)
def test_a_name_whose_certificate_is_the_point_is_let_through(tmp_path, monkeypatch, name):
    real = socket.getaddrinfo

    def resolve(host, port, *args, **options):
        return real("127.0.0.1" if host == name else host, port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    authority = Authority.make(tmp_path, name)

    async def scenario() -> None:
        async with (
            upstream(OK, tls=authority.server) as stub,
            recording(tmp_path / "trail", tunnels=(name,)) as session,
            dial(session) as client,
        ):
            assert b" 200 " in await tunnel(client, f"{name}:{stub.port}")
            # The server's own certificate is seen, and nothing of what is said.
            trusting = ssl.create_default_context(cafile=str(authority.path))
            await client.writer.start_tls(trusting, server_hostname=name)
            await client.send(request(host=name))
            assert await client.message() == OK
            assert session.status()["passed"] == [name]

    asyncio.run(scenario())
    assert calls(tmp_path / "trail") == []


def test_a_private_name_of_a_broker_is_no_vpc_endpoint(trail):
    async def scenario() -> None:
        async with recording(trail) as session, dial(session) as client:
            answer = await tunnel(client, "b-1.x.kafka.us-east-1.amazonaws.com:443")
            assert answer[9:12] == b"403"

    asyncio.run(scenario())
