"""A worker's side of what the process that has the trail keeps: entries, counts, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from apitrail import places
from apitrail.errors import RecordingError
from apitrail.recording.proxy.admission import Guard
from apitrail.recording.proxy.authentication import Logins
from apitrail.recording.proxy.destination import Destinations
from apitrail.recording.refusals import Refusals
from apitrail.recording.tally import Tally
from apitrail.recording.workers.channel import Channel
from apitrail.recording.workers.convoy import Convoy
from apitrail.recording.workers.journaling import Journaling
from apitrail.recording.workers.packing import packed
from apitrail.trail.rows import Draft
from apitrail.trail.writer import Settled

LEARNED = "learned"
# What is of more bytes is the owner's to write: it would be written twice.
LARGE = 64 * 1024
# As many entries at most are on their way to the log while their calls have ended.
UNDERWAY = 128
# How late the owner hears how many calls are in flight, where it does not ask, in seconds.
TOLD = 0.05


class RemoteTrail:
    """The trail of another process.

    While nothing is owed to the log, a worker makes intents durable by itself, in its journal, and how their
    calls have ended too: the answer is released, and the owner writes the entry meanwhile. Else
    it asks the owner, and waits.
    """

    def __init__(
        self, channel: Channel, origin: str, path: Path, *, receipts: bool,
        held: Callable[[str], bool] = lambda _call: False,
    ) -> None:  # fmt: skip
        """`receipts` are wanted, which name the entry of each call; `held` are calls that the owner decides about."""
        self._channel = channel
        self.origin = origin
        self.refused = 0
        self._receipts = receipts
        self._held = held
        self._journal = Journaling(path)
        self._allowed: int | None = None
        self._convoy = Convoy(channel, self._journal.gone)
        self._awaited: set[asyncio.Future[int]] = set()
        self._facets: dict[str, Mapping[str, bytes]] = {}
        self._said = 0
        self._telling: asyncio.TimerHandle | None = None

    @property
    def owed(self) -> int:
        """The owner knows, and refuses intents meanwhile."""
        return 0

    @property
    def flying(self) -> int:
        """How many calls it has let through by itself and that have not ended."""
        return len(self._journal.flying)

    def allow(self, stated: int | None) -> None:
        """From now on intents are made here, if the log says all `stated` refusals; None where they are not."""
        self._allowed = stated

    async def begin(self, key: str, facets: Mapping[str, bytes]) -> None:
        """Make an intent durable, and the statement of calls that were refused before it."""
        if self._allowed == self.refused and _size(facets) <= LARGE and not self._held(key):
            try:
                await self._journal.begin(key, facets)
            except RecordingError:
                pass  # the owner may have a disk that takes it
            else:
                self._facets[key] = facets
                self._count()
                return
        await self._channel.ask("begin", key, dict(facets))

    async def withdraw(self, key: str) -> None:
        """The call of an intent was not let through after all."""
        if self._facets.pop(key, None) is None:
            await self._channel.ask("withdraw", key)
        else:
            self._journal.gone(key)

    async def append(self, draft: Draft) -> int:
        """Make an entry durable; gives its index."""
        self._convoy.send()  # the log has entries in the order in which calls ended here
        index: int = await self._channel.ask("append", packed(draft), None)
        return index

    async def settle(self, draft: Draft, call: str) -> int | None:
        """Make the entry of a call durable and its intent done.

        Gives its index; None where the journal has it, and the log will have it soon.
        """
        begun = self._facets.pop(call, None)
        if begun is None:
            self._convoy.send()
            index: int = await self._channel.ask("append", packed(draft), call)
            return index
        try:
            if self._waits(draft):
                self._convoy.send()
                return await self._enter(draft, call)
            load = self._convoy.take(call, packed(draft))
            new = {tag: data for tag, data in draft.facets.items() if begun.get(tag) != data}
            with suppress(RecordingError):  # then the entry itself is waited for
                await self._journal.end(call, draft.kind, new)
                return None
            return await self._convoy.index_of(call, load)
        finally:
            self._journal.flying.discard(call)
            self._count()

    def _waits(self, draft: Draft) -> bool:
        """Must the log have this entry before its answer is released?"""
        return (
            self._receipts or LEARNED in draft.facets or self._convoy.underway > UNDERWAY
            or _size(draft.facets) > LARGE
        )  # fmt: skip

    async def _enter(self, draft: Draft, call: str) -> int:
        """Have the entry of a call written that the journal has, and wait for it, even where nobody else does."""
        entering = self._channel.put("enter", packed(draft), call)
        self._awaited.add(entering)
        entering.add_done_callback(partial(self._entered, call))
        return await asyncio.shield(entering)

    def _entered(self, call: str, entering: asyncio.Future[int]) -> None:
        self._awaited.discard(entering)
        # One that is owed the journal keeps: the owner may end before it is written.
        if not entering.cancelled() and entering.exception() is None:
            self._journal.gone(call)

    def count(self, run: str | None) -> None:
        """One more call, of this run, if of any: the owner hears of it soon."""
        self._convoy.count(run)

    def send(self) -> None:
        """Let nothing wait that the owner is to be told."""
        self._convoy.send()

    async def entered(self) -> None:
        """Wait until the log has, or owes, all entries that are on their way to it."""
        await self._convoy.entered()
        while self._awaited:
            await asyncio.wait(self._awaited)

    async def scrub(self, keys: Sequence[str]) -> None:
        """Leave nothing of these calls in the journal; raises RecordingError."""
        await self._journal.scrub(keys)

    async def recover(self, settled: Settled | None = None) -> int:  # noqa: ARG002
        """The owner has done it."""
        return 0

    def _count(self) -> None:
        """Let the owner know soon how many calls are in flight, if that stays so."""
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(TOLD, self._tell)

    def _tell(self) -> None:
        self._telling = None
        if self.flying != self._said:
            self._said = self.flying
            self._channel.tell("in-flight", self._said)


def _size(facets: Mapping[str, bytes]) -> int:
    return sum(map(len, facets.values()))


class ToldTally(Tally):
    """Counts that are another process's."""

    __slots__ = ("_channel", "_trail")

    def __init__(self, trail: RemoteTrail, channel: Channel) -> None:
        super().__init__()
        self._trail = trail
        self._channel = channel

    def call(self, run: str | None) -> None:
        """A call of this run, if of any, has its entry."""
        self._trail.count(run)

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
        self._remote = trail
        self._channel = channel

    def add(self, reason: str) -> None:
        """One more call was refused."""
        self._remote.refused += 1
        self._channel.tell("refused", reason)

    async def state(self) -> None:
        """`begin` has done so: it asks the owner while a refusal is not stated."""


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
