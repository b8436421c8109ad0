"""How long a connection may carry no byte in either direction, whoever is silent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from mitmproxy.proxy.server import TimeoutWatchdog

SILENCE = 1_000
"""Seconds without any byte after which a connection is closed; Lambda answers within 900."""


class Watchdog(TimeoutWatchdog):
    """mitmproxy's, by a clock that nobody sets: a step of the time of day is no silence."""

    def __init__(self, timeout: int, callback: Callable[[], Awaitable[None]]) -> None:
        super().__init__(timeout, callback)
        self.register_activity()

    def register_activity(self) -> None:
        """A byte came or went."""
        self.last_activity = time.monotonic()

    def disarm(self) -> Watchdog:  # type: ignore[override]
        """A context in which the time does not count."""
        return self

    def __enter__(self) -> None:
        self.pause()

    def __exit__(self, *_: object) -> None:
        self.go_on()

    def pause(self) -> None:
        """From now on the time does not count, until as many have said `go_on`."""
        self.can_timeout.clear()
        self.blocker += 1

    def go_on(self) -> None:
        """It counts again, unless others have said `pause` too."""
        self.blocker -= 1
        if self.blocker == 0:
            self.register_activity()
            self.can_timeout.set()

    async def watch(self) -> None:
        """Call back when nothing has come for too long; the time that hooks take does not count."""
        with suppress(asyncio.CancelledError):
            while True:
                await self.can_timeout.wait()
                if (left := self.last_activity + self.timeout - time.monotonic()) <= 0:
                    await self.callback()
                    return
                await asyncio.sleep(left)
