"""The lock of a connection's events, at which nobody is cancelled.

mitmproxy closes a connection by cancelling the task that reads from it, and that task looks for this
only where it reads or writes. Cancelled while it waits for its turn to tell what it has read, it
would end at once: the socket would stay open, and the calls on it would never end.
"""

from __future__ import annotations

import asyncio
from typing import Literal


class Turns(asyncio.Lock):
    """Who is cancelled while waiting takes the turn all the same, and hears of it at the next wait."""

    async def __aenter__(self) -> None:
        """Take a turn that is free at once; mostly it is."""
        if self.locked() or self._waiters:
            await self.acquire()
        else:
            self._locked = True

    async def acquire(self) -> Literal[True]:
        """Wait for the turn."""
        cancelled = False
        while True:
            try:
                await super().acquire()
                break
            except asyncio.CancelledError:
                cancelled = True
        task = asyncio.current_task()
        if cancelled and task is not None:
            task.cancel()
        return True
