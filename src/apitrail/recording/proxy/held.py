"""Memory for the bodies of requests that are held whole, one budget for all of them.

A request whose body does not fit waits, and so does its client: nothing more is read from the
connection meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import deque

from apitrail.errors import RecordingError

TOTAL = 256 * 1024 * 1024
PATIENCE = 30.0
"""Seconds that a request waits for its turn before it is refused."""


class Budget:
    """Bytes that may be held, given out in the order in which they were asked for."""

    def __init__(self, total: int = TOTAL, patience: float = PATIENCE) -> None:
        self.total = total
        self.free = total
        self._patience = patience
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    async def take(self, size: int) -> None:
        """Wait until `size` bytes may be held; raises RecordingError where that takes too long."""
        size = min(size, self.total)
        if not self._waiting and size <= self.free:
            self.free -= size
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await asyncio.wait_for(turn, self._patience)
        except BaseException as error:
            self._leave(size, turn)
            if isinstance(error, TimeoutError):
                raise RecordingError("too many large requests at once") from error
            raise

    def take_now(self, size: int) -> None:
        """Take without waiting; raises RecordingError where there is no room."""
        size = min(size, self.total)
        if self._waiting or size > self.free:
            raise RecordingError("too many large requests at once")
        self.free -= size

    def give(self, size: int) -> None:
        """What was taken is free again."""
        self.free += min(size, self.total)
        self._admit()

    def _leave(self, size: int, turn: asyncio.Future[None]) -> None:
        if (size, turn) in self._waiting:
            self._waiting.remove((size, turn))
        elif turn.done() and not turn.cancelled():
            self.free += size  # it got its place while it gave up waiting
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._waiting[0][0] <= self.free:
            size, turn = self._waiting.popleft()
            if not turn.done():
                self.free -= size
                turn.set_result(None)


class Gate:
    """Clients whose request waits, by the id of their connection."""

    def __init__(self) -> None:
        self._closed: dict[str, asyncio.Event] = {}

    def close(self, client: str) -> None:
        """Read nothing more from this client."""
        self._closed.setdefault(client, asyncio.Event())

    def open(self, client: str) -> None:
        """Go on reading."""
        if (event := self._closed.pop(client, None)) is not None:
            event.set()

    async def passed(self, client: str) -> None:
        """Wait while the gate of this client is closed."""
        if (event := self._closed.get(client)) is not None:
            await event.wait()


GATE = Gate()
