"""Calls that were refused because they could not be recorded, until the log says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from apitrail.recording.ledger import Ledger
from apitrail.trail import statements
from apitrail.trail.statements import Refused


@dataclass(slots=True)
class Refusals:
    """Counts refusals; `state` writes them down. `clock` gives Unix milliseconds."""

    trail: Ledger
    clock: Callable[[], int]
    total: int = 0
    _open: Refused | None = None
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def unstated(self) -> bool:
        """Is the log yet to say of a refusal?"""
        return self._open is not None or self._one.locked()

    def add(self, reason: str) -> None:
        """One more call was refused."""
        self.total += 1
        now, before = self.clock(), self._open
        self._open = Refused(
            start=before.start if before else now, end=now,
            calls=before.calls + 1 if before else 1, reason=reason,
        )  # fmt: skip

    async def state(self) -> None:
        """Have the log say what was refused so far, if anything was.

        Raises:
            RecordingError: not yet; the trail owes it and writes it before anything else.
        """
        # Others wait meanwhile: no call passes before the statement is durable.
        async with self._one:
            if (said := self._open) is not None:
                draft = statements.draft(said)
                self._open = None
                await self.trail.append(draft)
