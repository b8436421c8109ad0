"""Reads committed entries behind the writer, in a thread of its own: what insights and alerts share.

Recording never waits for it. A failure to read is tried again with the next look; anything else ends
the follower alone, and is said.
"""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable

from apitrail.aside import Thread
from apitrail.entry import Entry
from apitrail.errors import Error
from apitrail.trail.reader import Reader
from apitrail.trail.writer import Trail

# How long a recorder that stops lets it go on, in seconds.
PATIENCE = 5.0
# A command that has ended waits for no more entries than this to be read; the next recorder goes on
# from there.
NEAR = 2_000


class LogFollower(ABC):
    """What follows one log; `tell` says to a person why it stopped early."""

    # What is not done any more if it stops early.
    work: str

    def __init__(self, trail: Trail, name: str, tell: Callable[[str], None]) -> None:
        self._trail = trail
        self._name = name
        self._tell = tell
        # SQLite's connection belongs to one thread.
        self._thread = Thread()
        self._reader: Reader | None = None
        self._task: asyncio.Task[None] | None = None
        # There are no calls any more that it could be in the way of.
        self._ending = False

    async def begin(self, stopping: asyncio.Event) -> None:
        """Follow the log until `stopping`.

        The log is opened now and stays open, so that no descriptor is wanted later, when there may
        be none.
        """
        with contextlib.suppress(Error, OSError, MemoryError):
            await self._in_thread(self._prepare)
        self._task = asyncio.create_task(self._follow(stopping), name=self._name)
        self._task.add_done_callback(self._said)

    async def caught_up(self) -> None:
        """Wait until it has looked at everything; it does not take long, or is given up."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=PATIENCE)
            self._task.cancel()
            await asyncio.wait({self._task})

    async def ended(self) -> None:
        """The same, and let go of the log."""
        await self.caught_up()
        # What hangs in the thread keeps the log from being closed no longer.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._in_thread(self._close)
        self._thread.end()

    async def _follow(self, stopping: asyncio.Event) -> None:
        seen = 0
        if not self._is_near():
            # Most commands are short, and a long log takes a while.
            await self._rest(stopping)
        while True:
            last = self._ending = stopping.is_set()
            while seen < self._trail.size and (not last or self._is_near()):
                try:
                    seen = await self._in_thread(self._look)
                except (Error, OSError, MemoryError):
                    break  # no descriptor is free, say: another look follows
                await self._write()
            if last:
                with contextlib.suppress(Error, OSError, MemoryError):
                    await self._in_thread(self._finish)
                return
            await self._rest(stopping)

    # -- what each does in its own way -------------------------------------------------------

    @property
    @abstractmethod
    def position(self) -> int:
        """Entries before this one were looked at."""

    @abstractmethod
    def _look(self) -> int:
        """Read on, in the thread; how far that came."""

    @abstractmethod
    async def _rest(self, stopping: asyncio.Event) -> None:
        """Wait before the next look."""

    def _prepare(self) -> None:
        self._open()

    @abstractmethod
    async def _write(self) -> None:
        """What a look has found is written, outside the thread."""

    @abstractmethod
    def _finish(self) -> None:
        """The last thing that is done, in the thread."""

    # -- what they have in common ------------------------------------------------------------

    async def _in_thread[T](self, work: Callable[[], T]) -> T:
        return await self._thread.run(work)

    def _open(self) -> Reader:
        if self._reader is None:
            self._reader = Reader(self._trail.directory)
        return self._reader

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()

    def _is_near(self) -> bool:
        """Is what is left to read short enough for a command that has ended to wait for it?"""
        return self._trail.size - self.position <= NEAR

    def _said(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._tell(f"{self.work} any more: {error}")


def first_since(reader: Reader, time: int, oldest: int = 0) -> int:
    """The first entry, from `oldest` on, that was written at that time or later."""

    def written(index: int) -> int:
        return Entry.head_of(next(iter(reader.entries(index, index + 1))))[1]

    return bisect_left(range(reader.size), time, lo=oldest, key=written)
