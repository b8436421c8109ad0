"""A worker: mitmproxy and the recorder of calls, before a trail that is another process's.

It has no port. When the process that has the trail is gone, it ends at once, and its connections
with it: nothing passes that cannot be recorded.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

from apitrail import __version__, aside, last_resort, places
from apitrail.identity import Known
from apitrail.recording import allocator, assembly, lessons, proxied, scheduling, whoami
from apitrail.recording.alone import Alone
from apitrail.recording.authority.ca_files import CaFiles
from apitrail.recording.proxy import held, messages
from apitrail.recording.proxy.destination import Upstream
from apitrail.recording.proxy.inlets import Inlets
from apitrail.recording.workers import doors
from apitrail.recording.workers.channel import Acts, Answer, Channel
from apitrail.recording.workers.orders import Orders
from apitrail.recording.workers.owners import OwnersGate, Seeker
from apitrail.recording.workers.remote import RemoteTrail, ToldGuard, ToldRefusals, ToldTally

# They are meant for the process that has the trail; a terminal sends them to all of a command.
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# How long a worker without a free descriptor waits before it takes in clients again, in seconds.
REST = 1.0
# For how long clients are asked to come anew, in seconds.
SHEDDING = 5.0
# Objects that are made before the garbage collector looks at them: a call leaves nothing to it (see
# `proxy.layer.Stream`), and each look goes through all that is in flight.
YOUNG = 20_000
# The exit status of a worker of another version than the process that started it.
OTHER_VERSION = 3


class Worker:
    """The answers to what the process that has the trail asks for."""

    def __init__(self, handed: socket.socket, end: Callable[[], object]) -> None:
        self._handed = handed
        self._end = end
        self._inlets = Inlets()
        # What is asked for is done in its order, the orders first.
        self._turn = asyncio.Lock()
        self._modes: dict[int, str] = {}
        self._known: Known | None = None
        self._early: list[bytes] = []
        self._clients: set[asyncio.Task[None]] = set()
        self._shedding: asyncio.TimerHandle | None = None
        self._channel: Channel
        self._trail: RemoteTrail
        self._seeker: Seeker
        self._front: Alone

    async def begin(self, end: socket.socket) -> None:
        """Speak with the process that has the trail."""
        in_turn: dict[str, Answer] = {
            "orders": self._take_orders, "open": self._open, "listen": self._listen,
            "unlisten": self._unlisten, "run": self._begin_run, "end-run": self._end_run,
            "admit": self._admit, "cover": self._cover,
        }  # fmt: skip
        at_once: dict[str, Answer] = {
            "lesson": self._lesson, "calm": self._calm, "drain": self._drain,
            "settle": self._settle, "stop": self._stop, "ready": self._ready,
            "prepare": self._prepare, "alive": self._beat, "count": self._count,
            "scrub": self._scrub,
        }  # fmt: skip
        answers = at_once | {name: self._in_turn(act) for name, act in in_turn.items()}
        acts = Acts(
            lost=self._end, answers=answers,
            hears={
                "lesson": self._learn, "allow": self._allow, "shed": self._shed, "share": self._share,
            },
        )  # fmt: skip
        self._channel = await Channel.over(end, acts)

    def _in_turn(self, act: Answer) -> Answer:
        async def done(*arguments: Any) -> object:
            async with self._turn:
                return await act(*arguments)

        return done

    async def _take_orders(self, data: bytes) -> None:
        orders, channel = Orders.load(data), self._channel
        self._known = orders.known
        for content in self._early:
            self._learn(content)
        settings, configured = orders.settings, orders.configured
        messages.Voice(lambda text, level="info", /: channel.tell("say", text, level)).attach()
        self._seeker = Seeker(channel)
        self._trail = trail = RemoteTrail(
            channel, orders.origin, orders.journal,
            receipts=configured.receipts, held=self._seeker.holds,
        )  # fmt: skip
        recorder = assembly.recorder_of(
            trail, orders.directory, settings, configured, orders.known, orders.policy,
        )  # fmt: skip
        recorder.tally, recorder.refusals = ToldTally(trail, channel), ToldRefusals(trail, channel)
        recorder.gate = OwnersGate(recorder.policy.guards, channel)
        recorder.seek = self._seeker.seek
        # Whoever asks about keys asks about each once.
        recorder.unnamed = lru_cache(whoami.MOST)(partial(channel.tell, "unnamed"))
        plain = assembly.guard_of(settings, assembly.logins_of(orders.directory, settings))
        guard = ToldGuard(plain.destinations, plain.logins, channel, listed_only=plain.listed_only)
        addon = proxied.addon_of(recorder, guard, settings, configured)
        # What may be held in all is that of one process.
        addon.budget = held.Budget(held.TOTAL // orders.workers)
        authority = CaFiles(orders.directory)
        self._inlets.install()
        self._front = await proxied.alone(addon, settings, configured, authority)
        recorder.open()
        acts: dict[str, Answer] = {
            "open": self._open, "listen": self._listen, "run": self._begin_run,
            "admit": self._admit, "cover": self._cover,
        }  # fmt: skip
        for name, *arguments in orders.acts:
            await acts[str(name)](*arguments)

    async def _ready(self) -> None:
        """What was sent before this is dealt with; from now on clients come."""
        async with self._turn:
            self._listen_for_clients()

    async def _beat(self) -> float:
        """The loop turns; gives the seconds of a core that all this has taken."""
        return time.process_time()

    def _shed(self, number: int) -> None:
        """Another worker has fewer clients: so many of those that call now shall come anew."""
        farewell = self._front.addon.farewell
        farewell.number = number
        if self._shedding is not None:
            self._shedding.cancel()
        self._shedding = asyncio.get_running_loop().call_later(
            SHEDDING, setattr, farewell, "number", 0
        )

    def _share(self, workers: int) -> None:
        """So many workers share the memory for bodies that are read whole."""
        self._front.addon.budget.resize(held.TOTAL // workers)

    def _allow(self, stated: int | None) -> None:
        self._trail.allow(stated)

    async def _count(self) -> int:
        self._trail.send()
        return self._trail.flying

    async def _scrub(self, keys: Sequence[str]) -> None:
        await self._trail.scrub(keys)

    # -- what there is besides calls -----------------------------------------------------------

    async def _open(self, found: Sequence[Sequence[Any]]) -> None:
        for number, mode, addresses in found:
            self._note(number, mode, addresses)
        await self._front.listen()

    async def _listen(
        self, number: int, mode: str, addresses: Sequence[Sequence[Any]], run: str
    ) -> None:
        self._note(number, mode, addresses)
        await self._front.add(mode, run)

    def _note(self, number: int, mode: str, addresses: Sequence[Sequence[Any]]) -> None:
        self._modes[number] = mode
        self._inlets.heard[mode] = tuple(tuple(each) for each in addresses)

    async def _unlisten(self, number: int) -> None:
        await self._front.remove(self._modes.pop(number))

    async def _begin_run(self, run: str, about: dict[str, object], alone: bool) -> None:
        await self._front.begin_run(run, about, alone=alone)

    async def _end_run(self, run: str) -> None:
        await self._front.end_run(run)

    async def _admit(self, url: str, base: str) -> None:
        await self._front.admit(Upstream.parse(url), base)

    async def _cover(self, host: str) -> None:
        await self._front.cover(host, dt.datetime.fromtimestamp(places.clock() / 1000, dt.UTC))

    # -- whom calls have taught of -------------------------------------------------------------

    async def _lesson(self, content: bytes) -> None:
        self._learn(content)

    def _learn(self, content: bytes) -> None:
        if self._known is None:
            self._early.append(content)
        else:
            self._known.add(*lessons.bindings(content))

    async def _prepare(self, call: str, decision: Sequence[Any], leaves: bool) -> object:
        return await self._seeker.prepare(call, decision, leaves)

    # -- clients -------------------------------------------------------------------------------

    def _listen_for_clients(self) -> None:
        asyncio.get_running_loop().add_reader(self._handed, self._take)

    def _take(self) -> None:
        """Take in all that is handed over; where no descriptor is left, what waits goes on waiting."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(BlockingIOError):
            while has_room := doors.has_room(self._handed):
                if (found := doors.handed(self._handed)) is None:
                    break  # the other end is closed, as the channel is
                task = asyncio.create_task(self._meet(*found), name="client")
                self._clients.add(task)
                task.add_done_callback(self._clients.discard)
            loop.remove_reader(self._handed)
            if not has_room:
                loop.call_later(REST, self._listen_for_clients)

    async def _meet(self, door: int, connection: int, client: socket.socket) -> None:
        try:
            if door in self._modes:
                await self._inlets.meet(self._modes[door], client)
        except OSError:
            pass  # it left before it was met
        finally:
            client.close()
            self._channel.tell("left", connection)

    # -- the end -------------------------------------------------------------------------------

    async def _calm(self, run: str) -> None:
        await self._front.calm(run)
        await self._trail.entered()

    async def _drain(self) -> None:
        await self._front.drained()
        await self._trail.entered()

    async def _settle(self) -> None:
        await self._front.addon.recorder.settle()
        await self._trail.entered()

    async def _stop(self) -> None:
        await self._front.stop()


async def work(end: socket.socket, handed: socket.socket) -> None:
    """Work until the process that has the trail is gone."""
    # Nothing is written here, so nothing is to be finished.
    await Worker(handed, lambda: os._exit(0)).begin(end)
    await asyncio.Event().wait()


def main(arguments: Sequence[str]) -> int:
    """Work over two sockets, named by their descriptors, for a process of this version."""
    *descriptors, version = arguments
    if version != __version__:
        return OTHER_VERSION
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    scheduling.take_turns()
    allocator.share_pool()
    gc.set_threshold(YOUNG)
    end, handed = (socket.socket(fileno=int(each)) for each in descriptors)
    handed.setblocking(False)
    aside.prepare()
    last_resort.run(work(end, handed))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
