"""Delivers the alerts of one sink, one after the other, until each is taken or given up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from apitrail.codec import Object
from apitrail.errors import Error
from apitrail.reading.rules import raised
from apitrail.reading.rules.alert_rule import About
from apitrail.reading.rules.raised import Raised
from apitrail.recording.alerts.alert_follower import AlertFollower
from apitrail.recording.alerts.sink import Message, Sink
from apitrail.trail.outbox import DELIVERED, GIVEN_UP, WAITING, Delivery, Kept, Outbox
from apitrail.trail.reader import Reader

# Seconds before the next try, doubled after each failure, and the longest.
FIRST, LONGEST = 1.0, 300.0
# An alert that nobody takes for so long is given up, in milliseconds.
GIVE_UP = 3 * 86_400_000
# Without anything to do, seconds until it is looked whether somebody asked for a delivery again.
IDLE = 60.0


class Courier:
    """Has one connection, command or line in the air at a time, and no more than one in memory."""

    def __init__(
        self,
        sink: Sink,
        follower: AlertFollower,
        origin: str,
        clock: Callable[[], int],
        tell: Callable[[str], None],
    ) -> None:
        self._sink = sink
        self._follower = follower
        self._origin = origin
        self._clock = clock
        self._tell = tell
        self._failures = 0
        self._wake = asyncio.Event()
        self._ending = False

    def wake(self) -> None:
        """There may be something to deliver."""
        self._wake.set()

    def end(self) -> None:
        """Deliver what is due, and end; nothing is tried a second time."""
        self._ending = True
        self._wake.set()

    async def run(self) -> None:
        """Deliver until it is to end."""
        while True:
            self._wake.clear()
            try:
                job = await self._follower.within(self._next)
            except (Error, OSError, MemoryError):
                job = None  # the disk is full, say: it is tried again
            if job is not None:
                await self._deliver(*job)
            if self._ending and (job is None or self._failures):
                return
            if job is None:
                await self._sleep(await self._until_due(), woken=True)
            elif self._failures:
                await self._sleep(_rest(self._failures), woken=False)

    def _next(self, reader: Reader, outbox: Outbox) -> tuple[int, Kept, Delivery, bytes] | None:
        found = outbox.due(self._sink.name, self._clock())
        if found is None:
            return None
        number, kept, delivery = found
        return number, kept, delivery, raised.line(_document(reader, kept, self._origin))

    async def _deliver(self, number: int, kept: Kept, delivery: Delivery, body: bytes) -> None:
        problem = None
        try:
            await self._sink.send(Message(kept.id, body))
        except Error as error:
            problem = str(error)
        self._learn(problem)
        now, figures = self._clock(), self._follower.figures
        state, due = DELIVERED, now
        if problem is not None:
            state = GIVEN_UP if now - delivery.since >= GIVE_UP else WAITING
            due = now + round(1000 * _rest(delivery.tries + 1))
        try:
            await self._follower.within(
                lambda _, outbox: outbox.mark(
                    number, self._sink.name, state, due=due, now=now, problem=problem
                )
            )
        except (Error, OSError, MemoryError):
            self._failures += 1  # it was delivered, and is again: at least once
            return
        figures.delivered += state == DELIVERED
        figures.given_up += state == GIVEN_UP
        figures.waiting -= state != WAITING

    def _learn(self, problem: str | None) -> None:
        """Each trouble is told once."""
        if problem is None:
            if self._failures:
                self._tell(f"alerts reach {self._sink.shown} again")
            self._failures = 0
            return
        self._follower.figures.failed += 1
        if not self._failures:
            self._tell(f"alerts do not reach {self._sink.shown}: {problem}")
        self._failures += 1

    async def _until_due(self) -> float:
        def look(_: Reader, outbox: Outbox) -> int | None:
            self._follower.figures.waiting = outbox.waiting()
            return outbox.next_due(self._sink.name)

        try:
            due = await self._follower.within(look)
        except (Error, OSError, MemoryError):
            return FIRST
        return IDLE if due is None else min(max((due - self._clock()) / 1000, 0.05), IDLE)

    async def _sleep(self, seconds: float, *, woken: bool) -> None:
        """So long, or until there is news; a sink that has just failed is left alone."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not self._ending:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await self._wake.wait()
            if woken or asyncio.get_running_loop().time() >= deadline:
                return
            self._wake.clear()


def _rest(failures: int) -> float:
    return min(FIRST * 2.0 ** min(failures - 1, 30), LONGEST)


def _document(reader: Reader, kept: Kept, origin: str) -> Object:
    about = About(name=kept.rule, title=kept.title, level=kept.level)
    found = Raised(
        id=kept.id, alert=kept.name, about=about, entries=kept.entries, count=kept.count,
        time=kept.time,
    )  # fmt: skip
    return raised.document(reader, found, origin)
