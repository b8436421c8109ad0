"""A worker's journal as its calls use it: those that come together share one write.

A disk that answers quickly is waited for in the loop: to wake a thread and be woken by it takes as long as the
disk does. A slow disk, and what is large, is left to a thread, so that other calls go on meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path

from apitrail import last_resort
from apitrail.aside import in_thread
from apitrail.errors import RecordingError, reason
from apitrail.trail import journal
from apitrail.trail.journal import Journal

# A disk is slow that takes so many seconds for one write.
SLOW = 0.002
# So many bytes are written by a thread.
LARGE = 256 * 1024
# For at most so many turns of the loop a write waits for more to join it, while each brings one or fewer than
# this part of the calls that are under way wait for it: one disk write for many is cheaper than one for each.
TURNS = 8
PART = 0.7

type Waiter = asyncio.Future[None]


class Journaling:
    """The calls of one worker that have no entry yet, as far as it knows.

    `flying` are those that it has let through and that have not ended.
    """

    def __init__(self, path: Path) -> None:
        self.flying: set[str] = set()
        self._journal = Journal(path)
        self._loop = asyncio.get_running_loop()
        # The frames that are wanted until the log has the call.
        self._kept: dict[str, list[bytes]] = {}
        self._frames: list[bytes] = []
        self._waiting: list[Waiter] = []
        self._turns = 0
        self._seen = 0
        self._slow = False
        self._writing: asyncio.Task[None] | None = None
        self._owner = os.getppid()

    async def begin(self, key: str, facets: Mapping[str, bytes]) -> None:
        """Make an intent durable; raises RecordingError, and then the call must not go through."""
        frame = journal.begun(key, facets)
        alone = not self.flying
        self._kept[key] = [frame]
        self.flying.add(key)
        try:
            await self._write(frame, alone=alone)
        except BaseException:
            self.gone(key)
            raise

    async def end(self, key: str, kind: str, facets: Mapping[str, bytes]) -> None:
        """Make durable how a call has ended, with the facets that are new; raises RecordingError."""
        frame = journal.ended(key, kind, facets)
        alone = len(self.flying) <= 1
        self._kept[key].append(frame)
        await self._write(frame, alone=alone)
        self.flying.discard(key)

    def gone(self, key: str) -> None:
        """The log has a call, or it was not let through after all."""
        self.flying.discard(key)
        if len(self._kept.pop(key, ())) == 1:
            # Its end would have said as much.
            self._frames.append(journal.gone(key))

    async def scrub(self, keys: Iterable[str]) -> None:
        """Leave nothing of these calls, which the log has, nor of others that it has; raises RecordingError."""
        for key in keys:
            self._kept.pop(key, None)
        if self._waiting:
            self._flush()
        while self._writing is not None:
            await asyncio.wait((self._writing,))
        try:
            self._journal.renew(chain.from_iterable(self._kept.values()))
        except OSError as error:
            raise RecordingError(f"the journal cannot be written: {error}") from error

    # -- writing -------------------------------------------------------------------------------

    async def _write(self, frame: bytes, *, alone: bool) -> None:
        """Write a frame, at once where no other call is about that could join."""
        waiter: Waiter = self._loop.create_future()
        if not alone and not self._waiting:
            # First: where there is no memory for this, nobody must wait for it.
            self._turns = self._seen = 0
            self._loop.call_soon(self._gather)
        self._frames.append(frame)
        self._waiting.append(waiter)
        if alone:
            self._flush()
        await waiter

    def _gather(self) -> None:
        """Wait while the loop may bring more, which then shares a write."""
        if not self._waiting:
            return
        self._turns += 1
        before, self._seen = self._seen, len(self._waiting)
        come = before < self._seen or self._seen < PART * len(self.flying)
        if come and self._turns < TURNS:
            self._loop.call_soon(self._gather)
        else:
            self._flush()

    def _flush(self) -> None:
        if self._writing is not None:
            return  # it goes on with these
        waiting, self._waiting = self._waiting, []
        try:
            data, self._frames = b"".join(self._frames), []
            room = self._journal.has_room(data)
            kept = () if room else [*chain.from_iterable(self._kept.values())]
            if self._slow or len(data) > LARGE:
                self._writing = self._loop.create_task(self._beside(data, kept, waiting))
                return
            self._put(data, kept)
        except (OSError, MemoryError) as error:
            _fail(waiting, error)
        else:
            _tell(waiting)

    def _put(self, data: bytes, kept: Iterable[bytes]) -> None:
        began = time.perf_counter()
        self._journal.write(data, kept)
        if os.getppid() != self._owner:
            # While the disk stood still another recorder may have begun, which has read the journal before this.
            raise OSError("the process with the trail is gone")
        if not kept:  # a new file takes longer, and is rare
            self._slow = time.perf_counter() - began > SLOW

    async def _beside(self, data: bytes, kept: Iterable[bytes], waiting: list[Waiter]) -> None:
        try:
            await in_thread(self._put, data, kept)
        except (OSError, MemoryError) as error:
            _fail(waiting, error)
        except BaseException as error:
            _fail(waiting, error)
            raise
        else:
            _tell(waiting)
        finally:
            self._writing = None
            if self._waiting:
                self._flush()


def _tell(waiting: Iterable[Waiter]) -> None:
    with last_resort.vital():
        for each in waiting:
            if not each.done():
                each.set_result(None)


def _fail(waiting: Iterable[Waiter], error: BaseException) -> None:
    why = reason(error)
    with last_resort.vital():
        for each in waiting:
            if not each.done():
                each.set_exception(RecordingError(f"the journal cannot be written: {why}"))
