"""The entry about a call that must be approved: it was asked for, approved, denied, used, or lapsed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from apitrail.codec import Json
from apitrail.errors import FormatError

ASKED, APPROVED, DENIED, USED, LAPSED = "asked", "approved", "denied", "used", "lapsed"
"""The steps of a ticket. `used` and `lapsed` follow an approval: a call left under it, or none did."""

_TEXTS = (
    "event",
    "policy",
    "statement",
    "action",
    "caller",
    "same",
    "by",
    "name",
    "road",
    "reason",
    "stated",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """One step of a ticket.

    `event` is the event id of the call that asked, or that may leave: no held call leaves before an
    entry `approved` or `used` that names it. `guard`, `policy` (SHA-256 of its text), `statement` and
    `action` say what asked for the approval, `caller` for whom, `same` is a keyed digest of what was
    asked, and `until` (Unix milliseconds) ends the ticket.

    `by` is the account of this machine that decided, `name` what that person called themselves,
    `road` the way it came: command, console or link. `stated` is why the caller wants the call, as the
    person who decided was told it.
    """

    KIND: ClassVar = "decision"

    ticket: str
    step: str
    guard: str
    event: str | None = None
    policy: str | None = None
    statement: str | None = None
    action: str | None = None
    caller: str | None = None
    same: str | None = None
    until: int | None = None
    by: str | None = None
    name: str | None = None
    road: str | None = None
    reason: str | None = None
    stated: str | None = None

    @classmethod
    def parse(cls, what: Mapping[str, object]) -> Self:
        """Inverse of `what`; raises FormatError."""
        match what:
            case {"ticket": str(ticket), "step": str(step), "guard": str(guard)}:
                texts = {name: _text(what, name) for name in _TEXTS}
                return cls(ticket=ticket, step=step, guard=guard, until=_time(what), **texts)
            case _:
                raise FormatError("malformed decision: it lacks a ticket, a step or a guard")

    def what(self) -> dict[str, Json]:
        """The content of the entry."""
        told: dict[str, Json] = {"ticket": self.ticket, "step": self.step, "guard": self.guard}
        told |= {name: value for name in _TEXTS if (value := getattr(self, name)) is not None}
        return told | ({} if self.until is None else {"until": self.until})


def _text(what: Mapping[str, object], name: str) -> str | None:
    value = what.get(name)
    if name in what and not isinstance(value, str):
        raise FormatError(f"malformed decision: {name!r} is {value!r:.60}")
    return value if isinstance(value, str) else None


def _time(what: Mapping[str, object]) -> int | None:
    value = what.get("until")
    if "until" in what and type(value) is not int:
        raise FormatError(f"malformed decision: 'until' is {value!r:.60}")
    return value if isinstance(value, int) else None
