"""Calls that are held until somebody has approved them, and the tickets of those that are not.

Each step of a ticket is an entry before it counts: the question before anybody is told of it, the
approval before the call leaves. A call is held after its intent is durable.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from apitrail.aside import in_thread
from apitrail.codec import Json
from apitrail.errors import RecordingError
from apitrail.policy.decision import (
    APPROVED,
    FULL,
    LAPSED,
    LEFT,
    PENDING,
    REFUSED,
    STOPPED,
    UNWRITTEN,
    Decision,
)
from apitrail.recording.ask_settings import HELD, Asking
from apitrail.recording.ledger import Ledger
from apitrail.recording.unsent import ticket_of, unsent
from apitrail.trail import statements
from apitrail.trail.reader import Reader
from apitrail.trail.rows import Draft
from apitrail.trail.ruling import ASKED, USED, Ruling
from apitrail.trail.tickets import LONGEST, Answer, Ticket, Tickets, rulings
from apitrail.trail.writer import unknown

# Tickets that may wait for somebody at once, whether a call is held for them or not.
MOST_TICKETS = 1_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call that seeks an approval: its event id, who makes it, and what makes it the same call.

    `left` is done when its client leaves; without it the call cannot be held.
    """

    call: str
    who: str
    same: str
    left: asyncio.Future[None] | None


class Prepare(Protocol):
    """Describes a call with this decision, and makes its intent durable if it is to leave later."""

    async def __call__(self, decision: Decision, *, leaves: bool) -> Mapping[str, Json]: ...


type Seek = Callable[[Decision, Waiting, Prepare], Awaitable[tuple[Decision, bool]]]
"""Gets an approval for a call, as `Holding.seek` does."""


@dataclass(slots=True)
class Held:
    """A call that waits: its event id, what people are shown of it, and what became of it."""

    call: str
    shown: Mapping[str, Json]
    ended: asyncio.Future[str]
    deciding: bool = False

    def end(self, outcome: str) -> None:
        """It waits no more. While an answer is being written, time does not end it."""
        if not self.ended.done() and not (self.deciding and outcome == LAPSED):
            self.ended.set_result(outcome)


@dataclass(slots=True)
class Holding:
    """The tickets of one recorder, and the calls that it holds.

    `directory` is the trail's, where the log of earlier tickets is. `most` calls are held at once.
    `announce` is told of each question once it is durable; `clock` gives Unix milliseconds.
    """

    trail: Ledger
    clock: Callable[[], int]
    directory: Path | None = None
    asking: Asking = field(default_factory=Asking)
    most: int = HELD
    announce: Callable[[Ticket, Mapping[str, Json] | None], object] = field(
        default=lambda _ticket, _shown: None
    )
    tickets: Tickets = field(default_factory=Tickets)
    held: dict[str, Held] = field(default_factory=dict)
    closed: bool = False
    _read_all: bool = False

    async def load(self, since: int | None = None) -> None:
        """Read what the log says of tickets; `since` reads further back than they can stand."""
        oldest = self.clock() - LONGEST * 1000
        start = oldest if since is None else min(oldest, since)
        self.tickets = await in_thread(self._read, start)

    def _read(self, since: int) -> Tickets:
        if self.directory is None:
            return Tickets()
        with Reader(self.directory) as source:
            return Tickets.of(rulings(source, since))

    async def settled(self, key: str, facets: Mapping[str, bytes]) -> Draft:
        """The entry of a call that a crash left: one that was held never left, unless approved."""
        if ticket_of(facets) is not None and not self._read_all:
            # The crash may have been long ago.
            await self.load(since=0)
            self._read_all = True
        return self.given_up(key, facets)

    def given_up(self, key: str, facets: Mapping[str, bytes]) -> Draft:
        """The same of a call that this recorder had: it knows all tickets that may let it leave."""
        if ticket_of(facets) is None or key in self.tickets.leaving:
            return unknown(facets)
        return unsent(facets, self.clock())

    def forget(self, key: str | None = None) -> None:
        """A call that was let go has its entry; without a key, all that were let go before."""
        if key is None:
            self.tickets.leaving.clear()
        else:
            self.tickets.leaving.discard(key)

    def place(self, same: str) -> Ticket | str | None:
        """The ticket that stands for a call like this, if any; or why there can be none."""
        now = self.clock()
        if self.closed:
            return STOPPED
        busy = self.held if self.asking.waits else ()
        found = self.tickets.standing(same, now, busy)
        if found is not None:
            return found
        full = len(self.tickets.waiting(now)) >= MOST_TICKETS
        return FULL if full or (self.asking.waits and len(self.held) >= self.most) else None

    async def seek(
        self, asked: Decision, waiting: Waiting, prepare: Prepare
    ) -> tuple[Decision, bool]:
        """What becomes of a call that needs an approval, and whether it has an intent.

        Raises:
            RecordingError: what must be written first could not be; the call must not leave.
        """
        found = self.place(waiting.same)
        if isinstance(found, str):
            return replace(asked, outcome=found), False
        ticket = found or self._ticket(asked, waiting)
        asked = replace(asked, ticket=ticket.id)
        allowed = replace(asked, effect="allow")
        if ticket.admits(self.clock()):
            ticket.taken = True  # from here on nobody else may leave under it
            return await self._under(ticket, asked, allowed, waiting, prepare)
        if not self.asking.waits or waiting.left is None:
            pending = replace(asked, outcome=PENDING)
            if found is None:
                await self._ask(ticket, await prepare(pending, leaves=False))
            return pending, False
        # Reserved before anything is awaited, so that the number of held calls has its limit.
        held = self._reserve(ticket, waiting)
        try:
            held.shown = await prepare(allowed, leaves=True)
            try:
                if found is None:
                    await self._ask(ticket, held.shown)
                outcome = await self._wait(ticket, held, waiting.left)
            except RecordingError:
                outcome = UNWRITTEN
        finally:
            self.held.pop(ticket.id, None)
            if ticket.asked.event == waiting.call and not ticket.written:
                self.tickets.by_id.pop(ticket.id, None)
        if outcome == APPROVED:
            return replace(allowed, outcome=APPROVED), True
        note = by_whom(ticket.decided) if outcome == REFUSED else ""
        return replace(asked, outcome=outcome, note=note), True

    async def _under(
        self,
        ticket: Ticket,
        asked: Decision,
        allowed: Decision,
        waiting: Waiting,
        prepare: Prepare,
    ) -> tuple[Decision, bool]:
        """A call that was approved before it came again."""
        try:
            await prepare(allowed, leaves=True)
        except RecordingError:
            ticket.taken = False
            raise
        said = ticket.ruling(USED, call=waiting.call)
        try:
            await self.trail.append(statements.draft(said))
        except RecordingError:
            # It is owed, and may yet be written: nothing else may leave under this ticket.
            return replace(asked, outcome=UNWRITTEN), True
        self.tickets.add(self.clock(), said)
        return replace(allowed, outcome=APPROVED), True

    def _ticket(self, decision: Decision, waiting: Waiting) -> Ticket:
        """A new ticket for a call. It counts once `_ask` has written it down."""
        now = self.clock()
        asked = Ruling(
            ticket=secrets.token_hex(4), step=ASKED, event=waiting.call, guard=decision.guard or "",
            policy=decision.policy, statement=decision.statement, action=decision.action,
            caller=waiting.who, same=waiting.same, until=now + round(self.asking.seconds * 1000),
        )  # fmt: skip
        self.tickets.add(now, asked)
        ticket = self.tickets.by_id[asked.ticket]
        ticket.written = False
        return ticket

    def _reserve(self, ticket: Ticket, waiting: Waiting) -> Held:
        ended = asyncio.get_running_loop().create_future()
        held = self.held[ticket.id] = Held(waiting.call, {}, ended)
        return held

    async def _ask(self, ticket: Ticket, shown: Mapping[str, Json]) -> None:
        """Make the question durable, then tell people of it.

        Raises:
            RecordingError: it is not; the call must not leave.
        """
        try:
            await self.trail.append(statements.draft(ticket.asked))
        except RecordingError:
            self.tickets.by_id.pop(ticket.id, None)
            raise
        ticket.written = True
        self.announce(ticket, shown)

    async def _wait(self, ticket: Ticket, held: Held, left: asyncio.Future[None]) -> str:
        """Hold a call until its ticket is decided, time is up, or its client has `left`."""
        loop = asyncio.get_running_loop()
        if self.closed:
            held.end(STOPPED)
        left.add_done_callback(lambda done: None if done.cancelled() else held.end(LEFT))
        alarm = loop.call_later(max(0, ticket.until - self.clock()) / 1000, held.end, LAPSED)
        try:
            return await held.ended
        finally:
            alarm.cancel()

    async def decide(self, name: str, answer: Answer) -> dict[str, Json]:
        """Approve or deny a ticket, for the call that is held or the next one like it.

        Raises:
            UsageError: there is no such ticket, or it cannot be decided any more.
            RecordingError: it could not be written; the call does not leave.
        """
        ticket = self.tickets.find(name, self.clock())
        held = self.held.get(ticket.id)
        if held is not None and held.ended.done():
            held = None
        ticket.taken = True
        said = ticket.answered(answer, None if held is None else held.call)
        if held is not None:
            held.deciding = True
        try:
            index = await self.trail.append(statements.draft(said))
        except RecordingError:
            # It is owed, and may yet be written: so nothing may leave under this ticket.
            self._note(said, held)
            if held is not None:
                held.end(UNWRITTEN)
            raise
        gone = self._note(said, held)
        ticket.taken = False
        if held is not None:
            held.end(APPROVED if answer.approves else REFUSED)
        return {
            "ticket": ticket.id, "step": said.step, "entry": index,
            "call": "left" if gone else "none" if held is None else "held",
            "until": ticket.until,
        }  # fmt: skip

    def _note(self, said: Ruling, held: Held | None) -> bool:
        """It is decided; was that too late for the call that was held for it?"""
        self.tickets.add(self.clock(), said)
        gone = held is not None and held.ended.done()
        if held is not None and gone:
            self.forget(held.call)  # it is not let go, and may have its entry already
        return gone

    def state_reason(self, name: str, reason: str) -> dict[str, Json]:
        """Keep why a caller wants its call, for those who decide; it decides nothing.

        Raises:
            UsageError: there is no such ticket, or it cannot be decided any more.
        """
        ticket = self.tickets.find(name, self.clock())
        if reason != ticket.stated:
            ticket.stated = reason
            self.announce(ticket, None)
        return {"ticket": ticket.id}

    def waiting(self) -> list[dict[str, Json]]:
        """What may be decided now, with what is known of calls that are held."""
        now = self.clock()
        return [
            ticket.to_json(now)
            | {"held": ticket.id in self.held}
            | ({"call": self.held[ticket.id].shown} if ticket.id in self.held else {})
            for ticket in self.tickets.waiting(now)
        ]

    async def sweep(self) -> list[Ticket]:
        """Have the log say which approvals lapsed without a call; gives them."""
        now = self.clock()
        found = self.tickets.unused(now)
        for ticket in found:
            said = ticket.ruling(LAPSED)
            ticket.taken = True
            await self.trail.append(statements.draft(said))
            self.tickets.add(now, said)
        self.tickets.forget(now)
        return found

    def close(self) -> None:
        """Hold nothing any more: the calls that wait are refused."""
        self.closed = True
        for each in list(self.held.values()):
            each.end(STOPPED)


def by_whom(said: Ruling | None) -> str:
    """Who denied a ticket and why, for a message."""
    if said is None:
        return ""
    who = said.name or said.by
    reason = f": {said.reason}" if said.reason else ""
    return f" by {who}{reason}" if who else reason
