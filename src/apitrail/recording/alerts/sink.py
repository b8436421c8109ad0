"""Where alerts go: a command, a webhook, a file. Each gets one document at a time."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import os
import shlex
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from apitrail.aside import aside
from apitrail.errors import Error, reason
from apitrail.evidence.witness import asking
from apitrail.recording.alerts import webhook_signature
from apitrail.recording.piped_command import piped


class DeliveryError(Error):
    """An alert did not get there; it is tried again."""


@dataclass(frozen=True, slots=True)
class Message:
    """One alert as it is sent: its id, and the document (JSON, one line)."""

    id: str
    body: bytes


class Sink(Protocol):
    """One place. What is shown of it has no secret."""

    @property
    def name(self) -> str:
        """Tells it from others, and stays the same while it is the same place."""
        ...

    @property
    def shown(self) -> str:
        """What people are told of it."""
        ...

    @property
    def patience(self) -> float:
        """For how many seconds it may take a message."""
        ...

    async def send(self, message: Message) -> None:
        """Hand it over. Raises DeliveryError."""
        ...


def _name(kind: str, place: str) -> str:
    return f"{kind}:{hashlib.sha256(place.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class CommandSink:
    """A program that gets each alert on its standard input."""

    command: tuple[str, ...]
    patience: float

    @property
    def name(self) -> str:
        """By the whole command."""
        return _name("command", shlex.join(self.command))

    @property
    def shown(self) -> str:
        """Without its arguments: they may be secrets."""
        return f"command {self.command[0]}"

    async def send(self, message: Message) -> None:
        """Run it; it has taken the alert where it ends with 0."""
        problem = await piped(self.command, message.body + b"\n", self.patience)
        if problem is not None:
            raise DeliveryError(problem)


@dataclass(slots=True)
class _Single:
    """Work in a thread, never twice at once: what hangs for ever costs one thread."""

    _running: asyncio.Future[None] | None = None

    async def run(self, work: Callable[[], None], patience: float) -> None:
        if self._running is not None and not self._running.done():
            raise DeliveryError("it still hangs from an earlier try")
        self._running = asyncio.ensure_future(aside(work))
        try:
            # Shielded: the thread goes on, and is to be known of, when nobody waits any more.
            async with asyncio.timeout(patience):
                await asyncio.shield(self._running)
        except TimeoutError:
            self._running.add_done_callback(_taken)
            raise DeliveryError(f"it did not end within {patience:g} s") from None
        except (OSError, MemoryError) as error:
            raise DeliveryError(f"it could not be tried: {reason(error)}") from error


def _taken(done: asyncio.Future[None]) -> None:
    """Nobody asks any more what became of it."""
    if not done.cancelled():
        done.exception()


@dataclass(frozen=True, slots=True)
class WebhookSink:
    """A URL that gets each alert in a POST, signed as Standard Webhooks has it."""

    url: str = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)
    patience: float
    clock: Callable[[], int]
    _single: _Single = field(default_factory=_Single, repr=False, compare=False)

    @property
    def name(self) -> str:
        """By the URL."""
        return _name("webhook", self.url)

    @property
    def shown(self) -> str:
        """Without the path: with many receivers that is a secret."""
        parts = urlsplit(self.url)
        return f"webhook {parts.scheme}://{parts.netloc}/"

    async def send(self, message: Message) -> None:
        """POST it; any 2xx says that it was taken. Redirects are not followed."""
        await self._single.run(lambda: self._post(message), self.patience + 1)

    def _post(self, message: Message) -> None:
        seconds = self.clock() // 1000
        headers = webhook_signature.headers(self.keys, message.id, seconds, message.body)
        try:
            answered = asking.post(
                self.url, message.body, kind="application/json", seconds=self.patience,
                headers=headers,
            )  # fmt: skip
        except asking.AskingError as error:
            place = self.shown.removeprefix("webhook ")
            raise DeliveryError(str(error).replace(place, "it", 1)) from error
        if not 200 <= answered.status < 300:
            moved = ", and redirects are not followed" if 300 <= answered.status < 400 else ""
            raise DeliveryError(f"it answered {answered.status}{moved}")


@dataclass(frozen=True, slots=True)
class FileSink:
    """A file of JSON lines that nobody else may read."""

    path: Path
    patience: float
    _single: _Single = field(default_factory=_Single, repr=False, compare=False)

    @property
    def name(self) -> str:
        """By the path."""
        return _name("file", str(self.path))

    @property
    def shown(self) -> str:
        """The path."""
        return f"file {self.path}"

    async def send(self, message: Message) -> None:
        """Append it, and have it on the disk."""
        await self._single.run(lambda: self._append(message.body + b"\n"), self.patience)

    def _append(self, line: bytes) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
        try:
            # Opened anew each time: others may have moved the file away.
            descriptor = os.open(self.path, flags, 0o600)
            with contextlib.closing(os.fdopen(descriptor, "r+b", buffering=0)) as file:
                self._check(descriptor)
                # Another recorder may use the same file.
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if (size := os.fstat(descriptor).st_size) and os.pread(
                    descriptor, 1, size - 1
                ) != b"\n":
                    line = b"\n" + line  # a crash has left half a line
                if file.write(line) != len(line):
                    raise DeliveryError(f"{str(self.path)!r}: the disk is full")
                os.fsync(descriptor)
        except OSError as error:
            raise DeliveryError(f"{str(self.path)!r}: {error.strerror}") from error

    def _check(self, descriptor: int) -> None:
        """It is a file of alerts: of another one, such as a trail's, the content would be lost."""
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise DeliveryError(f"{str(self.path)!r} is no regular file")
        if about.st_mode & 0o077:
            raise DeliveryError(f"{str(self.path)!r} can be read by others: chmod 600 it")
        if about.st_size and os.pread(descriptor, 1, 0) != b"{":
            raise DeliveryError(f"{str(self.path)!r} holds something else than alerts")
