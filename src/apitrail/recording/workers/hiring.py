"""Starts another worker while those that there are have no more time, and lets one go when there is little to do."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from apitrail.errors import UsageError, reason
from apitrail.recording.proxy.messages import Voice
from apitrail.recording.workers.growth import Growth
from apitrail.recording.workers.member import Member, done
from apitrail.recording.workers.pulse import EVERY

# How long a worker that is to go may take at a time for its last calls, in seconds.
DRAINING = 10.0
# Where another worker cannot be started it is tried again after a rest, twice as long each time. Seconds.
REST, LONGEST_REST = 30.0, 600.0


class Hiring:
    """For a recorder that may have `most` workers; `members` are those that there are, `add` starts another one."""

    def __init__(
        self,
        most: int,
        members: Callable[[], Sequence[Member]],
        add: Callable[[], Awaitable[object]],
        voice: Voice,
    ) -> None:
        self._deciding = Growth(most)
        self._members = members
        self._add = add
        self._voice = voice
        self._rest = REST
        self._waits = 0.0

    async def go_on(self) -> None:
        """Go on until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            with contextlib.suppress(MemoryError):  # the next turn may have some
                await self.turn(EVERY)

    async def turn(self, passed: float) -> None:
        """Do what is wanted now, so many seconds after the last turn."""
        self._waits -= passed
        taking = [each for each in self._members() if each.takes]
        leaving = [each for each in self._members() if each.leaves]
        loads = [each.load for each in taking]
        wanted = self._deciding.turn(loads, passed)
        if excess := self._deciding.excess(loads, passed):
            taking[excess[0]].channel.tell("shed", excess[1])
        if wanted > 0 and leaving:
            leaving[0].leaves = False
        elif wanted > 0 and self._waits <= 0:
            await self._try()
        elif wanted < 0 and not leaving:
            taking[-1].leaves = True
        for each in leaving:
            if each.leaves:
                await self._let_go(each)

    async def _try(self) -> None:
        try:
            await self._add()
        except (UsageError, OSError, MemoryError) as error:
            self._waits, self._rest = self._rest, min(2 * self._rest, LONGEST_REST)
            self._voice.say(f"there is work for another worker, but {reason(error)}", "warning")
        else:
            self._rest = REST

    async def _let_go(self, member: Member) -> None:
        """Have its clients come anew. It ends when it has none, and no call that the log has not."""
        member.channel.tell("shed", len(member.connections))
        if member.connections or await done([member], DRAINING, "drain"):
            return
        if member.leaves and not member.gone.is_set():
            member.drained = True
            member.gone.set()
