"""The alerts of one recorder: the rules behind its writer, and a courier for each sink."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from apitrail.log_lines import Tell
from apitrail.recording.alerts.alert_settings import Alert
from apitrail.trail import outbox
from apitrail.trail.writer import Trail

if TYPE_CHECKING:
    from apitrail.recording.alerts.alert_follower import AlertFollower, Figures
    from apitrail.recording.alerts.courier import Courier

# How long a recorder that stops waits for deliveries, in seconds.
PATIENCE = 5.0


class Alerting:
    """Nothing is done where no alert is configured."""

    def __init__(
        self, trail: Trail, alerts: Sequence[Alert], clock: Callable[[], int], tell: Tell
    ) -> None:
        self._trail = trail
        self._tell = tell
        self._stopping = asyncio.Event()
        self._follower: AlertFollower | None = None
        self._couriers: list[Courier] = []
        if alerts:
            self._follow(alerts, clock)
        self._tasks: set[asyncio.Task[None]] = set()

    def _follow(self, alerts: Sequence[Alert], clock: Callable[[], int]) -> None:
        # They load all rules.
        from apitrail.recording.alerts.alert_follower import AlertFollower
        from apitrail.recording.alerts.courier import Courier

        trail, tell = self._trail, self._tell
        self._follower = follower = AlertFollower(trail, alerts, clock, tell, self._wake)
        sinks = {sink.name: sink for each in alerts for sink in each.sinks}
        self._couriers = [
            Courier(sink, follower, trail.origin, clock, tell) for sink in sinks.values()
        ]

    @property
    def figures(self) -> Figures | None:
        """What is counted; None where no alert is configured."""
        return None if self._follower is None else self._follower.figures

    async def begin(self) -> None:
        """Raise alerts, and deliver what an earlier recorder has left."""
        if self._follower is None:
            outbox.forget(self._trail.directory)
            return
        await self._follower.begin(self._stopping)
        for courier in self._couriers:
            task = asyncio.create_task(courier.run(), name="alert-courier")
            task.add_done_callback(self._said)
            self._tasks.add(task)

    async def ended(self) -> None:
        """Look at everything, deliver what can be delivered now, and leave the rest for later."""
        if self._follower is None:
            return
        self._stopping.set()
        self._follower.hurry()
        await self._follower.caught_up()
        for courier in self._couriers:
            courier.end()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=PATIENCE)
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)
        await self._follower.ended()
        if waiting := self._follower.figures.waiting:
            noun = "alert was" if waiting == 1 else "alerts were"
            self._tell(f"{waiting} {noun} not delivered; the next recorder does it", "warning")

    def _wake(self) -> None:
        for courier in self._couriers:
            courier.wake()

    def _said(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._tell(f"alerts are not delivered any more: {error}", "error")
