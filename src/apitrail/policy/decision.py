"""What a guard says of a call, and by which statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from apitrail.codec import Json
from apitrail.event import WITHHOLDING
from apitrail.valueclass import valueclass

PENDING, LAPSED, LEFT, STOPPED, FULL = "pending", "lapsed", "left", "stopped", "full"
REFUSED, APPROVED, UNWRITTEN = "denied", "approved", "unwritten"
"""What became of a call that needed an approval."""

# What its caller is told, and what to do next.
_TOLD: dict[str, tuple[str, str]] = {
    PENDING: ("approval pending, ticket {ticket}",
              "repeat the same call once ticket {ticket} is approved; it then passes once"),
    LAPSED: ("nobody approved it in time, ticket {ticket}",
             "find somebody who approves calls here, then make it again"),
    REFUSED: ("ticket {ticket} was denied{note}", "do not repeat it; ask who denied it"),
    LEFT: ("its client left before it was approved, ticket {ticket}",
           "wait longer for an answer, or have calls answered with a ticket (--ask ticket)"),
    STOPPED: ("the recorder stopped before it was approved, ticket {ticket}", "make it again"),
    UNWRITTEN: ("the approval could not be written down, ticket {ticket}", "make it again"),
    FULL: ("too many calls wait for an approval", "make it again when fewer wait"),
}  # fmt: skip

type Effect = Literal["allow", "deny", "ask", "watch"]

DENIED = "AccessDenied"
"""The error code of a call that a guard refused."""

# The strictest wins.
STRICTNESS: dict[Effect, int] = {"allow": 0, "watch": 1, "ask": 2, "deny": 3}


@valueclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Allow, deny, ask or watch.

    `statement` is the statement's Sid, or its number where it has none; None where no statement
    decided: nothing allows the call, or it cannot be told (`reason`). `would` is what would have been
    decided, where the guards only watch. `policy` is the SHA-256 (hex) of the guard's text.

    Of a call that needed an approval, `ticket` is the question, `outcome` what became of it, and `note`
    why it was denied. One that was approved has the effect allow. `spent` are the budgets that the
    statement rests on, each with what would be spent if the call left.
    """

    effect: Effect
    guard: str | None = None
    policy: str | None = None
    statement: str | None = None
    action: str | None = None
    resource: str | None = None
    reason: str | None = None
    would: Effect | None = None
    ticket: str | None = None
    outcome: str | None = None
    note: str = ""
    spent: Mapping[str, str] = field(default_factory=dict)

    @property
    def refuses(self) -> bool:
        """May the call not leave?"""
        return self.effect in WITHHOLDING

    def told(self) -> dict[str, Json]:
        """What the log keeps of it. Resources are told elsewhere, without their secrets."""
        members = {
            "effect": self.effect, "guard": self.guard, "policy": self.policy,
            "statement": self.statement, "action": self.action, "reason": self.reason,
            "would": self.would, "ticket": self.ticket, "outcome": self.outcome,
        }  # fmt: skip
        told: dict[str, Json] = {k: value for k, value in members.items() if value is not None}
        return told | ({"spent": dict(self.spent)} if self.spent else {})

    def sentence(self, who: str) -> str:
        """Why the call was refused, in AWS's words; the log keeps it. It names no resource."""
        return self._sentence(who, "")

    def answer(self, who: str, entry: int | None) -> str:
        """What the caller is told: the sentence, the log's entry where it is known, and what to ask for."""
        on = "" if self.resource in (None, "*") else f" on resource: {self.resource}"
        where = "" if entry is None else f", entry {entry}"
        said = f"{self._sentence(who, on)}{where}. The call was not sent."
        if self.outcome in _TOLD:
            return f"{said} Hint: {_TOLD[self.outcome][1].format(ticket=self.ticket)}"
        if self.action is None:
            return said
        about = self.action if not on else f"{self.action} on {self.resource}"
        return f"{said} Hint: ask whoever runs this recorder to allow {about}"

    def _sentence(self, who: str, on: str) -> str:
        if self.reason is not None:
            return (
                f"User: {who} is not authorized to make this call: guard {self.guard!r} lets pass "
                f"only what can be told, and {self.reason}"
            )
        return f"User: {who} is not authorized to perform: {self.action}{on} {self._why()}"

    def _why(self) -> str:
        if self.statement is None:
            return f"because no statement of guard {self.guard!r} allows it"
        where = f"in guard {self.guard!r} (statement {self.statement})"
        if self.spent:
            where += ", by which " + " and ".join(
                f"{key} would be {value}" for key, value in self.spent.items()
            )
        if self.effect != "ask":
            return f"with an explicit deny {where}"
        if self.outcome not in _TOLD:
            return f"without an approval {where}"
        became = _TOLD[self.outcome][0].format(ticket=self.ticket, note=self.note)
        return f"without an approval {where}: {became}"
