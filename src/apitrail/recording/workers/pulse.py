"""Whether workers answer: each is asked again and again, and one that stands still is told of and ended.

Silence is counted in turns of whoever asks. A machine that slept, or a process that was too busy to
ask, makes no worker silent.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

# How often each is asked, in seconds.
EVERY = 2.0
# From when on one that does not answer gets no clients, and nobody waits for it. Seconds.
SILENT = 6.0
# When it is ended: before its clients give up, which is after 60 s for most SDKs. Seconds.
STILL = 30.0
# For how long it may be that none has answered before the recorder is taken for dead, in seconds.
NONE_LEFT = 120.0


@dataclass(slots=True, eq=False)
class Pulse:
    """One worker's: `ask` asks it, `changed` is told when it falls silent or answers again, `end` ends it.

    `quiet` is for how many seconds it has not answered.
    """

    ask: Callable[[], Awaitable[object]]
    changed: Callable[[], object]
    end: Callable[[], object]
    quiet: float = 0.0
    _answers: bool = False
    _asked: asyncio.Future[object] | None = None
    _fallen: asyncio.Future[None] = field(init=False)

    def __post_init__(self) -> None:
        self._fallen = asyncio.get_running_loop().create_future()

    @property
    def silent(self) -> bool:
        """Is nobody to wait for it?"""
        return self._fallen.done()

    @property
    def beats(self) -> bool:
        """Has it answered the last question that it had a turn's time for?"""
        return self._answers and not self.quiet

    def feel(self, passed: float) -> None:
        """A turn of whoever asks: so many seconds after the last one."""
        if self._asked is None:
            self._asked = asyncio.ensure_future(self.ask())
            self._asked.add_done_callback(self._hear)
            return
        self.quiet += passed
        if self.quiet >= SILENT and not self.silent:
            self._fallen.set_result(None)
            self.changed()
        if self.quiet >= STILL:
            self.end()

    def _hear(self, asked: asyncio.Future[object]) -> None:
        self._asked = None
        if asked.cancelled() or asked.exception() is not None:
            return  # it is gone, as others are told
        self._answers, self.quiet = True, 0.0
        if self.silent:
            self._fallen = asyncio.get_running_loop().create_future()
            self.changed()

    async def hears(self, asked: asyncio.Future[object]) -> None:
        """Wait for what it was asked, for as long as it is not silent."""
        await asyncio.wait((asked, self._fallen), return_when=asyncio.FIRST_COMPLETED)


async def answers(
    asked: Mapping[Pulse, asyncio.Future[object]], patience: float | None = None
) -> None:
    """Wait for what several were asked: for none longer than `patience`, and for no silent one."""
    waits = [asyncio.create_task(each.hears(future)) for each, future in asked.items()]
    try:
        if waits:
            await asyncio.wait(waits, timeout=patience)
    finally:
        for each in waits:
            each.cancel()


@dataclass(slots=True)
class Rounds:
    """Feels the pulses that there are, again and again; `unheard` is since when none has beaten."""

    pulses: Callable[[], Iterable[Pulse]]
    unheard: float = 0.0

    async def make(self) -> None:
        """Go on until cancelled."""
        last = time.monotonic()
        while True:
            await asyncio.sleep(EVERY)
            now = time.monotonic()
            with contextlib.suppress(MemoryError):  # the next one may have some
                self.turn(now - last)
            last = now

    def turn(self, passed: float) -> None:
        """One round, so many seconds after the last one."""
        counted = min(passed, 2 * EVERY)
        found = list(self.pulses())
        for each in found:
            each.feel(counted)
        self.unheard = 0.0 if any(each.beats for each in found) else self.unheard + counted
