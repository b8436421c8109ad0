"""A worker's side of what is decided for all of them at once: budgets, and approvals of calls."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from apitrail.codec import Json
from apitrail.errors import RecordingError
from apitrail.policy.decision import Decision
from apitrail.policy.drawn import Drawn
from apitrail.policy.guards import Guards
from apitrail.recording.gate import Arrival, Gate
from apitrail.recording.holding import Prepare, Waiting
from apitrail.recording.off_loop import off_loop
from apitrail.recording.workers.channel import Channel
from apitrail.recording.workers.packing import (
    packed_decision,
    packed_drawn,
    packed_question,
    unpacked_decision,
)


class OwnersGate(Gate):
    """Decides about calls here, but where a budget is to be counted: that the owner does.

    What its own calls have drawn it remembers too, to tell in the end what it was in fact.
    """

    def __init__(self, guards: Guards, channel: Channel) -> None:
        super().__init__(guards)
        self._channel = channel

    async def decide(self, come: Arrival) -> Decision | None:
        """What the guards say of a call; one that is not refused has drawn on its budgets."""
        if not self.spending:
            return await super().decide(come)
        found = await off_loop(come.exchange.request.body, self.question, come)
        if found is None:
            return None
        question, drawn = found
        assert drawn is not None
        call = come.exchange.id
        told = await self._channel.ask("decide", call, packed_question(question), packed_drawn(drawn))  # fmt: skip
        decision = unpacked_decision(told)
        if decision.effect != "deny":
            self.spending.draw(call, drawn)
        return decision

    def settle(self, call: str, drawn: Drawn) -> None:
        """This is what a call has drawn in fact."""
        super().settle(call, drawn)
        self._channel.tell("spent", call, packed_drawn(drawn))

    def close(self, call: str) -> None:
        """What becomes of a call will not be known: all that it was to draw is spent."""
        if self.spending:
            super().close(call)
            self._channel.tell("outcome-unknown", call)

    def release(self, call: str) -> None:
        """A call has not left after all. It may have drawn where nobody waited for the answer."""
        if self.spending:
            super().release(call)
            self._channel.tell("released", call)


class Seeker:
    """Calls that are held here while the owner asks whether they may leave."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._sought: dict[str, Prepare] = {}

    def holds(self, call: str) -> bool:
        """Is this call held here, while the owner decides about it?"""
        return call in self._sought

    async def seek(
        self, asked: Decision, waiting: Waiting, prepare: Prepare
    ) -> tuple[Decision, bool]:
        """What becomes of a call that needs an approval, and whether it has an intent.

        Raises:
            RecordingError: what must be written first could not be; the call must not leave.
        """
        call, left = waiting.call, waiting.left
        if left is not None:
            left.add_done_callback(lambda done: None if done.cancelled() else self._depart(call))
        self._sought[call] = prepare
        try:
            decision, begun = await self._channel.ask(
                "seek", call, waiting.who, waiting.same, packed_decision(asked), left is not None
            )
        except asyncio.CancelledError:
            self._depart(call)
            raise
        finally:
            del self._sought[call]
        return unpacked_decision(decision), begun

    async def prepare(self, call: str, decision: Sequence[Any], leaves: bool) -> Mapping[str, Json]:
        """Describe a call with this decision, for the owner; with an intent if it is to leave."""
        prepare = self._sought.get(call)
        if prepare is None:
            raise RecordingError("nobody waits for this call any more")
        return dict(await prepare(unpacked_decision(decision), leaves=leaves))

    def _depart(self, call: str) -> None:
        self._channel.tell("departed", call)
