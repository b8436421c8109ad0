"""A worker's side of what the process that has the trail keeps: entries, counts, refusals."""

from __future__ import annotations

from collections.abc import Mapping

from apitrail import places
from apitrail.recording.proxy.admission import Guard
from apitrail.recording.proxy.authentication import Logins
from apitrail.recording.proxy.destination import Destinations
from apitrail.recording.refusals import Refusals
from apitrail.recording.tally import Tally
from apitrail.recording.workers.channel import Channel
from apitrail.recording.workers.packing import packed
from apitrail.trail.rows import Draft
from apitrail.trail.writer import Settled


class RemoteTrail:
    """The trail of another process. What it has answered is on the disk."""

    def __init__(self, channel: Channel, origin: str) -> None:
        self._channel = channel
        self.origin = origin

    @property
    def owed(self) -> int:
        """The owner knows, and refuses intents meanwhile."""
        return 0

    async def begin(self, key: str, facets: Mapping[str, bytes]) -> None:
        """Make an intent durable, and the statement of calls that were refused before it."""
        await self._channel.ask("begin", key, dict(facets))

    async def withdraw(self, key: str) -> None:
        """The call of an intent was not let through after all."""
        await self._channel.ask("withdraw", key)

    async def append(self, draft: Draft, *, settles: str | None = None) -> int:
        """Make an entry durable and an intent done; gives its index."""
        index: int = await self._channel.ask("append", packed(draft), settles)
        return index

    async def recover(self, settled: Settled | None = None) -> int:  # noqa: ARG002
        """The owner has done it."""
        return 0


class ToldTally(Tally):
    """Counts that are another process's."""

    __slots__ = ("_channel",)

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self._channel = channel

    def call(self, run: str | None) -> None:
        """A call of this run, if of any, has its entry."""
        self._channel.tell("count", "call", run)

    def deny(self, run: str | None) -> None:
        """A guard refused a call; its entry is written."""
        self._channel.tell("count", "deny", run)

    def reject(self) -> None:
        """A call was refused for its signature."""
        self._channel.tell("count", "reject")

    def refuse_ambiguous(self) -> None:
        """A call was refused since it can be read in two ways."""
        self._channel.tell("count", "refuse_ambiguous")

    def doubt(self) -> None:
        """A call was recorded with a doubt."""
        self._channel.tell("count", "doubt")


class ToldRefusals(Refusals):
    """Refusals that another process writes down, before it lets the next call of any worker pass."""

    def __init__(self, trail: RemoteTrail, channel: Channel) -> None:
        super().__init__(trail, places.clock)
        self._channel = channel

    def add(self, reason: str) -> None:
        """One more call was refused."""
        self._channel.tell("refused", reason)

    async def state(self) -> None:
        """`begin` has done so."""


class ToldGuard(Guard):
    """Decides as any, and tells what is tunnelled."""

    def __init__(
        self, destinations: Destinations, logins: Logins, channel: Channel, *, listed_only: bool
    ) -> None:
        super().__init__(destinations, logins, listed_only=listed_only)
        self._channel = channel

    def count(self, host: str) -> None:
        """Something is tunnelled to `host`."""
        self._channel.tell("tunnelled", host)
