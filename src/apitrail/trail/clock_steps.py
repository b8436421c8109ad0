"""Whether the clock was set while somebody recorded: it went back, or too far forward.

The log's own time never goes back (`trail.rows`), so that a step would not show in it.
"""

from __future__ import annotations

from dataclasses import dataclass

from apitrail.trail.clock_entry import Clock

# A jump back by more than this is a step; less is a correction such as NTP makes. Milliseconds.
BACK = 1_000
# A jump forward by more than the time between heartbeats is a step. This is that time where no
# heartbeat was promised.
FORWARD = 60_000


@dataclass(slots=True)
class ClockSteps:
    """Compares each reading of the clock with what it should read by now.

    `time` is the newest reading that was kept, in Unix milliseconds; `steady` is the reading at
    that moment of a clock that nobody sets, where there is one. Without it, as after a restart,
    only a clock that went back can be told.
    """

    time: int
    steady: int | None = None
    forward: int = FORWARD

    def between(self, time: int, steady: int | None) -> Clock | None:
        """The step that these readings show; None where the clock just went on."""
        expected = self.time
        if steady is not None and self.steady is not None:
            expected += steady - self.steady
            if time > expected + self.forward:
                return Clock(expected, time)
        return Clock(expected, time) if time < expected - BACK else None

    def keep(self, time: int, steady: int | None) -> None:
        """These readings are in the log now."""
        self.time, self.steady = time, steady
