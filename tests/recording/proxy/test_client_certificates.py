"""Operators who show a certificate to the proxy itself: an https proxy, and real clients of one."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import shutil
import socket
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apitrail.event import Event
from apitrail.query import Filter
from apitrail.recording.authority.ca_files import CaFiles
from apitrail.recording.limits import Limits
from apitrail.recording.operators import Operators, fingerprint
from apitrail.trail.reader import Reader
from proxying import (
    AWS,
    OK,
    Authority,
    Peer,
    connect,
    dial,
    recording,
    request,
    tunnel,
    upstream,
)  # fmt: skip

OPEN = ("regular@0.0.0.0:0",)
NOW = dt.datetime.now(dt.UTC)


def certificate(directory: Path, name: str, *, days: int = 1) -> Path:
    """A certificate with its key, signed by itself; it ends in so many days."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=9))
        .not_valid_after(NOW + dt.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    path = directory / f"{name}.pem"
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A constrained CA, made once."""
    trail = tmp_path_factory.mktemp("made")
    CaFiles(trail).ready(NOW)
    return trail


@pytest.fixture
def trail(made, tmp_path):
    trail = tmp_path / "trail"
    shutil.copytree(made / "ca", trail / "ca")
    return trail


async def to_proxy(peer: Peer, trail: Path, shown: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(trail / "ca-cert.pem"))
    if shown is not None:
        context.load_cert_chain(shown)
    await peer.writer.start_tls(context, server_hostname="127.0.0.1")
    return context


def recorded(trail: Path) -> list[str | None]:
    with Reader(trail) as reader:
        events = [Event.parse(reader.facets(index)) for index in reader.select(Filter())]
    return [event.who.operator for event in events if event.who is not None]


def test_a_certificate_lets_its_operator_in_and_stands_in_the_event(trail, tmp_path):
    mary = certificate(tmp_path, "mary")
    Operators.of(trail).add_certified("mary", fingerprint(mary))

    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(trail, modes=OPEN, upstream=stub.url) as session,
            dial(session) as client,
        ):
            await to_proxy(client, trail, mary)
            for _ in range(2):
                await client.send(request(f"http://{AWS}/"))
                assert await client.message() == OK

    asyncio.run(scenario())
    assert recorded(trail) == ["mary", "mary"]


@pytest.mark.parametrize("case", ["none", "a stranger's", "one that has ended", "a removed one's"])
def test_without_a_right_certificate_it_is_407_and_nothing_is_recorded(trail, tmp_path, case):
    operators = Operators.of(trail)
    operators.add_certified("mary", fingerprint(certificate(tmp_path, "mary")))
    ended = certificate(tmp_path, "ended", days=-1)
    operators.add_certified("ended", fingerprint(ended))
    removed = certificate(tmp_path, "removed")
    operators.add_certified("removed", fingerprint(removed))
    operators.remove("removed")
    shown = {
        "none": None,
        "a stranger's": certificate(tmp_path, "stranger"),
        "one that has ended": ended,
        "a removed one's": removed,
    }[case]

    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(trail, modes=OPEN, upstream=stub.url) as session,
        ):
            async with dial(session) as client:
                await to_proxy(client, trail, shown)
                await client.send(request(f"http://{AWS}/"))
                assert (await client.head()).startswith(b"HTTP/1.1 407 ")
            async with dial(session) as client:
                await to_proxy(client, trail, shown)
                assert (await tunnel(client, f"{AWS}:443")).startswith(b"HTTP/1.1 407 ")
            assert stub.seen == []

    asyncio.run(scenario())
    assert recorded(trail) == []


def test_a_secret_goes_through_tls_too(trail):
    secret = Operators.of(trail).add("agent")
    login = base64.b64encode(f"agent:{secret}".encode()).decode()

    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(trail, modes=OPEN, upstream=stub.url) as session,
            dial(session) as client,
        ):
            await to_proxy(client, trail, None)
            shown = [("Proxy-Authorization", f"Basic {login}")]
            await client.send(request(f"http://{AWS}/", headers=shown))
            assert b" 200 " in (await client.message()).partition(b"\r\n")[0]

    asyncio.run(scenario())
    assert recorded(trail) == ["agent"]


async def curl(port: int, trail: Path, shown: Path, *arguments: str) -> bytes:
    """What curl prints, through the https proxy on this port."""
    process = await asyncio.create_subprocess_exec(
        "curl", "-sS", "-m", "20", "--proxy", f"https://127.0.0.1:{port}",
        "--proxy-cacert", str(trail / "ca-cert.pem"), "--proxy-cert", str(shown), *arguments,
        "--aws-sigv4", "aws:amz:eu-west-1:sts", "-u", "AKIAIOSFODNN7EXAMPLE:x",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await process.communicate()
    return out


def test_curl_records_by_tls_within_tls(trail, tmp_path):
    mary = certificate(tmp_path, "mary")
    Operators.of(trail).add_certified("mary", fingerprint(mary))

    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(trail, modes=OPEN, upstream=stub.url) as session,
        ):
            ours = str(trail / "ca-cert.pem")
            port, url = session.listeners[0].port, f"https://{AWS}/"
            assert await curl(port, trail, mary, "--cacert", ours, url, url) == b"okok"

    asyncio.run(scenario())
    assert recorded(trail) == ["mary", "mary"]


def test_what_is_not_recorded_passes_by_tls_within_tls(trail, tmp_path):
    mary = certificate(tmp_path, "mary")
    Operators.of(trail).add_certified("mary", fingerprint(mary))
    theirs = Authority.make(tmp_path, "localhost")

    async def scenario() -> None:
        async with (
            upstream(tls=theirs.server) as stub,
            recording(trail, modes=OPEN, tunnels=("localhost",)) as session,
        ):
            port, url = session.listeners[0].port, f"{stub.url}/"
            assert await curl(port, trail, mary, "--cacert", str(theirs.path), url) == b"ok"

    asyncio.run(scenario())
    assert recorded(trail) == []


def test_a_recorder_behind_another_proxy_asks_for_certificates_too(trail, tmp_path):
    mary = certificate(tmp_path, "mary")
    Operators.of(trail).add_certified("mary", fingerprint(mary))

    async def scenario() -> None:
        async with upstream() as stub:
            mode = f"upstream:http://127.0.0.1:{stub.port}@0.0.0.0:0"
            async with recording(trail, modes=(mode,)) as session:
                port = session.listeners[0].port
                assert await curl(port, trail, mary, f"http://{AWS}/") == b"ok"

    asyncio.run(scenario())
    assert recorded(trail) == ["mary"]


def test_a_session_that_is_resumed_is_still_the_operator_s(trail, tmp_path):
    mary = certificate(tmp_path, "mary")
    Operators.of(trail).add_certified("mary", fingerprint(mary))

    def twice(port: int) -> tuple[bytes, bool | None]:
        context = ssl.create_default_context(cafile=str(trail / "ca-cert.pem"))
        context.load_cert_chain(mary)
        kept: ssl.SSLSession | None = None
        for _ in range(2):
            with (
                socket.create_connection(("127.0.0.1", port), 20) as plain,
                context.wrap_socket(plain, server_hostname="127.0.0.1", session=kept) as secured,
            ):
                secured.sendall(request(f"http://{AWS}/"))
                said, reused, kept = secured.recv(9), secured.session_reused, secured.session
        return said, reused

    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(trail, modes=OPEN, upstream=stub.url) as session,
        ):
            said, reused = await asyncio.to_thread(twice, session.listeners[0].port)
            assert (said, reused) == (b"HTTP/1.1 ", True)

    asyncio.run(scenario())
    assert recorded(trail) == ["mary", "mary"]


@pytest.mark.parametrize("sent", [b"", b"GET http://"])
def test_a_client_that_is_slow_within_tls_is_disconnected(trail, sent):
    async def scenario() -> None:
        limits = Limits(header=0.3, idle=0.3)
        async with recording(trail, limits=limits) as session, dial(session) as client:
            await to_proxy(client, trail, None)
            await client.send(sent)
            assert await client.rest() == b""

    asyncio.run(scenario())


def test_a_client_of_the_loopback_needs_none(trail):
    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(trail, upstream=stub.url) as session,
            connect(session.listeners[0].port) as client,
        ):
            await to_proxy(client, trail, None)
            await client.send(request(f"http://{AWS}/"))
            assert b" 200 " in (await client.message()).partition(b"\r\n")[0]

    asyncio.run(scenario())
    assert recorded(trail) == [None]
