"""Telling people that a call waits for an approval: a webhook gets the question and a link."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from apitrail.codec import Json
from apitrail.log_lines import Tell
from apitrail.recording.alerts.sink import DeliveryError, Message
from apitrail.recording.approval_settings import Approvals
from apitrail.trail import approval_link
from apitrail.trail.tickets import Ticket

logger = logging.getLogger("apitrail")

# Seconds before each further attempt.
_AGAIN = (1.0, 5.0, 15.0)


@dataclass(slots=True)
class Announcer:
    """Sends each question once, and again where that fails; a call that is held waits for none of it.

    `secret` signs the links; `clock` gives Unix milliseconds; `tell` is whoever started the recorder.
    """

    settings: Approvals
    secret: bytes = field(repr=False)
    origin: str
    clock: Callable[[], int]
    tell: Tell
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __call__(self, ticket: Ticket, call: Mapping[str, Json]) -> None:
        """A question is in the log."""
        asked = ticket.asked
        self.tell(
            f"{asked.action} by {asked.caller} needs an approval: apitrail approvals approve {ticket.id}"
        )
        if self.settings.webhook is None:
            return
        body = json.dumps(self.message(ticket, call), separators=(",", ":")).encode()
        # Its id is that of the question: a receiver tells a second attempt by it.
        task = asyncio.create_task(self._send(ticket, Message(ticket.id, body)), name="approval")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def message(self, ticket: Ticket, call: Mapping[str, Json]) -> dict[str, Json]:
        """What the webhook gets."""
        told = ticket.to_json(self.clock()) | {"call": call}
        found: dict[str, Json] = {"type": "approval", "log": self.origin, **told}
        if self.settings.link is not None:
            token = approval_link.make(self.secret, ticket.id, ticket.until)
            found["link"] = f"{self.settings.link}{approval_link.PATH}{token}"
        return found

    async def close(self) -> None:
        """Let go of what is still being sent."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, ticket: Ticket, message: Message) -> None:
        assert self.settings.webhook is not None
        for pause in (*_AGAIN, None):
            if not ticket.waits(self.clock()):
                return  # it is decided, or nobody can decide it any more
            try:
                async with self._one:  # a webhook takes one message at a time
                    await self.settings.webhook.send(message)
            except DeliveryError as error:
                if pause is None:
                    logger.warning("question %s did not get to the webhook: %s", ticket.id, error)
                    return
                await asyncio.sleep(pause)
            else:
                return
