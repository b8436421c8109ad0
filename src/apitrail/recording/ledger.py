"""What a recorder needs of the trail it writes to, which may be in another process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from apitrail.trail.rows import Draft
from apitrail.trail.writer import Settled


class Ledger(Protocol):
    """A trail as the recorder of calls sees it; see `trail.writer.Trail` for what each promises."""

    @property
    def origin(self) -> str:
        """The log's name."""

    @property
    def owed(self) -> int:
        """How many entries the disk has refused so far."""

    async def begin(self, key: str, facets: Mapping[str, bytes]) -> None:
        """Make an intent durable; raises RecordingError."""

    async def withdraw(self, key: str) -> None:
        """The call of an intent was not let through after all."""

    async def append(self, draft: Draft) -> int:
        """Make an entry durable; gives its index, or raises RecordingError."""

    async def settle(self, draft: Draft, call: str) -> int | None:
        """Make the entry of a call durable and its intent done, or raise RecordingError.

        Gives the entry's index; None where it is durable before the log has it.
        """

    async def recover(self, settled: Settled | None = None) -> int:
        """Account for calls that a crash has left; gives how many those were."""
