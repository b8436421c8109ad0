"""Telling people that a call waits for an approval: a webhook gets the question and a link.

The log is what is to be sent: a question is in it before anybody is told, and a recorder that starts tells
again of each that still stands. So each gets there at least once, also over a crash.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain, repeat

from apitrail.codec import Json
from apitrail.errors import reason
from apitrail.log_lines import Tell
from apitrail.recording.alerts.sink import DeliveryError, Message
from apitrail.recording.approval_settings import Approvals
from apitrail.trail import approval_link
from apitrail.trail.tickets import Ticket

# Seconds before each further attempt, and before all that follow.
_AGAIN, _LATER = (1.0, 5.0, 15.0, 60.0), 300.0
# How long a recorder that stops waits for what is just being sent, in seconds.
PATIENCE = 5.0


@dataclass(slots=True)
class _Question:
    """One ticket, what is known of its call, and the ids of the messages that were taken."""

    ticket: Ticket
    call: Mapping[str, Json]
    taken: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Announcer:
    """Sends each question until it was taken or nobody can decide it any more; no call waits for that.

    `secret` signs the links; `clock` gives Unix milliseconds; `tell` is whoever started the recorder.
    """

    settings: Approvals
    secret: bytes = field(repr=False)
    origin: str
    clock: Callable[[], int]
    tell: Tell
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _ending: asyncio.Event = field(default_factory=asyncio.Event)
    _open: dict[str, _Question] = field(default_factory=dict)
    _troubled: bool = False

    def __call__(self, ticket: Ticket, call: Mapping[str, Json] | None) -> None:
        """A question is in the log, or (without a `call`) its caller has said why it wants the call."""
        asked = ticket.asked
        why = f", since {json.dumps(ticket.stated)}" if ticket.stated else ""
        self.tell(
            f"{asked.action} by {asked.caller} needs an approval{why}: "
            f"apitrail approvals approve {ticket.id}"
        )
        if self.settings.webhook is None:
            return
        now = self.clock()
        self._open = {number: each for number, each in self._open.items() if each.ticket.waits(now)}
        known = self._open.get(ticket.id)
        question = known or _Question(ticket, call or {})
        self._open[ticket.id] = question
        task = asyncio.create_task(self._send(question), name="approval")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def message(self, question: _Question) -> Message:
        """What the webhook gets. Its id is that of the question, and of what the caller says to it."""
        ticket = question.ticket
        told = ticket.to_json(self.clock()) | {"call": question.call}
        found: dict[str, Json] = {"type": "approval", "log": self.origin, **told}
        if self.settings.link is not None:
            token = approval_link.make(self.secret, ticket.id, ticket.until)
            found["link"] = f"{self.settings.link}{approval_link.PATH}{token}"
        said = ticket.stated
        number = (
            f"{ticket.id}.{hashlib.sha256(said.encode()).hexdigest()[:8]}" if said else ticket.id
        )
        return Message(number, json.dumps(found, separators=(",", ":")).encode())

    async def close(self) -> None:
        """Let what is being sent get there; the next recorder sends the rest."""
        self._ending.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=PATIENCE)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, question: _Question) -> None:
        for pause in chain(_AGAIN, repeat(_LATER)):
            async with self._one:  # a webhook takes one message at a time
                if not question.ticket.waits(self.clock()):
                    return  # it is decided, or nobody can decide it any more
                message = self.message(question)
                if message.id in question.taken or await self._try(message):
                    question.taken.add(message.id)
                    return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), pause)
            if self._ending.is_set():
                return

    async def _try(self, message: Message) -> bool:
        """Send it; each trouble is told once."""
        webhook = self.settings.webhook
        assert webhook is not None
        try:
            await webhook.send(message)
        except (DeliveryError, MemoryError) as error:
            if not self._troubled:
                self.tell(
                    f"questions do not reach {webhook.shown}: {reason(error)}",
                    "warning",
                )
            self._troubled = True
            return False
        if self._troubled:
            self.tell(f"questions reach {webhook.shown} again")
        self._troubled = False
        return True
