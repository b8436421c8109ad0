"""The workers of a recorder: started, fed with connections, and started again when one is lost."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import socket
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from apitrail.errors import FormatError, UsageError, reason
from apitrail.insights.insight_settings import InsightSettings
from apitrail.recording import lessons
from apitrail.recording.anchor_settings import Anchors
from apitrail.recording.approval_settings import Approvals
from apitrail.recording.authority.authority import Authority
from apitrail.recording.authority.ca_files import CaFiles
from apitrail.recording.config_file import Configuration
from apitrail.recording.front import RunFacts
from apitrail.recording.proxy import patience
from apitrail.recording.proxy.admission import Guard
from apitrail.recording.proxy.destination import Upstream
from apitrail.recording.proxy.messages import Voice, safe
from apitrail.recording.proxy.modes import LOOPBACK, Listener, apart, check_mode, listen_error
from apitrail.recording.recorder import Recorder
from apitrail.recording.settings import Settings
from apitrail.recording.workers import doors
from apitrail.recording.workers.doors import Door
from apitrail.recording.workers.hiring import Hiring
from apitrail.recording.workers.member import ENDING, Desk, Member, done, heard
from apitrail.recording.workers.orders import Orders
from apitrail.recording.workers.pulse import NONE_LEFT, STILL, Rounds, answers
from apitrail.trail import journal
from apitrail.trail.writer import Trail

logger = logging.getLogger("apitrail")

# How long an answer that taught something waits for a worker to learn it, in seconds. One that does
# not answer for so long deals with no call either; it learns before it reads the next one.
LEARNING = 5.0
# How long a command waits for a worker that stands still, in seconds.
ANSWERING = 10.0
# A worker that was lost so soon after its start is started again after a rest, twice as long each
# time, up to the second number. Seconds.
SOON = 10.0
LONGEST_REST = 30.0
# How long a connection waits before it is tried again to hand it to workers that have too many.
FULL = 0.05


class Crew:
    """The workers of one recorder; make it with `start`."""

    def __init__(
        self,
        recorder: Recorder,
        trail: Trail,
        guard: Guard,
        settings: Settings,
        configured: Configuration,
        directory: Path,
        authority: Authority,
        voice: Voice,
    ) -> None:
        self.guard = guard
        self._recorder = recorder
        self._settings = replace(settings, modes=tuple(apart(settings.modes)))
        self._configured = configured
        self._directory = directory
        self._authorities = [authority]
        self._voice = voice
        self._desk = Desk(
            recorder, trail, guard, voice, self._weigh, self._teach, self._left, self._again, self._changed,
        )  # fmt: skip
        self._members: list[Member] = []
        self._doors: list[Door] = []
        # What workers that begin later are told first: acts with what each is about.
        self._acts: list[tuple[object, ...]] = []
        self._numbers, self._connections = count(), count()
        self._journals = map(partial(journal.path_of, directory), count(1))
        self._inside: Counter[str] = Counter()
        self._limits = settings.limits or configured.limits
        self._manned = asyncio.Event()
        self._ending = False
        self._keepers: set[asyncio.Task[None]] = set()
        self._rounds = Rounds(lambda: (each.pulse for each in self._members if each.ready))
        self._rounding: asyncio.Task[None]
        self._returned: set[asyncio.Task[None]] = set()

    @classmethod
    async def start(
        cls,
        recorder: Recorder,
        trail: Trail,
        guard: Guard,
        settings: Settings,
        configured: Configuration,
        directory: Path,
        authority: Authority,
        voice: Voice,
    ) -> Crew:
        """Start the workers, and wait until they can record.

        Raises:
            UsageError: one of them cannot.
        """
        crew = cls(recorder, trail, guard, settings, configured, directory, authority, voice)
        recorder.elsewhere, recorder.recount = crew._in_flight, crew._recount
        trail.on_commit.append(crew._weigh)
        trail.scrub = crew._scrub
        recorder.obstacle = crew._obstacle
        recorder.silent = lambda: len(crew.silent)
        recorder.alive = crew._alive
        crew._rounding = asyncio.create_task(crew._rounds.make(), name="pulse")
        begun = await asyncio.gather(
            *(crew._begin() for _ in range(1 if settings.grows else settings.workers)),
            return_exceptions=True,
        )
        if failed := [each for each in begun if isinstance(each, BaseException)]:
            await crew.stop()
            raise failed[0]
        for each in begun:
            if isinstance(each, Member):
                crew._look_after(crew._keep(each), "a worker")
        if settings.grows and settings.workers > 1:
            hiring = Hiring(settings.workers, lambda: crew._members, crew._add, voice)
            crew._look_after(hiring.go_on(), "the number of workers")
        return crew

    @property
    def workers(self) -> list[int]:
        """The process ids of those that take calls."""
        return [each.process.pid for each in self._members if each.takes]

    @property
    def silent(self) -> list[int]:
        """The process ids of those that do not answer."""
        return [each.process.pid for each in self._members if each.ready and each.pulse.silent]

    # -- clients -------------------------------------------------------------------------------

    @property
    def listeners(self) -> list[Listener]:
        """Where each mode listens."""
        found = [(each.mode, each.addresses[0]) for each in self._doors]
        return [Listener(mode, str(at[0]), int(at[1])) for mode, at in found]

    def is_of_run(self, port: int) -> bool:
        """Is this port a run's own?"""
        return any(each.run is not None and each.addresses[0][1] == port for each in self._doors)

    async def listen(self) -> None:
        """Open the ports; raises UsageError where one is in use."""
        for mode in self._settings.modes:
            self._bind(mode)
        about = [[each.number, each.mode, each.addresses] for each in self._doors]
        await self._act("open", about, doors=[each.number for each in self._doors])
        self._weigh()
        for each in self._doors:
            each.open(self._arrive)

    async def add(self, mode: str, run: str) -> Listener:
        """Listen in one more mode, for a run; raises UsageError."""
        door = self._bind(mode, run)
        try:
            about = (door.number, mode, door.addresses, run)
            await self._act("listen", *about, doors=[door.number])
        except UsageError:
            await self.remove(mode)
            raise
        door.open(self._arrive)
        return next(item for item in self.listeners if item.mode == mode)

    async def remove(self, mode: str) -> None:
        """Stop listening in a mode that was added."""
        for door in [each for each in self._doors if each.mode == mode]:
            self._doors.remove(door)
            await door.close()
            self._forget("listen", door.number)
            await self._act("unlisten", door.number, keep=False)

    async def close_doors(self) -> None:
        """Take no new connections; those that are open go on."""
        for door in self._doors:
            await door.close()
        self._doors = []
        for task in self._returned:
            task.cancel()

    def _bind(self, spec: str, run: str | None = None) -> Door:
        mode = check_mode(spec)
        try:
            sockets = doors.bind(mode.listen_host(LOOPBACK), mode.listen_port() or 0)
        except OSError as error:
            raise listen_error(spec, error) from error
        door = Door(next(self._numbers), spec, sockets, run)
        self._doors.append(door)
        return door

    async def _arrive(self, door: int, client: socket.socket, address: str) -> None:
        """Hand a connection to the worker that has fewest."""
        if self._inside[address] >= self._limits.connections:
            logger.warning(patience.TURNED_AWAY, self._limits.connections)
            return
        while any(each.number == door for each in self._doors):
            await self._manned.wait()
            taking = [each for each in self._members if each.takes and door in each.doors]
            for member in sorted(taking, key=lambda each: len(each.connections)):
                connection = next(self._connections)
                if doors.hand(member.hands, door, connection, client):
                    member.connections[connection] = address
                    self._inside[address] += 1
                    return
            await asyncio.sleep(FULL)

    def _again(self, door: int, client: socket.socket, address: str) -> None:
        """Hand a connection to another worker than the one that has not taken it in."""
        task = asyncio.create_task(self._return(door, client, address), name="returned client")
        self._returned.add(task)
        task.add_done_callback(self._returned.discard)

    async def _return(self, door: int, client: socket.socket, address: str) -> None:
        with client:
            await self._arrive(door, client, address)

    def _left(self, address: str) -> None:
        self._inside[address] -= 1
        if not self._inside[address]:
            del self._inside[address]

    # -- workers -------------------------------------------------------------------------------

    async def _begin(self) -> Member:
        member = await Member.start(self._desk, self._free_journal())
        # From now on it is told of all that happens; what has happened is in its orders.
        self._members.append(member)
        orders = Orders(
            directory=self._directory, origin=self._recorder.trail.origin,
            settings=self._settings, known=self._recorder.known, policy=self._recorder.policy,
            # Of these a worker does nothing, and it need not know them.
            configured=replace(
                self._configured, anchors=Anchors(), insights=InsightSettings(), alerts=(),
                approvals=Approvals(),
            ),
            journal=member.journal, workers=self._settings.workers, acts=tuple(self._acts),
        )  # fmt: skip
        open_now = [each.number for each in self._doors]
        try:
            await member.order(orders)
        except BaseException:
            await self._drop(member)
            raise
        member.doors.update(open_now)
        member.allow(self._recorder.clear)
        self._man()
        return member

    def _man(self) -> None:
        """Clients wait while there is no worker that takes them; one that was to leave stays for them."""
        if not any(each.takes for each in self._members):
            for each in self._members:
                each.leaves = each.drained
        if any(each.takes for each in self._members):
            self._manned.set()
        else:
            self._manned.clear()
        if self._settings.grows:
            ready = self._ready
            for each in ready:
                each.channel.tell("share", len(ready))

    def _changed(self, member: Member) -> None:
        """A worker has fallen silent, or answers again."""
        self._man()
        who = f"worker {member.process.pid}"
        if member.pulse.silent:
            where = "go to the others" if self._manned.is_set() else "wait"
            self._voice.say(f"{who} does not answer: new connections {where}; if it stands still for {STILL:g} s, it is ended", "warning")  # fmt: skip
        else:
            self._voice.say(f"{who} answers again", "warning")

    async def _drop(self, member: Member) -> None:
        self._members.remove(member)
        self._man()
        # Nothing more may be written into its journal when that is read.
        await member.end()
        await member.account()

    async def _keep(self, member: Member) -> None:
        """Start another worker where one is lost."""
        rest = 0.0
        while True:
            began = time.monotonic()
            await member.gone.wait()
            if self._ending:
                return
            try:
                await self._drop(member)
            except (OSError, MemoryError) as error:
                self._voice.say(f"a worker that is gone was not settled: {reason(error)}", "error")
            if member.drained:
                return
            again = not (member.leaves and self._manned.is_set())
            self._voice.say(member.lost(again=again), "error")
            if not again:
                return
            rest = 0.0 if time.monotonic() - began > SOON else min(2 * rest + 1, LONGEST_REST)
            found = await self._begin_again(rest)
            if found is None:
                return
            member = found

    async def _begin_again(self, rest: float) -> Member | None:
        while not self._ending:
            await asyncio.sleep(rest)
            try:
                return await self._begin()
            except (UsageError, OSError, MemoryError) as error:
                self._voice.say(f"{reason(error)}; it is tried again", "error")
                rest = min(2 * rest + 1, LONGEST_REST)
        return None

    async def _add(self) -> None:
        self._look_after(self._keep(await self._begin()), "a worker")

    def _look_after(self, task: Coroutine[Any, Any, None], what: str) -> None:
        self._keepers.add(begun := asyncio.create_task(task, name=what))
        begun.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Where it ended by a defect, at least somebody is told."""
        self._keepers.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._voice.say(f"nobody looks after {task.get_name()} any more: {safe(error)}", "error")  # fmt: skip

    async def _act(
        self, name: str, *about: object, doors: Sequence[int] = (), keep: bool = True
    ) -> None:
        """Have all workers do something, and wait for those that take clients.

        A worker that has done it gets clients of these `doors` from then on.

        Raises:
            UsageError: one of them cannot.
        """
        if keep:
            self._acts.append((name, *about))
        asked = {each: asyncio.ensure_future(each.channel.ask(name, *about)) for each in self._members}  # fmt: skip
        for member, future in asked.items():
            future.add_done_callback(partial(_has_done, member, doors))
        waited = {each.pulse: future for each, future in asked.items() if each.ready}
        await answers(waited, ANSWERING)
        for future in waited.values():
            if future.done() and isinstance(error := future.exception(), UsageError):
                raise error

    def _forget(self, name: str, subject: object) -> None:
        self._acts = [each for each in self._acts if each[:2] != (name, subject)]

    async def _teach(self, by: Member, content: bytes) -> None:
        """Let all know what a call has taught, before its answer is released."""
        try:
            self._recorder.known.add(*lessons.bindings(content))
        except FormatError as error:
            logger.warning("a call taught of no identity: %s", error)
            return
        others = [each for each in self._members if each is not by]
        for each in others:
            if not each.ready:
                each.channel.tell("lesson", content)
        await done([each for each in others if each.ready], LEARNING, "lesson", content)

    def _free_journal(self) -> Path:
        """A journal that no worker has, nor one that an earlier recorder has left."""
        there = journal.paths(self._directory)
        return next(each for each in self._journals if each not in there)

    def _weigh(self) -> None:
        """Let workers make intents themselves while nothing is to be written first."""
        clear = self._recorder.clear
        for each in self._ready:
            each.allow(clear)

    async def _recount(self) -> None:
        asked = {each.pulse: asyncio.ensure_future(each.recount()) for each in self._ready}
        for future in asked.values():
            future.add_done_callback(heard)
        await answers(asked, ANSWERING)

    async def _scrub(self, keys: Sequence[str]) -> None:
        """One that does not answer does it before it reads anything else; one that is gone has no journal."""
        await done(self._ready, ANSWERING, "scrub", list(keys))

    def _in_flight(self) -> int:
        return sum(each.in_flight for each in self._members)

    def _obstacle(self) -> str | None:
        if any(each.takes for each in self._members):
            return None
        return "no worker answers" if self.silent else "no worker is running"

    def _alive(self) -> bool:
        return not self._rounding.done() and self._rounds.unheard < NONE_LEFT

    # -- runs ----------------------------------------------------------------------------------

    async def begin_run(self, run: str, about: RunFacts, *, alone: bool) -> None:
        """Know a run; one that is known already is told of anew, and of no longer as before."""
        self._forget("run", run)
        await self._act("run", run, dict(about), alone)

    async def calm(self, run: str) -> None:
        """Wait until no call of a run is in flight."""
        await done(self._ready, ANSWERING, "calm", run)

    async def end_run(self, run: str) -> None:
        """Know a run no more."""
        self._forget("run", run)
        await self._act("end-run", run, keep=False)

    async def admit(self, upstream: Upstream, base: str) -> None:
        """Let calls pass to an endpoint that a run was given."""
        if ("admit", str(upstream), base) not in self._acts:
            await self._act("admit", str(upstream), base)

    async def cover(self, host: str, now: dt.datetime) -> None:
        """Have a certificate for a host that clients call by TLS."""
        if not any(each.covers(host) for each in self._authorities):
            self._authorities.append(CaFiles(self._directory).also(host, now))
            await self._act("cover", host)

    # -- the end -------------------------------------------------------------------------------

    async def drained(self) -> None:
        """Wait until no call is in flight."""
        await done(self._ready, None, "drain")

    async def settle(self) -> None:
        """Take no more calls; those in flight end as `unknown`."""
        self._ending = True
        for late in await self._within("settle"):
            await late.end()
        await asyncio.gather(*(each.account() for each in self._members))

    async def stop(self) -> None:
        """End the workers."""
        self._ending = True
        await self._within("stop")
        tasks = (self._rounding, *self._keepers)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(each.end() for each in self._members))
        self._members = []

    async def _within(self, act: str) -> list[Member]:
        """Kill workers that do not answer in time, and give them: they must not keep the log from being closed."""
        found = await done(self._ready, ENDING, act)
        for late in found:
            late.process_kill()
        return found

    @property
    def _ready(self) -> list[Member]:
        return [each for each in self._members if each.ready]


def _has_done(member: Member, doors: Sequence[int], future: asyncio.Future[object]) -> None:
    if not future.cancelled() and future.exception() is None:
        member.doors.update(doors)
