"""When a call is due: at once, or as far apart as calls were recorded, or some times faster."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Pace:
    """`speed` 1 is as recorded, 2 twice as fast; None does not wait at all."""

    speed: float | None = None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _start: tuple[float, int] | None = None

    def wait(self, started: int) -> None:
        """Wait until a call is due that was recorded at `started` (Unix milliseconds)."""
        if self.speed is None:
            return
        if self._start is None:
            self._start = (self.clock(), started)
        begun, first = self._start
        rest = begun + (started - first) / 1000 / self.speed - self.clock()
        if rest > 0:
            self.sleep(rest)
