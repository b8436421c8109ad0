"""What stands between clients and a recorder's log: a proxy in this process, or in workers."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from apitrail.recording.authority.ca_files import CaFiles
from apitrail.recording.proxy.addon import Addon
from apitrail.recording.proxy.admission import Guard
from apitrail.recording.proxy.destination import Upstream
from apitrail.recording.proxy.master import Listener, Server
from apitrail.recording.recorder import Recorder

# A streamed answer reaches its command a moment before the call is counted.
SETTLE = 5.0

type RunFacts = Mapping[str, object]
"""What calls tell of their run: `Run.about`."""


class Front(Protocol):
    """The proxy of one recorder, in whatever processes it runs."""

    @property
    def guard(self) -> Guard:
        """It has what was tunnelled past."""

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers that take clients."""

    @property
    def silent(self) -> list[int]:
        """The process ids of the workers that do not answer."""

    @property
    def listeners(self) -> list[Listener]:
        """Where each mode listens."""

    def is_of_run(self, port: int) -> bool:
        """Is this port a run's own?"""

    async def listen(self) -> None:
        """Open the ports; raises UsageError where one is in use."""

    async def close_doors(self) -> None:
        """Take no new connections; those that are open go on."""

    async def drained(self) -> None:
        """Wait until no call is in flight."""

    async def settle(self) -> None:
        """Take no more calls; those in flight end as `unknown`."""

    async def stop(self) -> None:
        """End the proxy."""

    async def begin_run(self, run: str, about: RunFacts, *, alone: bool) -> None:
        """Know a run, from now on as told; `alone` says that it has every call nobody else claims."""

    async def calm(self, run: str) -> None:
        """Wait until no call of a run is in flight, or for `SETTLE` seconds."""

    async def end_run(self, run: str) -> None:
        """Know a run no more."""

    async def admit(self, upstream: Upstream, base: str) -> None:
        """Let calls pass to an endpoint that a run was given."""

    async def cover(self, host: str, now: dt.datetime) -> None:
        """Have a certificate for a host that clients call by TLS; raises UsageError."""

    async def add(self, mode: str, run: str) -> Listener:
        """Listen in one more mode, for a run; raises UsageError."""

    async def remove(self, mode: str) -> None:
        """Stop listening in a mode that was added."""


def is_of(about: Mapping[str, object] | None, run: str) -> bool:
    """Is a call with these facts of its run one of this run?"""
    return about is not None and about["id"] == run


async def calm(recorder: Recorder, run: str) -> None:
    """Wait until this recorder has no call of a run in flight, or for `SETTLE` seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLE):
            while any(is_of(each.run, run) for each in recorder.in_flight.values()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@dataclass(slots=True)
class Alone:
    """The proxy in the process that has the trail."""

    addon: Addon
    server: Server
    authority: CaFiles

    @property
    def guard(self) -> Guard:
        """What was tunnelled past."""
        return self.addon.guard

    @property
    def workers(self) -> list[int]:
        """There is none."""
        return []

    @property
    def silent(self) -> list[int]:
        """There is none."""
        return []

    @property
    def listeners(self) -> list[Listener]:
        """Where each mode listens."""
        return self.server.listeners

    def is_of_run(self, port: int) -> bool:
        """Is this port a run's own?"""
        return port in self.addon.listeners

    async def listen(self) -> None:
        """Open the ports; raises UsageError where one is in use."""
        await self.server.listen()

    async def close_doors(self) -> None:
        """Take no new connections; those that are open go on."""
        await self.server.close_doors()

    async def drained(self) -> None:
        """Wait until no call is in flight."""
        await self.addon.recorder.drained()

    async def settle(self) -> None:
        """The recorder does this itself when it stops."""

    async def stop(self) -> None:
        """End the proxy."""
        await self.server.stop()

    async def begin_run(self, run: str, about: RunFacts, *, alone: bool) -> None:
        """Know a run."""
        self.addon.runs[run] = about
        if alone:
            self.addon.default_run = about

    async def calm(self, run: str) -> None:
        """Wait until no call of a run is in flight, or for `SETTLE` seconds."""
        await calm(self.addon.recorder, run)

    async def end_run(self, run: str) -> None:
        """Know a run no more."""
        self.addon.runs.pop(run, None)

    async def admit(self, upstream: Upstream, base: str) -> None:
        """Let calls pass to an endpoint that a run was given."""
        guard = self.addon.guard
        guard.destinations = guard.destinations.also(upstream.host, upstream.port, base)

    async def cover(self, host: str, now: dt.datetime) -> None:
        """Have a certificate for a host that clients call by TLS."""
        certificates = self.server.certificates
        if not certificates.covers(host):
            certificates.also(self.authority.also(host, now))

    async def add(self, mode: str, run: str) -> Listener:
        """Listen in one more mode, for a run."""
        listener = await self.server.add(mode)
        self.addon.listeners[listener.port] = run
        return listener

    async def remove(self, mode: str) -> None:
        """Stop listening in a mode that was added."""
        await self.server.remove(mode)
