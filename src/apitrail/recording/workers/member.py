"""One worker as the process that has the trail sees it: what it asks for, and what it has open."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from apitrail import __version__
from apitrail.codec import Json
from apitrail.errors import RecordingError, UsageError
from apitrail.policy.decision import Decision
from apitrail.recording.holding import Waiting
from apitrail.recording.proxy.admission import Guard
from apitrail.recording.proxy.messages import Voice
from apitrail.recording.recorder import Recorder
from apitrail.recording.workers import doors
from apitrail.recording.workers.channel import Acts, Channel
from apitrail.recording.workers.growth import Load
from apitrail.recording.workers.orders import Orders
from apitrail.recording.workers.packing import (
    packed_decision,
    unpacked,
    unpacked_decision,
    unpacked_drawn,
    unpacked_question,
)
from apitrail.recording.workers.pulse import Pulse, answers
from apitrail.recording.workers.remote import LEARNED
from apitrail.trail.journal import Left
from apitrail.trail.rows import Draft
from apitrail.trail.writer import Trail, recovered

MODULE = "apitrail.recording.workers.worker"
# How long a worker may take to begin, and to end, in seconds.
BEGINNING = 120.0
ENDING = 5.0


@dataclass(frozen=True, slots=True)
class Desk:
    """What stands behind all workers: the recorder with the trail, and what is told beside calls.

    `trail` is the recorder's. `weigh` finds out whether workers may make intents themselves, and tells them
    where that has changed. `teach` lets the other workers know what a call has taught. `left` is told the address of a client that
    has left, `again` takes a connection that a worker has not taken in, with its door and address;
    `changed` hears of a worker that has fallen silent, or answers again.
    """

    recorder: Recorder
    trail: Trail
    guard: Guard
    voice: Voice
    weigh: Callable[[], None]
    teach: Callable[[Member, bytes], Awaitable[None]]
    left: Callable[[str], object]
    again: Callable[[int, socket.socket, str], object]
    changed: Callable[[Member], object]


@dataclass(slots=True, eq=False)
class Member:
    """A worker.

    `journal` is the file where it writes the calls that it lets through by itself, and `told` says how
    many of those are in flight. `open` are the intents that the owner has made for it, `seeking` those that seek an
    approval, each with what is done when its client leaves, `drawn` those that draw on a budget.
    `connections` are the addresses of its clients, `doors` the numbers of those whose clients it can
    deal with. It is `ready` when clients may be handed to it: through `hands`, the other end of which is
    `handed`, as it is in the worker. One that `leaves` gets no more clients, and ends when it has none; it
    is `drained` then. `busy` is
    how much of a core it has taken lately.
    """

    desk: Desk
    hands: socket.socket
    handed: socket.socket
    process: Process
    journal: Path
    channel: Channel = field(init=False)
    pulse: Pulse = field(init=False)
    open: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    seeking: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    drawn: set[str] = field(default_factory=set)
    connections: dict[int, str] = field(default_factory=dict)
    doors: set[int] = field(default_factory=set)
    ready: bool = False
    leaves: bool = False
    drained: bool = False
    busy: float = 0.0
    told: int = 0
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    _refused: int = 0
    _allowed: int | None = None
    _spent: tuple[float, float] | None = None
    _entering: set[asyncio.Task[Any]] = field(default_factory=set)
    _sought: asyncio.Event = field(default_factory=asyncio.Event)
    _said: asyncio.Task[None] = field(init=False)

    @property
    def takes(self) -> bool:
        """Are clients handed to it?"""
        return self.ready and not self.leaves and not self.pulse.silent

    @property
    def load(self) -> Load:
        """What it has to do."""
        return Load(self.busy, len(self.connections))

    @property
    def in_flight(self) -> int:
        """How many calls it has let through, as far as is known."""
        return self.told + sum(key not in self.seeking for key in self.open)

    @classmethod
    async def start(cls, desk: Desk, journal: Path) -> Self:
        """Start a process; it waits for its orders."""
        ours, theirs = socket.socketpair()
        hands, handed = socket.socketpair()
        for end in (hands, handed):
            end.setblocking(False)
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", MODULE,
                str(theirs.fileno()), str(handed.fileno()), __version__,
                pass_fds=(theirs.fileno(), handed.fileno()),
                stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE,
            )  # fmt: skip
        member = cls(desk, hands, handed, process, journal)
        channel = await Channel.over(ours, member._acts())
        member.channel = channel
        member.pulse = Pulse(member._feel, member._change, member.process_kill)
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
        """End it, whatever it does; nobody waits for it, though the system may take its time."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.channel.abort()

    async def end(self) -> None:
        """Let it go, and wait until it is gone."""
        self.ready = False
        self.channel.close()
        for end in (self.hands, self.handed):
            end.close()
        if not await self._ends():
            self.process_kill()
            if not await self._ends():
                # It hangs in the system, as on a disk that is gone. It will not run again.
                self.desk.voice.say(f"worker {self.process.pid} was killed and does not end", "error")  # fmt: skip
                self._said.cancel()
        await asyncio.wait((self._said,))

    async def _ends(self) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ENDING):
                await self.process.wait()
                return True
        return False

    def lost(self, *, again: bool) -> str:
        """What there is to say of one that has ended by itself, and is started `again` or not."""
        status = self.process.returncode or 0
        how = f"killed by signal {-status}" if status < 0 else f"status {status}"
        if self.pulse.silent:
            how = "it stood still"
        then = "another one is started" if again else "the others go on"
        return (
            f"worker {self.process.pid} has ended ({how}): its connections are cut, calls that it had let through are "
            f"recorded as unknown, and {then}"
        )

    async def account(self) -> None:
        """It is gone: nobody will know how the calls ended that it had let through, but what its journal says."""
        await self._seek_no_more()
        # What it has sent is written first: then the log says which calls of the journal it has.
        if self._entering:
            await asyncio.wait(self._entering)
        left, self.open, self.told = self.open, {}, 0
        found, readable = await self._in_journal()
        # The owner was asked for those that the journal could not take.
        alone = [each for each in found if each.key not in left]
        drawn, self.drawn = self.drawn, set()
        for call in drawn - left.keys() - {each.key for each in alone}:
            self.desk.recorder.gate.release(call)
        given_up = self.desk.recorder.holding.given_up
        drafts = [(key, given_up(key, facets), True) for key, facets in left.items()]
        drafts += [(each.key, recovered(each), False) for each in alone]
        given = await asyncio.gather(
            *(self._give_up(*each) for each in drafts), return_exceptions=True
        )
        if readable and not any(given):
            await self.desk.trail.forget(self.journal)

    async def _in_journal(self) -> tuple[list[Left], bool]:
        """Its calls without an entry, and whether that could be found; else the next recorder looks again."""
        try:
            return await self.desk.trail.left_in(self.journal), True
        except RecordingError as error:
            self.desk.voice.say(f"what a worker has left cannot be read: {error}", "error")
            return [], False

    async def _give_up(self, key: str, draft: Draft, owned: bool) -> None:
        recorder = self.desk.recorder
        run = None if draft.row is None else draft.row.run
        if draft.kind == "denied":
            recorder.gate.release(key)
            recorder.tally.deny(run)
        else:
            recorder.gate.close(key)
            recorder.tally.call(run)
        await recorder.append(draft, key if owned else None)

    # -- what it asks for and tells ------------------------------------------------------------

    def _acts(self) -> Acts:
        tally, desk = self.desk.recorder.tally, self.desk
        counts: Mapping[str, Callable[..., object]] = {
            "deny": tally.deny, "reject": tally.reject,
            "refuse_ambiguous": tally.refuse_ambiguous, "doubt": tally.doubt,
        }  # fmt: skip
        return Acts(
            lost=self._lose,
            answers={
                "begin": self._begin, "append": self._append, "withdraw": self._withdraw,
                "enter": self._enter, "enter-all": self._enter_all, "decide": self._decide, "seek": self._seek,
            },
            hears={
                "count": lambda name, *about: counts[name](*about),
                "calls": self._hear_of_calls,
                "refused": self._refuse,
                "in-flight": self._hear_in_flight,
                "unnamed": self._meet_unnamed,
                "tunnelled": desk.guard.count,
                "say": desk.voice.say,
                "left": self._leave,
                "departed": self._depart,
                "spent": self._spend,
                "outcome-unknown": self._spend_all,
                "released": self._release,
            },
        )  # fmt: skip

    async def _begin(self, key: str, facets: Mapping[str, bytes]) -> None:
        self.desk.recorder.must_be_open()
        try:
            await self.desk.recorder.intend(key, facets)
        finally:
            self.desk.weigh()
        if self.gone.is_set():
            # It was not told that the call may pass.
            await self.desk.recorder.trail.withdraw(key)
            return
        self.open[key] = facets

    def allow(self, clear: bool) -> None:
        """Let it make intents itself, where the log says of each call that it has refused; or not."""
        allowed = self._refused if clear else None
        if allowed != self._allowed:
            self.channel.tell("allow", allowed)
            self._allowed = allowed

    def _refuse(self, reason: str) -> None:
        self._refused += 1
        self.desk.recorder.refusals.add(reason)
        self.desk.weigh()

    def _hear_of_calls(self, runs: Sequence[str | None]) -> None:
        for run in runs:
            self.desk.recorder.tally.call(run)

    def _hear_in_flight(self, number: int) -> None:
        self.told = number

    async def recount(self) -> object:
        """Have it tell how many calls are in flight."""
        self.told = await self.channel.ask("count")
        return self.told

    async def _withdraw(self, key: str) -> None:
        if self.open.pop(key, None) is not None:
            await self.desk.recorder.trail.withdraw(key)

    async def _enter(self, plain: Sequence[Any], call: str) -> int | None:
        """Write the entry of a call whose intent the worker has made itself, and which it waits for."""
        with self._writes(), self.desk.recorder.commits.timed(call):
            return await self._write(unpacked(plain), None)

    async def _enter_all(
        self, calls: Sequence[str], plain: Sequence[Sequence[Any]]
    ) -> list[int | str]:
        """Write the entries of calls that a journal has; gives of each its index, or why it is owed."""
        recorder, trail = self.desk.recorder, self.desk.trail
        recorder.must_be_open()
        with self._writes():
            entering = [trail.put(unpacked(each), hurried=False) for each in plain]
            for call in calls:
                recorder.commits.begin(call)
            found = await asyncio.gather(*entering, return_exceptions=True)
            for call, each in zip(calls, found, strict=True):
                recorder.commits.end(call, None if isinstance(each, int) else type(each))
        if any(not isinstance(each, int) for each in found):
            self.desk.weigh()
        return [each if isinstance(each, int) else str(each) for each in found]

    @contextlib.contextmanager
    def _writes(self) -> Iterator[None]:
        """Within, entries are written that a journal has."""
        task = asyncio.current_task()
        assert task is not None
        self._entering.add(task)
        try:
            yield
        finally:
            self._entering.discard(task)

    async def _append(self, plain: Sequence[Any], settles: str | None) -> int | None:
        draft = unpacked(plain)
        if settles is not None and self.open.pop(settles, None) is None:
            raise RecordingError("how this call ended is written already")
        return await self._write(draft, settles)

    async def _write(self, draft: Draft, settles: str | None) -> int | None:
        recorder = self.desk.recorder
        recorder.must_be_open()
        try:
            if LEARNED not in draft.facets:
                return await recorder.append(draft, settles)
            # The answer is released when every worker knows what it teaches.
            index, _ = await asyncio.gather(
                recorder.append(draft, settles), self.desk.teach(self, draft.facets[LEARNED])
            )
        except RecordingError:
            self.desk.weigh()
            raise
        return index

    # -- guards that have budgets, or ask ------------------------------------------------------

    async def _decide(self, call: str, question: Sequence[Any], drawn: Sequence[Any]) -> object:
        decision = self.desk.recorder.gate.rule(
            call, unpacked_question(question), unpacked_drawn(drawn)
        )
        if decision.effect != "deny":
            self.drawn.add(call)
        return packed_decision(decision)

    def _spend(self, call: str, drawn: Sequence[Any]) -> None:
        self.drawn.discard(call)
        self.desk.recorder.gate.settle(call, unpacked_drawn(drawn))

    def _spend_all(self, call: str) -> None:
        self.drawn.discard(call)
        self.desk.recorder.gate.close(call)

    def _release(self, call: str) -> None:
        self.drawn.discard(call)
        self.desk.recorder.gate.release(call)

    async def _seek(
        self, call: str, who: str, same: str, asked: Sequence[Any], waits: bool
    ) -> object:
        """It may let a call leave only if this answers so, and what it rests on is durable then."""

        async def prepare(decision: Decision, *, leaves: bool) -> Mapping[str, Json]:
            shown: Mapping[str, Json] = await self.channel.ask(
                "prepare", call, packed_decision(decision), leaves
            )
            return shown

        self.seeking[call] = left = asyncio.get_running_loop().create_future()
        waiting = Waiting(call, who, same, left if waits else None)
        try:
            decision, begun = await self.desk.recorder.holding.seek(
                unpacked_decision(asked), waiting, prepare
            )
        finally:
            del self.seeking[call]
            self._sought.set()
        return [packed_decision(decision), begun]

    def _depart(self, call: str) -> None:
        """The client of a call that is held has left."""
        left = self.seeking.get(call)
        if left is not None and not left.done():
            left.set_result(None)

    async def _seek_no_more(self) -> None:
        """What it sought is decided: nothing of it may leave any more."""
        for call in self.seeking:
            self._depart(call)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ENDING):
                while self.seeking:
                    self._sought.clear()
                    await self._sought.wait()

    def _meet_unnamed(self, key: str) -> None:
        self.desk.recorder.unnamed(key)

    def _leave(self, connection: int) -> None:
        if (address := self.connections.pop(connection, None)) is not None:
            self.desk.left(address)

    async def _feel(self) -> None:
        """Does it answer? It says how many seconds of a core it has taken in all."""
        spent, now = float(await self.channel.ask("alive")), time.monotonic()
        if self._spent is not None and now > self._spent[1]:
            self.busy = (spent - self._spent[0]) / (now - self._spent[1])
        self._spent = spent, now

    def _change(self) -> None:
        if self.pulse.silent:
            self._hand_back()
        self.desk.changed(self)

    def _hand_back(self) -> None:
        """What was handed to it and it has not taken in goes to others."""
        with contextlib.suppress(OSError):
            while doors.has_room(self.handed) and (found := doors.handed(self.handed)) is not None:
                door, connection, client = found
                address = self.connections[connection]
                self._leave(connection)
                self.desk.again(door, client, address)

    def _lose(self) -> None:
        self.ready = False
        self._hand_back()
        for call in self.seeking:
            self._depart(call)
        for connection in list(self.connections):
            self._leave(connection)
        self.gone.set()

    async def _pass_on(self) -> None:
        """What a worker writes on its stderr, which is little: Python's own words of a defect."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.desk.voice.say(f"a worker: {line.decode('utf-8', 'replace').rstrip()}", "error")


async def done(
    members: Sequence[Member], patience: float | None, act: str, *about: object
) -> list[Member]:
    """Have workers do something, and wait for those that answer; gives those that have not done it."""
    asked = {each: asyncio.ensure_future(each.channel.ask(act, *about)) for each in members}
    for future in asked.values():
        future.add_done_callback(heard)
    await answers({each.pulse: future for each, future in asked.items()}, patience)
    return [each for each, future in asked.items() if not future.done()]


def heard(future: asyncio.Future[object]) -> None:
    """Nobody else may look whether a worker that is gone was reached."""
    if not future.cancelled():
        future.exception()
