"""The upstream of a benchmark: nginx, which answers every call alike, over HTTP and over TLS.

Without nginx the answers come from a server of our own, which only speaks HTTP.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from benchmarks.loading import ITEM
from benchmarks.server import free_port, running

ANSWER = (
    b"HTTP/1.1 200 OK\r\nx-amzn-RequestId: A1B2C3\r\nContent-Type: application/x-amz-json-1.0\r\n"
    b"Content-Length: %d\r\n\r\n" % len(ITEM)
) + ITEM


@dataclass(frozen=True, slots=True)
class Upstream:
    """Its port for HTTP, and that for TLS with the certificate that it shows."""

    plain: int
    tls: int | None = None
    certificate: Path | None = None


@contextmanager
def started(directory: Path) -> Iterator[Upstream]:
    """Run it."""
    nginx, plain, tls = shutil.which("nginx"), free_port(), free_port()
    if nginx is None:
        with running(plain, sys.executable, "-m", "benchmarks.upstream", str(plain)):
            yield Upstream(plain)
        return
    certificate, key = _certificate(directory)
    config = directory / "nginx.conf"
    config.write_text(_config(directory, plain, tls, certificate, key))
    with running(plain, nginx, "-c", str(config), "-e", str(directory / "nginx.log")):
        yield Upstream(plain, tls, certificate)


def _config(directory: Path, plain: int, tls: int, certificate: Path, key: Path) -> str:
    kept = " ".join(
        f"{name}_temp_path {directory / name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
daemon off; worker_processes 1; pid {directory / "nginx.pid"};
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; {kept}
  server {{
    listen 127.0.0.1:{plain}; listen 127.0.0.1:{tls} ssl;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    location / {{
      default_type application/x-amz-json-1.0; add_header x-amzn-RequestId A1B2C3;
      return 200 '{ITEM.decode()}';
    }}
  }}
}}
"""


def _certificate(directory: Path) -> tuple[Path, Path]:
    """Of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "benchmark")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    shown, secret = directory / "upstream.pem", directory / "upstream.key"
    shown.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )  # fmt: skip
    return shown, secret


class Answers(asyncio.Protocol):
    """Answers every call alike."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._left = transport, 0

    def data_received(self, data: bytes) -> None:
        # Calls are all of one size, but a proxy may write head and body apart.
        self._left += data.count(b"\r\n\r\n")
        if data.endswith(b"}") and self._left:
            self._transport.write(ANSWER * self._left)
            self._left = 0


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Answers, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
