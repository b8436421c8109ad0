"""The thread that owns a trail's files: that of an aiosqlite connection, with answers that always arrive."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import sqlite3
from collections.abc import Callable
from typing import Self

import aiosqlite

from apitrail.aside import Job

# For so many seconds is waited for the thread to let go of the connection.
ENDING = 10.0
# aiosqlite wants to know how many rows its own cursors bring at once; none of them is used.
_ROWS = 64


class FilesThread:
    """Runs work in the thread that has the files open; make one with `start` and `end` it.

    aiosqlite tells nobody what has come of it: where there is no memory to hand an answer over it loses the answer,
    and then its thread. `aside.Job` waits for memory.
    """

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._files = connection
        self._ended = False

    @classmethod
    async def start(cls, connect: Callable[[], sqlite3.Connection]) -> Self:
        """Begin with what `connect` opens; raises what it raises."""
        connection = aiosqlite.Connection(connect, _ROWS)
        # A disk that hangs keeps no process from ending.
        connection._thread.daemon = True  # noqa: SLF001
        return cls(await connection)

    async def run[T](self, work: Callable[[], T]) -> T:
        """What `work` gives or raises; who waits no longer leaves it to the thread.

        Raises OSError where the thread has ended.
        """
        if self._ended:
            raise OSError(errno.ESHUTDOWN, "the thread has ended")
        job = Job(work)
        self._files._tx.put_nowait((None, job.do))  # noqa: SLF001
        return await job.done

    async def end(self) -> None:
        """Close the connection when what was begun is done."""
        self._ended = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ENDING):
                await self._files.close()
