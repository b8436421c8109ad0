"""The secrets of one trail, each in a file of mode 0600 under `keys/`."""

from __future__ import annotations

import secrets
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from apitrail import durable, places, private_file
from apitrail.errors import FormatError, UsageError
from apitrail.tlog import note
from apitrail.trail import database

LOG = "log.key"
# A key that is to follow the log's. It counts once the newest checkpoint is signed by it.
NEXT = "log.key.next"
REDACTION = "redaction.key"


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys in a directory."""

    directory: Path

    @classmethod
    def of(cls, trail: Path) -> Keys:
        """The keys of the trail in this directory."""
        return cls(trail / "keys")

    @property
    def exist(self) -> bool:
        """Is there a log key?"""
        return (self.directory / LOG).exists()

    def generate(self, origin: str | None = None) -> note.Signer:
        """Make the log's key.

        Args:
            origin: the log's name; by default this machine's name and something random.

        Raises:
            UsageError: there is one, or the name cannot be a key's.
        """
        if self.exist:
            raise UsageError(
                f"{str(self.directory / LOG)!r} is there already",
                hint="`apitrail key rotate` replaces a key and says so in the log",
            )
        return self._make(LOG, origin or places.public_name("apitrail"))

    def signer(self) -> note.Signer:
        """The log's key, made at the first call; its name is the log's origin."""
        self._settle()
        return self._signer(LOG) if self.exist else self.generate()

    def prepare(self, origin: str) -> note.Signer:
        """A key to follow the log's: durable before the log says so, in use only after."""
        return self._make(NEXT, origin)

    def promote(self) -> None:
        """The prepared key is the log's from now on."""
        (self.directory / NEXT).replace(self.directory / LOG)
        durable.sync_directory(self.directory)

    def redaction(self) -> bytes:
        """The 32-byte key of the digests that stand for secrets, made at the first call."""
        path = self.directory / REDACTION
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

    def _settle(self) -> None:
        """Finish a rotation that a crash cut short after the log had said it."""
        if not (self.directory / NEXT).exists():
            return
        tail = _tail(self.directory.parent)
        if tail is None:
            return
        try:
            note.open(tail, [self._signer(NEXT).verifier])
        except note.UnknownKeyError:
            return  # the log never named it; the next rotation makes another key
        self.promote()

    def _make(self, name: str, origin: str) -> note.Signer:
        try:
            signer = note.Signer.generate(origin, secrets.token_bytes(32))
        except FormatError as error:
            raise UsageError(str(error), hint="such as example.com/trail") from error
        self._write(self.directory / name, str(signer))
        return signer

    def _signer(self, name: str) -> note.Signer:
        path = self.directory / name
        try:
            return note.Signer.parse(self._read(path))
        except FormatError as error:
            raise UsageError(
                f"{str(path)!r} is no signing key: {error}",
                hint="bring it back from a backup, or record to a new trail with --trail",
            ) from error

    def _write(self, path: Path, text: str) -> None:
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        durable.write(path, f"{text}\n".encode(), mode=0o600)

    def _read(self, path: Path) -> str:
        try:
            return private_file.read(path).decode().strip()
        except UnicodeDecodeError as error:
            raise UsageError(f"{str(path)!r} is no key: {error}") from error


def _tail(trail: Path) -> str | None:
    if not (trail / database.FILE).is_file():
        return None
    with closing(database.open_read_only(trail)) as connection:
        row = connection.execute("SELECT note FROM tail").fetchone()
    return None if row is None else str(row[0])
