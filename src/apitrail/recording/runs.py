"""Runs: whose calls are whose, when commands share a recorder."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apitrail.recording.authority.ca_files import CaFiles
from apitrail.recording.proxy.addon import Addon
from apitrail.recording.proxy.destination import Upstream
from apitrail.recording.proxy.master import Listener, Server
from apitrail.trail import statements
from apitrail.trail.statements import Run

# A streamed answer reaches its command a moment before the call is counted.
SETTLE = 5.0


@dataclass(slots=True)
class Runs:
    """The runs of one recorder; `clock` gives Unix milliseconds."""

    addon: Addon
    server: Server
    authority: CaFiles
    clock: Callable[[], int]
    _listeners: dict[str, list[str]] = field(default_factory=dict)
    _guests: set[str] = field(default_factory=set)
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def begin(
        self,
        labels: Mapping[str, str],
        command: str | None,
        reverse: tuple[str, ...] = (),
        intercept: tuple[str, ...] = (),
        *,
        alone: bool = False,
        guest: bool = False,
    ) -> tuple[str, dict[str, Listener]]:
        """Start a run: its id, and a listener for each endpoint it must not reach directly.

        `alone` says that every call nobody else claims belongs to it; `guest`, that whoever
        started this recorder must not stop it before this run has ended. `intercept` are
        endpoints that it calls by their own names, through the proxy.

        Raises:
            UsageError: an endpoint in `reverse` or `intercept` is no URL of one.
        """
        upstreams = {url: _endpoint(url) for url in reverse}
        intercepted = [_endpoint(url) for url in intercept]
        for each, base in intercepted:
            self._cover(each)
            self._admit(each, base)
        run_id = secrets.token_hex(6)
        redactor = self.addon.recorder.redactor
        run = Run(
            id=run_id,
            labels=redactor.labels(labels),
            command=redactor.text(command) if command else None,
            started=self.clock(),
        )
        await self.addon.recorder.trail.append(statements.draft(run))
        about = run.about
        self.addon.runs[run_id] = about
        if alone:
            self.addon.default_run = about
        if guest:
            self._guests.add(run_id)
        return run_id, {url: await self._listen(*to, run_id) for url, to in upstreams.items()}

    async def end(self, run_id: str) -> int:
        """Forget a run; gives how many calls it recorded."""
        recorder = self.addon.recorder
        # Calls that the command left running go on, and are recorded when they end.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE):
                while any(_is_of(each.run, run_id) for each in recorder.in_flight.values()):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        self.addon.runs.pop(run_id, None)
        async with self._one:
            for mode in self._listeners.pop(run_id, ()):
                await self.server.remove(mode)
        self._guests.discard(run_id)
        self._gone.set()
        return recorder.run_calls.pop(run_id, 0)

    @property
    def guests(self) -> int:
        """How many runs use this recorder that did not start it."""
        return len(self._guests)

    async def alone(self) -> None:
        """Wait until no guest is left."""
        while self._guests:
            self._gone.clear()
            await self._gone.wait()

    def _cover(self, endpoint: Upstream) -> None:
        """Its clients must be able to trust the certificates that they are shown."""
        certificates = self.server.certificates
        if endpoint.scheme == "https" and not certificates.covers(endpoint.host):
            now = dt.datetime.fromtimestamp(self.clock() / 1000, dt.UTC)
            certificates.also(self.authority.also(endpoint.host, now))

    def _admit(self, upstream: Upstream, base: str) -> None:
        guard = self.addon.guard
        guard.destinations = guard.destinations.also(upstream.host, upstream.port, base)

    async def _listen(self, upstream: Upstream, base: str, run_id: str) -> Listener:
        self._admit(upstream, base)
        # Every run gets a port of its own, so that its calls are known by it.
        async with self._one:
            mode = f"reverse:{upstream}@127.0.0.1:{_free_port()}"
            listener = await self.server.add(mode)
        self._listeners.setdefault(run_id, []).append(mode)
        self.addon.listeners[listener.port] = run_id
        return listener


def _is_of(run: Mapping[str, Any] | None, run_id: str) -> bool:
    return run is not None and run["id"] == run_id


def _endpoint(url: str) -> tuple[Upstream, str]:
    """Where an endpoint is, and the path it has there."""
    scheme, slashes, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return Upstream.parse(scheme + slashes + authority), f"{slash}{path}".rstrip("/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
