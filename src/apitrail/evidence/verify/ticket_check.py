"""Whether each call that passed under a ticket had been approved, by the log's own rulings.

What the log says is taken in its order: the question, the answer to it, the call that it let pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apitrail.errors import FormatError
from apitrail.event import Event
from apitrail.evidence.verify.report import tampered
from apitrail.trail.ruling import APPROVED, ASKED, DENIED, LAPSED, USED, Ruling

PASSED, ERASED = "passed", "erased"
"""Steps beside those of rulings: a call that passed, and a ruling whose content is gone."""


@dataclass(frozen=True, slots=True)
class TicketStep:
    """What an entry says of a ticket; `event` is the event id of the call that it is about."""

    index: int
    step: str
    ticket: str = ""
    event: str | None = None


def ruled(index: int, said: Ruling | None) -> TicketStep:
    """The step that an entry of kind `decision` tells; None is one that was erased."""
    if said is None:
        return TicketStep(index, ERASED)
    return TicketStep(index, said.step, said.ticket, said.event)


def passed(index: int, opened: Mapping[str, bytes]) -> TicketStep | None:
    """The step of a call, where it passed under a ticket."""
    # This is asked of every call, so only those that may have one are parsed.
    text = opened.get("what", b"")
    if b'"ticket"' not in text and rb"\u" not in text:
        return None
    try:
        what = Event.parse({"what": text}).what
    except FormatError:
        return None  # the check of what is searchable says so
    if what is None or what.decision.get("outcome") != APPROVED:
        return None
    ticket, event = what.decision.get("ticket"), what.record.get("eventID")
    if not isinstance(ticket, str):
        return None
    return TicketStep(index, PASSED, ticket, event if isinstance(event, str) else None)


@dataclass(slots=True)
class _Ticket:
    """What was said of a ticket so far: the last step, the call that may pass, the one that did.

    `asked` is the entry of its question; `later` says that there are steps of a later version, which
    only that version can judge.
    """

    step: str = ""
    asked: int | None = None
    call: str | None = None
    let: int | None = None
    later: bool = False

    def follow(self, said: TicketStep) -> None:
        """Take the next ruling. One that no recorder writes after the last lets nothing pass."""
        if said.step == ASKED:
            self.step, self.asked, self.call, self.let = ASKED, said.index, None, None
        elif said.step == DENIED:
            self.step, self.call = DENIED, None
        elif said.step == APPROVED:
            if self.step in (ASKED, ""):
                self.step, self.call = APPROVED, said.event
        elif said.step == USED:
            if self.step in (APPROVED, "") and self.call is None:
                self.step, self.call = USED, said.event
        elif said.step == LAPSED:
            if self.step == APPROVED and self.call is None:
                self.step = LAPSED
        else:
            self.later = True

    def contradicts(self, call: TicketStep) -> str | None:
        """Why this call cannot have passed, whatever else the log may have said."""
        if self.let is not None:
            return f"which let entry {self.let} pass already"
        if self.step == DENIED:
            return "which was denied"
        if self.call is not None and self.call != call.event:
            return "which was approved for another call"
        return None

    def lacks(self) -> str | None:
        """What must have been said before a call passes, and was not."""
        if self.asked is None:
            return "which nobody had asked for"
        if self.call is not None:
            return None
        if self.step == LAPSED:
            return "which had lapsed"
        if self.step == APPROVED:
            return "and no entry before it says that it used the approval"
        return "which nobody had approved"


def check(steps: Iterable[TicketStep], *, whole: bool = True) -> tuple[int, int]:
    """How many calls passed with an approval, and of how many that cannot be told.

    Args:
        steps: in the order of the log.
        whole: are all steps there? If not, a ticket whose question is not there is judged only by
            what is.

    Raises:
        Finding: a call passed without an approval.
    """
    tickets: dict[str, _Ticket] = {}
    approved = left = 0
    erased = -1
    for each in steps:
        if each.step == ERASED:
            erased = each.index
            continue
        ticket = tickets.setdefault(each.ticket, _Ticket())
        if each.step != PASSED:
            ticket.follow(each)
            continue
        lacking = ticket.lacks()
        start = 0 if ticket.asked is None else ticket.asked
        excused = erased >= start or ticket.later or not (whole or ticket.asked is not None)
        if wrong := ticket.contradicts(each) or (None if excused else lacking):
            raise tampered(f"it passed under ticket {each.ticket!r}, {wrong}", index=each.index)
        ticket.let = each.index
        approved, left = approved + (lacking is None), left + (lacking is not None)
    return approved, left
