"""A real recorder, a raw upstream that answers byte by byte, and raw clients, on real sockets.

It knows no test; every wait ends in seconds.
"""

from __future__ import annotations

import asyncio
import atexit
import datetime as dt
import json
import os
import shutil
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from mitmproxy.certs import CertStore

from apitrail import codec
from apitrail.event import Event, dump
from apitrail.recording.session import Session
from apitrail.recording.settings import Settings
from apitrail.trail.reader import Reader

AWS = "sts.eu-west-1.amazonaws.com"
S3 = "s3.eu-west-1.amazonaws.com"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
KEY = "AKIAIOSFODNN7EXAMPLE"
FORM = "application/x-www-form-urlencoded; charset=utf-8"


@dataclass
class Peer:
    """One end of a connection; `patience` is how many seconds it waits for what must come."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    patience: float = 20

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def head(self) -> bytes:
        """Everything up to the first empty line, that included."""
        async with asyncio.timeout(self.patience):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def exactly(self, count: int) -> bytes:
        async with asyncio.timeout(self.patience):
            return await self.reader.readexactly(count)

    async def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        async with asyncio.timeout(self.patience):
            return await self.reader.read()

    async def chunks(self) -> bytes:
        """A chunked body as it is on the wire, its trailer included."""
        wire = b""
        async with asyncio.timeout(self.patience):
            while True:
                line = await self.reader.readuntil(b"\r\n")
                wire += line
                if size := int(line.split(b";")[0], 16):
                    wire += await self.reader.readexactly(size + 2)
                    continue
                while (line := await self.reader.readuntil(b"\r\n")) != b"\r\n":
                    wire += line
                return wire + line

    async def message(self) -> bytes:
        """A message as it is on the wire, by its framing."""
        head = await self.head()
        fields = header_lines(head)
        if b"chunked" in fields.get(b"transfer-encoding", b""):
            return head + await self.chunks()
        return head + await self.exactly(int(fields.get(b"content-length", b"0")))

    def reset(self) -> None:
        """End the connection with a reset rather than an end."""
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError, ssl.SSLError, TimeoutError):
            # asyncio forgets some connections that ended while TLS did.
            async with asyncio.timeout(5):
                await self.writer.wait_closed()


def header_lines(head: bytes) -> dict[bytes, bytes]:
    lines = head.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return {n.strip().lower(): v.strip() for n, _, v in (line.partition(b":") for line in lines)}


type Answer = Callable[[Peer], Awaitable[None]]


@dataclass
class Upstream:
    """Answers each request with the next of `answers` (the last for ever), keeps what it saw."""

    answers: list[bytes | Answer] = field(default_factory=lambda: [OK])
    seen: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    tls: bool = False

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://localhost:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        peer = Peer(reader, writer)
        try:
            while True:
                answer = self.answers[0]
                if callable(answer):
                    self._next()
                    await answer(peer)
                    continue
                self.seen.append(await peer.message())
                self._next()
                await peer.send(answer)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError, Done):
            pass
        finally:
            writer.close()

    def _next(self) -> None:
        if len(self.answers) > 1:
            self.answers.pop(0)


class Done(Exception):  # noqa: N818 - it is no error
    """Raised by an answer that ends its connection."""


@asynccontextmanager
async def upstream(
    *answers: bytes | Answer, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Upstream]:
    """A server on a free port of the loopback."""
    stub = Upstream(list(answers) or [OK], tls=tls is not None)
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0, ssl=tls)
    stub.port = server.sockets[0].getsockname()[1]
    try:
        yield stub
    finally:
        server.close()


@asynccontextmanager
async def recording(trail: Path, **settings: Any) -> AsyncIterator[Session]:
    """A recorder on a free port, stopped at the end."""
    settings.setdefault("modes", ("regular@127.0.0.1:0",))
    settings.setdefault("workers", int(os.environ.get("LAYOUT", "0")))
    trail.mkdir(parents=True, exist_ok=True)
    if not (trail / "ca").exists():
        shutil.copytree(_authority(), trail / "ca")
    session = await Session.start(trail, Settings(**settings))
    try:
        yield session
    finally:
        await session.stop("the test ended")


@cache
def _authority() -> Path:
    """A CA as mitmproxy makes it, made once: that takes longer than most tests."""
    directory = Path(tempfile.mkdtemp(prefix="apitrail-test-ca-"))
    atexit.register(shutil.rmtree, directory)
    CertStore.create_store(directory, "mitmproxy", 2048)
    return directory


@asynccontextmanager
async def dial(session: Session, number: int = 0) -> AsyncIterator[Peer]:
    """A connection to one of a recorder's listeners."""
    # A worker has yet to load what its first call needs.
    patience = 100 if session.settings.workers else 20
    async with connect(session.listeners[number].port, patience) as peer:
        yield peer


@asynccontextmanager
async def connect(port: int, patience: float = 20) -> AsyncIterator[Peer]:
    peer = Peer(*await asyncio.open_connection("127.0.0.1", port), patience)
    try:
        yield peer
    finally:
        await peer.close()


async def tunnel(peer: Peer, target: str, headers: bytes = b"") -> bytes:
    """Ask for a tunnel; gives the answer's head."""
    await peer.send(b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (target.encode(), target.encode(), headers))  # fmt: skip
    return await peer.head()


async def secure(peer: Peer, trail: Path, name: str | None = AWS, *alpn: str) -> ssl.SSLObject:
    """TLS towards the recorder, whose certificate must be good for `name`."""
    context = ssl.create_default_context(cafile=str(trail / "ca-cert.pem"))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if name is None:
        context.check_hostname = False
    await peer.writer.start_tls(context, server_hostname=name)
    tls: ssl.SSLObject = peer.writer.get_extra_info("ssl_object")
    return tls


def request(
    target: str = "/",
    body: bytes = b"Action=GetCallerIdentity&Version=2011-06-15",
    *,
    method: str = "POST",
    host: str = AWS,
    headers: Iterable[tuple[str, str]] = (),
) -> bytes:
    """A call as an SDK writes it; to a proxy where `target` is a URL."""
    fields = [("Host", host), ("Authorization", authorization(host.partition(".")[0]))]
    fields += [("Content-Type", FORM), ("Content-Length", str(len(body)))] if body else []
    lines = [f"{name}: {value}" for name, value in (*fields, *headers)]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode("latin-1") + body


def authorization(service: str = "sts") -> str:
    """A signature by a key that nobody knows the secret of."""
    scope = f"{KEY}/20261123/eu-west-1/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature={'ab' * 32}"


def put(body: bytes, headers: Iterable[tuple[str, str]] = ()) -> bytes:
    """An S3 upload."""
    return request("/bucket/key", body, method="PUT", host=S3, headers=headers)


async def of_intents(session: Session, sql: str) -> None:
    """Run a statement on the database of intents, in the thread that owns it."""
    appender = session.trail._appender
    await session.trail._run(lambda: appender._pending._connection.execute(sql).fetchall())


# -- what is in a trail -----------------------------------------------------------------------


def entries(trail: Path) -> list[tuple[str, Event]]:
    """Kind and content of every entry."""
    with Reader(trail) as reader:
        found = [reader.entry(index) for index in range(reader.size)]
        return [
            (link.kind, Event.parse(reader.facets(index)))
            for index, link in enumerate(found)
            if link is not None
        ]


def calls(trail: Path) -> list[Event]:
    """The calls, whatever their outcome."""
    return [event for kind, event in entries(trail) if kind in ("api", "unknown", "denied")]


def kinds(trail: Path) -> list[str]:
    return [kind for kind, _ in entries(trail)]


def http(event: Event, side: str = "request") -> Mapping[str, Any]:
    """What is kept of one message."""
    found: Mapping[str, Any] = json.loads(dump(codec.encode(getattr(event, side).http)))
    return found


def call(event: Event) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(dump(codec.encode(event.call)))
    return found


# -- certificates -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Authority:
    """A CA of the test's own and a server context with its certificate."""

    path: Path
    server: ssl.SSLContext

    @classmethod
    def make(cls, directory: Path, *names: str, alpn: tuple[str, ...] = ()) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        now = dt.datetime.now(dt.UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False
            )
            .sign(key, hashes.SHA256())
        )
        path = directory / "test-ca.pem"
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        path.write_bytes(pem)
        both = directory / "test-ca-key.pem"
        both.write_bytes(
            pem
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return cls(path, context)
