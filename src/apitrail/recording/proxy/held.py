"""Memory for bodies that are read whole, one budget for all of them.

A request whose body does not fit waits, and so does its client: nothing more is read from the
connection meanwhile. An answer passes in any case; a copy of it is held while there is room.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from apitrail.errors import RecordingError

TOTAL = 256 * 1024 * 1024
# Bytes that an answer of unknown length takes at a time.
STEP = 1024 * 1024
LONGEST = 32 * 1024 * 1024
"""Bytes of a body that may come while its call waits for an approval."""
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
        if not self.has(min(size, self.total)):
            raise RecordingError("too many large requests at once")

    def has(self, size: int) -> bool:
        """Take without waiting, if there is room and nobody waits for it."""
        if self._waiting or size > self.free:
            return False
        self.free -= size
        return True

    def give(self, size: int) -> None:
        """What was taken is free again."""
        self.free += min(size, self.total)
        self._admit()

    def resize(self, total: int) -> None:
        """Have room for `total` bytes from now on; what is held stays."""
        self.free += total - self.total
        self.total = total
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


@dataclass(slots=True)
class Share:
    """What a body that passes may hold of a budget: up to `most` bytes, taken as it grows."""

    budget: Budget
    most: int
    taken: int = 0

    def covers(self, size: int) -> bool:
        """Is there room for a body of `size` bytes? Where there is not, all of it is given back."""
        more = min(max(size, self.taken + STEP), self.most) - self.taken
        if size <= self.taken or (size <= self.most and self.budget.has(more)):
            self.taken += more if size > self.taken else 0
            return True
        self.release()
        return False

    def release(self) -> None:
        """Hold nothing any more."""
        self.budget.give(self.taken)
        self.taken = self.most = 0


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

    def is_open(self, client: str) -> bool:
        """May this client be read from?"""
        return client not in self._closed

    async def passed(self, client: str) -> None:
        """Wait while the gate of this client is closed."""
        if (event := self._closed.get(client)) is not None:
            await event.wait()


GATE = Gate()
