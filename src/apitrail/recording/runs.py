"""Runs: whose calls are whose, when commands share a recorder."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from apitrail.recording.front import Front
from apitrail.recording.proxy.destination import Upstream
from apitrail.recording.proxy.master import Listener
from apitrail.recording.recorder import Recorder
from apitrail.trail import statements
from apitrail.trail.statements import Run


@dataclass(slots=True)
class Runs:
    """The runs of one recorder; `clock` gives Unix milliseconds."""

    front: Front
    recorder: Recorder
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
            await self._cover(each)
            await self.front.admit(each, base)
        run_id = secrets.token_hex(6)
        redactor = self.recorder.redactor
        run = Run(
            id=run_id,
            labels=redactor.labels(labels),
            command=redactor.text(command) if command else None,
            started=self.clock(),
        )
        await self.recorder.trail.append(statements.draft(run))
        await self.front.begin_run(run_id, run.about, alone=alone)
        if guest:
            self._guests.add(run_id)
        return run_id, {url: await self._listen(*to, run_id) for url, to in upstreams.items()}

    async def end(self, run_id: str) -> int:
        """Forget a run; gives how many calls it recorded."""
        # Calls that the command left running go on, and are recorded when they end.
        await self.front.calm(run_id)
        await self.front.end_run(run_id)
        async with self._one:
            for mode in self._listeners.pop(run_id, ()):
                await self.front.remove(mode)
        self._guests.discard(run_id)
        self._gone.set()
        return self.recorder.tally.run_calls.pop(run_id, 0)

    @property
    def guests(self) -> int:
        """How many runs use this recorder that did not start it."""
        return len(self._guests)

    async def alone(self) -> None:
        """Wait until no guest is left."""
        while self._guests:
            self._gone.clear()
            await self._gone.wait()

    async def _cover(self, endpoint: Upstream) -> None:
        """Its clients must be able to trust the certificates that they are shown."""
        if endpoint.scheme == "https":
            now = dt.datetime.fromtimestamp(self.clock() / 1000, dt.UTC)
            await self.front.cover(endpoint.host, now)

    async def _listen(self, upstream: Upstream, base: str, run_id: str) -> Listener:
        await self.front.admit(upstream, base)
        # Every run gets a port of its own, so that its calls are known by it.
        async with self._one:
            mode = f"reverse:{upstream}@127.0.0.1:{_free_port()}"
            listener = await self.front.add(mode, run_id)
        self._listeners.setdefault(run_id, []).append(mode)
        return listener


def _endpoint(url: str) -> tuple[Upstream, str]:
    """Where an endpoint is, and the path it has there."""
    scheme, slashes, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return Upstream.parse(scheme + slashes + authority), f"{slash}{path}".rstrip("/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
