"""Runs: whose calls are whose, when commands share a recorder."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from apitrail.errors import UsageError
from apitrail.recording.front import Front
from apitrail.recording.proxy.destination import Upstream
from apitrail.recording.proxy.modes import Listener
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
    _known: dict[str, Run] = field(default_factory=dict)
    # Run → its part that goes on now.
    _parts: dict[str, Run] = field(default_factory=dict)

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
        run = self._named(labels, command)
        await self.recorder.trail.append(statements.draft(run))
        await self.front.begin_run(run.id, run.about, alone=alone)
        self._known[run.id] = run
        if guest:
            self._guests.add(run.id)
        return run.id, {url: await self._listen(*to, run.id) for url, to in upstreams.items()}

    async def begin_part(self, run_id: str, labels: Mapping[str, str]) -> str:
        """From now on the calls of a run are of this part of it, which is a run too; its id.

        Clients keep the proxy and the ports that they have: a part needs no new ones.

        Raises:
            UsageError: there is no such run.
        """
        whole = self._whole(run_id)
        await self.end_part(run_id)
        self._parts[run_id] = part = self._named(labels, whole.command)
        await self.front.begin_run(run_id, part.about, alone=False)
        return part.id

    async def end_part(self, run_id: str) -> int:
        """From now on its calls are the run's own again; gives how many the part had.

        Only a part that made calls gets an entry: a test suite has many that make none. Its calls
        name it and its labels themselves, so nothing hangs on an entry that a crash prevents.

        Raises:
            UsageError: there is no such run.
        """
        whole = self._whole(run_id)
        part = self._parts.pop(run_id, None)
        if part is None:
            return 0
        await self.front.begin_run(run_id, whole.about, alone=False)
        await self.front.calm(part.id)
        calls = self.recorder.tally.run_calls.pop(part.id, 0)
        if calls:
            await self.recorder.trail.append(statements.draft(part))
        return calls

    async def listen(self, run_id: str, url: str) -> Listener:
        """Stand before one more endpoint for a run.

        Raises:
            UsageError: there is no such run, or the URL is none of an endpoint.
        """
        self._whole(run_id)
        return await self._listen(*_endpoint(url), run_id)

    async def end(self, run_id: str) -> int:
        """Forget a run; gives how many calls it recorded."""
        if run_id in self._known:
            await self.end_part(run_id)
            del self._known[run_id]
        # Calls that the command left running go on, and are recorded when they end.
        await self.front.calm(run_id)
        await self.front.end_run(run_id)
        async with self._one:
            for mode in self._listeners.pop(run_id, ()):
                await self.front.remove(mode)
        self._guests.discard(run_id)
        self._gone.set()
        return self.recorder.tally.run_calls.pop(run_id, 0)

    def _named(self, labels: Mapping[str, str], command: str | None) -> Run:
        redactor = self.recorder.redactor
        return Run(
            id=secrets.token_hex(6),
            labels=redactor.labels(labels),
            command=redactor.text(command) if command else None,
            started=self.clock(),
        )

    def _whole(self, run_id: str) -> Run:
        run = self._known.get(run_id)
        if run is None:
            raise UsageError(f"no run {run_id!r} goes on here")
        return run

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
