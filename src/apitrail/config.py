"""What lies around the log: the trail's directory, its keys, the clock, the user's settings.

It does not know what is recorded.
"""

from __future__ import annotations

import os
import secrets
import stat
import time
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from apitrail.errors import FormatError, UsageError
from apitrail.tlog import note
from apitrail.trail import durable

CA_CERTIFICATE = "ca-cert.pem"


def clock() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


def default_trail() -> Path:
    """`~/.apitrail`."""
    return Path.home() / ".apitrail"


def directory() -> Path:
    """The user's configuration directory: APITRAIL_CONFIG, else the platform's."""
    if chosen := os.environ.get("APITRAIL_CONFIG"):
        return Path(chosen)
    return Path(platformdirs.user_config_dir("apitrail"))


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets of one trail, each in a file of mode 0600 under `keys/`."""

    directory: Path

    @classmethod
    def of(cls, trail: Path) -> Keys:
        """The keys of the trail in this directory."""
        return cls(trail / "keys")

    def signer(self) -> note.Signer:
        """The log's key, made at the first call; its name is the log's origin."""
        path = self.directory / "log.key"
        if not path.exists():
            origin = f"apitrail/{secrets.token_hex(8)}"
            self._write(path, str(note.Signer.generate(origin, secrets.token_bytes(32))))
        try:
            return note.Signer.parse(self._read(path))
        except FormatError as error:
            raise UsageError(
                f"{str(path)!r} is no signing key: {error}",
                hint="bring it back from a backup, or record to a new trail with --trail",
            ) from error

    def redaction(self) -> bytes:
        """The 32-byte key of the digests that stand for secrets, made at the first call."""
        path = self.directory / "redaction.key"
        if not path.exists():
            self._write(path, secrets.token_bytes(32).hex())
        try:
            key = bytes.fromhex(self._read(path))
        except ValueError:
            key = b""
        if len(key) != 32:
            raise UsageError(
                f"{str(path)!r} is no redaction key", hint="bring it back from a backup"
            )
        return key

    def _write(self, path: Path, text: str) -> None:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        durable.write(path, f"{text}\n".encode(), mode=0o600)

    def _read(self, path: Path) -> str:
        try:
            mode = path.stat().st_mode
            text = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"cannot read {str(path)!r}: {error}") from error
        if stat.S_IMODE(mode) & 0o077:
            raise UsageError(
                f"{str(path)!r} can be read by others (mode {stat.S_IMODE(mode):04o})",
                hint=f"chmod 600 {path}",
            )
        return text


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
