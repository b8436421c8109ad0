"""One worker as the process that has the trail sees it: what it asks for, and what it has open."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from apitrail import __version__
from apitrail.errors import RecordingError, UsageError
from apitrail.recording.proxy.admission import Guard
from apitrail.recording.proxy.messages import Voice
from apitrail.recording.recorder import Recorder
from apitrail.recording.workers.channel import Acts, Channel
from apitrail.recording.workers.orders import Orders
from apitrail.recording.workers.packing import unpacked
from apitrail.trail.rows import Draft

MODULE = "apitrail.recording.workers.worker"
# How long a worker may take to begin, and to end, in seconds.
BEGINNING = 120.0
ENDING = 5.0

LEARNED = "learned"


@dataclass(frozen=True, slots=True)
class Desk:
    """What stands behind all workers: the recorder with the trail, and what is told beside calls.

    `teach` lets the other workers know what a call has taught.
    """

    recorder: Recorder
    guard: Guard
    voice: Voice
    teach: Callable[[Member, bytes], Awaitable[None]]
    left: Callable[[str], object]


@dataclass(slots=True, eq=False)
class Member:
    """A worker.

    `open` are the intents of calls that it has let through, `connections` the addresses of its
    clients, `doors` the numbers of those whose clients it can deal with. It is `ready` when clients
    may be handed to it.
    """

    desk: Desk
    hands: socket.socket
    process: Process
    channel: Channel = field(init=False)
    open: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    connections: dict[int, str] = field(default_factory=dict)
    doors: set[int] = field(default_factory=set)
    ready: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    _said: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, desk: Desk) -> Self:
        """Start a process; it waits for its orders."""
        ours, theirs = socket.socketpair()
        hands, handed = socket.socketpair()
        with theirs, handed:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", MODULE,
                str(theirs.fileno()), str(handed.fileno()), __version__,
                pass_fds=(theirs.fileno(), handed.fileno()),
                stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE,
            )  # fmt: skip
        hands.setblocking(False)
        member = cls(desk, hands, process)
        member.channel = await Channel.over(ours, member._acts())
        member._said = asyncio.create_task(member._pass_on(), name="worker's words")
        return member

    async def order(self, orders: Orders) -> None:
        """Have it make itself ready.

        Raises:
            UsageError: it cannot.
        """
        try:
            async with asyncio.timeout(BEGINNING):
                await self.channel.ask("orders", orders.dump())
                # What is learned from now on is waited for.
                self.ready = True
                await self.channel.ask("ready")
        except (RecordingError, TimeoutError) as error:
            self.ready = False
            self.process_kill()
            status = await self.process.wait()
            raise UsageError(
                f"a worker did not start (status {status})",
                hint="`apitrail record --workers 0` does without; after an update, restart the recorder",
            ) from error

    def process_kill(self) -> None:
        """End it, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    async def end(self) -> None:
        """Let it go, and wait until it is gone."""
        self.ready = False
        self.channel.close()
        self.hands.close()
        try:
            async with asyncio.timeout(ENDING):
                await self.process.wait()
        except TimeoutError:
            self.process_kill()
            await self.process.wait()
        if self._said is not None:
            await self._said

    async def account(self) -> None:
        """It is gone: nobody will know how the calls ended that it had let through."""
        left, self.open = self.open, {}
        await asyncio.gather(
            *(self._give_up(key, facets) for key, facets in left.items()), return_exceptions=True
        )

    async def _give_up(self, key: str, facets: Mapping[str, bytes]) -> None:
        draft = await self.desk.recorder.holding.settled(key, facets)
        self.desk.recorder.tally.call(None if draft.row is None else draft.row.run)
        with contextlib.suppress(RecordingError):
            await self._write(draft, key)

    # -- what it asks for and tells ------------------------------------------------------------

    def _acts(self) -> Acts:
        tally, desk = self.desk.recorder.tally, self.desk
        counts: Mapping[str, Callable[..., object]] = {
            "call": tally.call, "deny": tally.deny, "reject": tally.reject,
            "refuse_ambiguous": tally.refuse_ambiguous, "doubt": tally.doubt,
        }  # fmt: skip
        return Acts(
            lost=self._lose,
            answers={"begin": self._begin, "append": self._append, "withdraw": self._withdraw},
            hears={
                "count": lambda name, *about: counts[name](*about),
                "refused": desk.recorder.refusals.add,
                "unnamed": self._meet_unnamed,
                "tunnelled": desk.guard.count,
                "say": desk.voice.say,
                "left": self._leave,
            },
        )

    async def _begin(self, key: str, facets: Mapping[str, bytes]) -> None:
        self.desk.recorder.must_be_open()
        await self.desk.recorder.intend(key, facets)
        if self.gone.is_set():
            # It was not told that the call may pass.
            await self.desk.recorder.trail.withdraw(key)
            return
        self.open[key] = facets

    async def _withdraw(self, key: str) -> None:
        if self.open.pop(key, None) is not None:
            await self.desk.recorder.trail.withdraw(key)

    async def _append(self, plain: Sequence[Any], settles: str | None) -> int:
        self.desk.recorder.must_be_open()
        draft = unpacked(plain)
        if settles is not None and self.open.pop(settles, None) is None:
            raise RecordingError("how this call ended is written already")
        if LEARNED not in draft.facets:
            return await self._write(draft, settles)
        # The answer is released when every worker knows what it teaches.
        index, _ = await asyncio.gather(
            self._write(draft, settles), self.desk.teach(self, draft.facets[LEARNED])
        )
        return index

    async def _write(self, draft: Draft, settles: str | None) -> int:
        recorder = self.desk.recorder
        if settles is None:
            return await recorder.trail.append(draft)
        with recorder.commits.timed(settles):
            return await recorder.trail.append(draft, settles=settles)

    def _meet_unnamed(self, key: str) -> None:
        self.desk.recorder.unnamed(key)

    def _leave(self, connection: int) -> None:
        if (address := self.connections.pop(connection, None)) is not None:
            self.desk.left(address)

    def _lose(self) -> None:
        self.ready = False
        for connection in list(self.connections):
            self._leave(connection)
        self.gone.set()

    async def _pass_on(self) -> None:
        """What a worker writes on its stderr, which is little: Python's own words of a defect."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.desk.voice.say(f"a worker: {line.decode('utf-8', 'replace').rstrip()}", "error")
