"""Names of hosts are looked up in threads of their own, and the same one only once at a time.

asyncio does it in the few threads in which a recorder also reads long bodies and loads models. A name
whose servers do not answer keeps a thread for half a minute, so some of them would make every call wait.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from functools import partial
from typing import Any

from apitrail.aside import aside

# How many are looked up at once. Others wait.
MOST = 256

type Found = list[tuple[Any, ...]]
"""As `socket.getaddrinfo` gives it."""


class Lookups:
    """What is being looked up for one event loop."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(MOST)
        self._asked: dict[tuple[object, ...], asyncio.Task[Found]] = {}

    def install(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on this loop, and what connects by it, looks up names so."""
        loop.getaddrinfo = self.find  # type: ignore[method-assign]

    async def find(
        self,
        host: bytes | str | None,
        port: bytes | str | int | None,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - as asyncio has it
        proto: int = 0,
        flags: int = 0,
    ) -> Found:
        """As `loop.getaddrinfo`; raises OSError."""
        question = (host, port, family, type, proto, flags)
        task = self._asked.get(question)
        if task is None:
            task = self._asked[question] = asyncio.create_task(self._look(question), name="lookup")
            task.add_done_callback(partial(self._forget, question))
        # Who waits no longer must not take the answer from others.
        return await asyncio.shield(task)

    async def _look(self, question: tuple[Any, ...]) -> Found:
        async with self._room:
            try:
                return await aside(partial(socket.getaddrinfo, *question))
            except MemoryError as error:
                # mitmproxy would wait for ever for a connection that fails with another error.
                raise OSError(errno.ENOMEM, "out of memory") from error

    def _forget(self, question: tuple[object, ...], task: asyncio.Task[Found]) -> None:
        del self._asked[question]
        if not task.cancelled():
            task.exception()  # perhaps nobody waits any more
