"""The file `checkpoint` beside the database: at most a second behind what is committed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from apitrail import durable
from apitrail.aside import in_thread


class Publisher:
    """Writes the newest signed checkpoint to `path`; one write for many commits."""

    def __init__(self, path: Path, newest: Callable[[], str | None]) -> None:
        self._path = path
        self._newest = newest
        self._committed = asyncio.Event()
        self._stop = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow the commits."""
        self._writing = asyncio.create_task(self._follow(), name="trail-checkpoint")

    def committed(self) -> None:
        """There is a newer checkpoint."""
        self._committed.set()

    async def now(self) -> None:
        """Write it at once."""
        if (note := self._newest()) is not None:
            # The file may be behind the log, but never ahead: it is written after the commit.
            with contextlib.suppress(OSError, MemoryError):
                await in_thread(durable.write, self._path, note.encode())

    async def close(self) -> None:
        """Write the last one and stop."""
        self._stop.set()
        self._committed.set()
        if self._writing is not None:
            await self._writing
        await self.now()

    async def _follow(self) -> None:
        while not self._stop.is_set():
            await self._committed.wait()
            self._committed.clear()
            await self.now()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), 1)
