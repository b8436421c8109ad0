"""What lies around the log: the trail's directory, the clock, the user's settings."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import time
from pathlib import Path

import platformdirs

from apitrail.errors import UsageError

CA_CERTIFICATE = "ca-cert.pem"
HOST_CERTIFICATE = "also-{}.pem"
_CONFIGURATION = "config.toml"


def clock() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


def steady() -> int:
    """Milliseconds of a clock that nobody sets, from some moment on."""
    return time.monotonic_ns() // 1_000_000


def public_name(kind: str) -> str:
    """A name like a URL without its scheme, as C2SP asks for: HOST/KIND/RANDOM.

    This machine is asked for its own name, and no server for a longer one: that can take seconds.
    """
    allowed = "".join(
        c if c.isascii() and (c.isalnum() or c in ".-") else "-" for c in socket.gethostname()
    )
    return f"{allowed[:100].lower() or 'localhost'}/{kind}/{secrets.token_hex(8)}"


def host_certificate(trail: Path, host: str) -> Path:
    """Where a certificate of the trail's CA for a host outside of its constraints is."""
    digest = hashlib.sha256(host.encode()).hexdigest()[:16]
    return trail / "ca" / HOST_CERTIFICATE.format(digest)


def default_trail() -> Path:
    """`~/.apitrail`."""
    return Path.home() / ".apitrail"


def directory() -> Path:
    """The user's configuration directory: APITRAIL_CONFIG, else the platform's."""
    if chosen := os.environ.get("APITRAIL_CONFIG"):
        return Path(chosen)
    return Path(platformdirs.user_config_dir("apitrail"))


def configuration(named: Path | None) -> Path:
    """The configuration file: the one that is named, else the user's own."""
    return named if named is not None else directory() / _CONFIGURATION


def make_directory(trail: Path) -> None:
    """Make a trail's directory, mode 0700.

    Raises:
        UsageError: something else is there, or it cannot be made.
    """
    try:
        trail.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"cannot make a trail at {str(trail)!r}: {error.strerror}",
            hint="name a directory with --trail",
        ) from error
