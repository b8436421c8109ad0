"""A timestamping authority: OpenSSL's, behind a port of this machine."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import witnessing

OPENSSL = shutil.which("openssl")

CONFIG = """
[tsa]
serial = {folder}/serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
ess_cert_id_alg = sha256
ordering = no
tsa_name = no
ess_cert_id_chain = no
"""


@dataclass
class Authority:
    """An authority whose files are in `folder`; `tamper` is what it does to its answers."""

    folder: Path
    broken: bytes | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        now = dt.datetime.now(dt.UTC)
        ca_key, key = (
            ec.generate_private_key(ec.SECP256R1()),
            ec.generate_private_key(ec.SECP256R1()),
        )
        root = _certificate("Test CA", "Test CA", ca_key.public_key(), ca_key, now, is_ca=True)
        own = _certificate("Test TSA", "Test CA", key.public_key(), ca_key, now, is_ca=False)
        for name, certificate in (("ca.pem", root), ("tsa.pem", own)):
            (self.folder / name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (self.folder / "tsa.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )  # fmt: skip
        (self.folder / "serial").write_text("01\n")
        (self.folder / "tsa.cnf").write_text(CONFIG.format(folder=self.folder))

    @property
    def roots(self) -> Path:
        return self.folder / "ca.pem"

    def reply(self, query: bytes) -> bytes:
        """The answer to a query."""
        (self.folder / "query").write_bytes(query)
        subprocess.run(
            ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-section", "tsa", "-queryfile", "query",
             "-signer", "tsa.pem", "-inkey", "tsa.key", "-out", "reply"],
            cwd=self.folder, check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        return (self.folder / "reply").read_bytes()


def _certificate(subject, issuer, public, signer, now, *, is_ca):
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if not is_ca:
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signer, hashes.SHA256())


@contextmanager
def serving(authority: Authority) -> Iterator[str]:
    """The authority's URL."""

    async def stamp(request: Request) -> Response:
        assert request.headers["content-type"] == "application/timestamp-query"
        body = await request.body()
        data = authority.broken
        if data is None:
            data = await run_in_threadpool(authority.reply, body)
        return Response(data, media_type="application/timestamp-reply")

    app = Starlette(routes=[Route("/tsr", stamp, methods=["POST"])])
    with witnessing.serving(app) as url:
        yield f"{url}tsr"
