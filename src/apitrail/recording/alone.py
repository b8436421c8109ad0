"""A proxy in the process that has the trail, or in a worker."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from apitrail.recording.authority.ca_files import CaFiles
from apitrail.recording.front import RunFacts, calm
from apitrail.recording.proxy.addon import Addon
from apitrail.recording.proxy.admission import Guard
from apitrail.recording.proxy.destination import Upstream
from apitrail.recording.proxy.master import Server
from apitrail.recording.proxy.modes import Listener


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
