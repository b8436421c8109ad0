"""How calls are asked about that need an approval: `--ask`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from apitrail import when
from apitrail.errors import UsageError
from apitrail.trail.tickets import LONGEST

WAIT, TICKET = "wait", "ticket"
_USUAL = {WAIT: 120.0, TICKET: 3600.0}
_HINT = "write wait, wait=30s, ticket or ticket=8h"
_SPEC = re.compile(r"(wait|ticket)(?:=(.+))?")
HELD = 64
"""Calls that are held at once, unless the configuration says another number."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Calls wait for so many seconds, or are answered at once with a ticket that stands so long."""

    mode: str = WAIT
    seconds: float = _USUAL[WAIT]

    @classmethod
    def parse(cls, text: str) -> Asking:
        """`wait`, `wait=TIME`, `ticket` or `ticket=TIME`; raises UsageError."""
        match = _SPEC.fullmatch(text)
        if match is None:
            raise UsageError(f"not a way to ask: {text!r}", hint=_HINT)
        mode, time = match.groups()
        seconds = when.parse_duration(time).total_seconds() if time else _USUAL[mode]
        if not 1 <= seconds <= LONGEST:
            raise UsageError(f"cannot ask for {time!r}", hint="from 1s to 7d")
        return cls(mode, seconds)

    @property
    def waits(self) -> bool:
        """Are calls held?"""
        return self.mode == WAIT

    def __str__(self) -> str:
        return f"{self.mode}={self.seconds:g}s"
