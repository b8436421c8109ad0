"""CA bundles: the store a client would have used, and our CA beside it."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from apitrail import durable
from apitrail.errors import UsageError
from apitrail.places import CA_CERTIFICATE, host_certificate


@dataclass(frozen=True, slots=True)
class Bundles:
    """Bundles kept in the trail's `ca/` directory, one for each store they extend.

    `hosts` are called through the proxy beside AWS: the CA may have a certificate for each.
    """

    trail: Path
    hosts: tuple[str, ...] = ()

    def path(self, store: str | None) -> str:
        """The path of a bundle with our CA and `store` (the system's where None)."""
        content = read(store)
        for ours in self._ours():
            if ours not in content:
                content = content.rstrip() + b"\n" + ours
        name = f"bundle-{hashlib.sha256(content).hexdigest()[:16]}.pem"
        path = self.trail / "ca" / name
        if not path.exists():
            durable.write(path, content, mode=0o644)
        return str(path.absolute())

    def _ours(self) -> Iterator[bytes]:
        yield (self.trail / CA_CERTIFICATE).read_bytes()
        for path in (host_certificate(self.trail, host) for host in self.hosts):
            if path.exists():
                yield path.read_bytes()


def read(store: str | None) -> bytes:
    """The certificates in `store`, a file or a directory (the system's where None).

    Raises:
        UsageError: it cannot be read.
    """
    path = Path(store).expanduser() if store else _system_store()
    try:
        return _of_directory(path) if path.is_dir() else path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read the CA bundle {str(path)!r}: {error.strerror}",
            hint="correct or unset the variable that names it (AWS_CA_BUNDLE, SSL_CERT_FILE …)",
        ) from error


def _of_directory(path: Path) -> bytes:
    """Every certificate of a directory once; `c_rehash` leaves a link beside each file."""
    files = sorted({each.resolve() for each in path.iterdir() if each.is_file()})
    found = (each.read_bytes() for each in files)
    return b"\n".join(data.strip() for data in found if b"-----BEGIN CERTIFICATE-----" in data)


def _system_store() -> Path:
    paths = ssl.get_default_verify_paths()
    if paths.cafile and Path(paths.cafile).is_file():
        return Path(paths.cafile)
    import certifi

    return Path(certifi.where())
