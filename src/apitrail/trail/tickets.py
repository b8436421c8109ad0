"""Tickets: questions whether a call may leave, as the log's rulings tell of them.

A ticket is for one call, made again or waiting. Its steps are entries, so that what stands is found
again after a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from apitrail.codec import Json
from apitrail.errors import UsageError
from apitrail.source import Source
from apitrail.trail import statements
from apitrail.trail.ruling import APPROVED, ASKED, DENIED, LAPSED, USED, Ruling

LONGEST = 7 * 86_400
"""Seconds that a ticket may stand at most: no older entries are read for one."""


_LONGEST = {"name": 100, "reason": 1_000}


def check_length(what: str, text: str) -> None:
    """Raises UsageError where a `name` or a `reason` is too long for the log."""
    if len(text) > _LONGEST[what]:
        hint = f"{_LONGEST[what]} characters at most"
        raise UsageError(f"too long a {what}: {len(text)} characters", hint=hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody decides: by the account `by` of this machine, on a `road`.

    `name` is what they call themselves.
    """

    approves: bool
    road: str
    by: str | None = None
    name: str = ""
    reason: str = ""

    @classmethod
    def parse(cls, request: Mapping[str, object], by: str | None) -> Self:
        """From a request; raises UsageError."""
        match request:
            case {
                "verdict": "approve" | "deny" as verdict, "road": "command" | "console" | "link" as road,
                "name": str(name), "reason": str(reason),
            }:  # fmt: skip
                for what, text in (("name", name), ("reason", reason)):
                    check_length(what, text)
                return cls(
                    approves=verdict == "approve", road=str(road), by=by, name=name.strip(),
                    reason=reason.strip(),
                )  # fmt: skip
            case _:
                raise UsageError("an answer says approve or deny, a road, a name and a reason")

    def redacted(self, safe: Callable[[str], str]) -> Self:
        """The same without what `safe` takes for secrets."""
        return replace(self, name=safe(self.name), reason=safe(self.reason))

    @property
    def step(self) -> str:
        """What it makes of a ticket."""
        return APPROVED if self.approves else DENIED


@dataclass(slots=True)
class Ticket:
    """One question: how it was asked, the last step of it, and how it was decided.

    `stated` is what its caller says why it wants the call. `taken` says that the next step is being
    written, so that nobody else may take it; `written` that its question is in the log.
    """

    asked: Ruling
    last: Ruling
    time: int
    decided: Ruling | None = None
    stated: str | None = None
    taken: bool = False
    written: bool = True

    @property
    def id(self) -> str:
        """The ticket's name."""
        return self.asked.ticket

    @property
    def until(self) -> int:
        """Unix milliseconds at which it lapses."""
        return self.asked.until or 0

    @property
    def step(self) -> str:
        """The last step that the log tells of."""
        return self.last.step

    def state(self, now: int) -> str:
        """The step as of now: a ticket lapses without an entry unless it was approved."""
        open_still = self.step == ASKED or (self.step == APPROVED and self.last.event is None)
        return LAPSED if open_still and now >= self.until else self.step

    def waits(self, now: int) -> bool:
        """May it be decided?"""
        return self.written and self.state(now) == ASKED and not self.taken

    def admits(self, now: int) -> bool:
        """Was it approved for a call that has not left yet?"""
        return self.state(now) == APPROVED and self.last.event is None and not self.taken

    def ruling(self, step: str, call: str | None = None) -> Ruling:
        """The next step of it."""
        return replace(self.asked, step=step, same=None, until=None, event=call)

    def answered(self, answer: Answer, call: str | None = None) -> Ruling:
        """The step in which somebody decides it, for a call that waits if there is one."""
        return replace(
            self.ruling(answer.step, call), by=answer.by, road=answer.road,
            name=answer.name or None, reason=answer.reason or None, stated=self.stated,
        )  # fmt: skip

    def to_json(self, now: int) -> dict[str, Json]:
        """For programs."""
        asked, said = self.asked, self.decided
        told: dict[str, Json] = {
            "ticket": self.id, "state": self.state(now), "action": asked.action,
            "caller": asked.caller, "guard": asked.guard, "statement": asked.statement,
            "asked": self.time, "until": self.until, "eventID": asked.event,
        }  # fmt: skip
        stated = self.stated if said is None else said.stated
        if stated is not None:
            told["stated"] = stated
        if said is not None:
            told |= {"by": said.by, "name": said.name, "road": said.road, "reason": said.reason}
        return told


@dataclass(slots=True)
class Tickets:
    """The tickets of a log, by their ids, in the order in which they were asked for.

    `leaving` are the event ids of calls that were let go and have no entry yet, as far as is known.
    """

    by_id: dict[str, Ticket] = field(default_factory=dict)
    leaving: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, rulings: Iterable[tuple[int, Ruling]]) -> Tickets:
        """Those that these rulings, oldest first and each with its time, tell of."""
        found = cls()
        for time, ruling in rulings:
            found.add(time, ruling)
        return found

    def add(self, time: int, ruling: Ruling) -> None:
        """One step more. What a later version says in steps of its own is left out."""
        if ruling.step in (APPROVED, USED) and ruling.event is not None:
            self.leaving.add(ruling.event)
        known = self.by_id.get(ruling.ticket)
        if known is None:
            if ruling.step == ASKED:
                self.by_id[ruling.ticket] = Ticket(ruling, ruling, time)
        elif ruling.step in (APPROVED, DENIED, USED, LAPSED):
            known.last = ruling
            if ruling.step in (APPROVED, DENIED):
                known.decided = ruling

    def standing(
        self, same: str, now: int, without: Collection[str] = frozenset()
    ) -> Ticket | None:
        """The ticket for a call like this that waits or admits it; not one of those `without`."""
        for each in self.by_id.values():
            if (
                each.asked.same == same
                and each.id not in without
                and (each.waits(now) or each.admits(now))
            ):
                return each
        return None

    def waiting(self, now: int) -> list[Ticket]:
        """Those that may be decided."""
        return [each for each in self.by_id.values() if each.waits(now)]

    def unused(self, now: int) -> list[Ticket]:
        """Those that were approved and have lapsed without a call, which no entry tells yet."""
        return [
            each for each in self.by_id.values()
            if each.step == APPROVED and each.state(now) == LAPSED and not each.taken
        ]  # fmt: skip

    def forget(self, now: int) -> None:
        """Let go of what is over."""
        over = [each for each in self.by_id.values() if each.state(now) not in (ASKED, APPROVED)]
        for each in over:
            if now >= each.until:
                del self.by_id[each.id]

    def named(self, name: str) -> list[Ticket]:
        """Those whose name begins so."""
        return [each for each in self.by_id.values() if name and each.id.startswith(name)]

    def find(self, name: str, now: int) -> Ticket:
        """The ticket whose name begins so, to be decided.

        Raises:
            UsageError: there is none, or several, or it cannot be decided any more.
        """
        found = self.named(name)
        if len(found) != 1:
            problem = f"no ticket {name!r}" if not found else f"several tickets begin {name!r}"
            raise UsageError(problem, hint="`apitrail approvals` lists those that wait")
        if not found[0].waits(now):
            raise UsageError(
                f"ticket {found[0].id} cannot be decided: it is {_told(found[0], now)}",
                hint="the call must be made again, which asks anew",
            )
        return found[0]


def _told(ticket: Ticket, now: int) -> str:
    said = ticket.decided
    by = f" by {said.name or said.by}" if said is not None and (said.name or said.by) else ""
    step = ticket.state(now)
    return f"{step}{by}" if step in (APPROVED, DENIED) else step


def rulings(source: Source, since: int = 0) -> Iterator[tuple[int, Ruling]]:
    """The rulings of a log from this time (Unix milliseconds) on, oldest first, with their times."""
    found: list[tuple[int, Ruling]] = []
    size = source.size
    while size > 0:
        start = max(0, size - _STEP)
        part: list[tuple[int, Ruling]] = []
        oldest = None
        for index in source.books(start, size):
            link = source.entry(index)
            if link is None:
                continue
            oldest = link.time if oldest is None else oldest
            if link.kind == Ruling.KIND and link.time >= since:
                said = statements.of(source, Ruling.KIND, index)
                if isinstance(said, Ruling):
                    part.append((link.time, said))
        found = part + found
        if oldest is not None and oldest < since:
            break
        size = start
    yield from found


_STEP = 50_000
"""Entries that are looked at before it is asked whether older ones are needed."""
