"""One recorder from start to stop: trail, proxy, heartbeats, and the door for other commands.

It does not know the command line.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apitrail import config, control, custody
from apitrail.errors import RecordingError
from apitrail.event import dump
from apitrail.identity import Known
from apitrail.proxy.addon import Addon
from apitrail.proxy.destination import Destinations, Tunnels, Upstream
from apitrail.proxy.guard import Guard
from apitrail.proxy.server import Listener, Server, check_mode
from apitrail.recorder import Recorder
from apitrail.redact import Redactor
from apitrail.trail import durable
from apitrail.trail.rows import Draft
from apitrail.trail.writer import Trail

BODY_LIMIT = 256 * 1024
HEARTBEAT = 60.0
DRAIN = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to record.

    `modes` are mitmproxy's mode specs; `body_limit` is how many bytes of a body are kept;
    `heartbeat` is in seconds; `labels` mark every call as one run; `settings` are further
    mitmproxy options.
    """

    modes: tuple[str, ...] = ("regular@8080",)
    upstream: str | None = None
    tunnels: tuple[str, ...] = ()
    body_limit: int = BODY_LIMIT
    heartbeat: float = HEARTBEAT
    settings: Mapping[str, Any] = field(default_factory=dict)

    def destinations(self) -> Destinations:
        """Where these settings let the proxy go; raises UsageError where they are unusable."""
        upstream = Upstream.parse(self.upstream) if self.upstream else None
        targets = {(upstream.host, upstream.port)} if upstream else set()
        for spec in self.modes:
            targets |= targets_of(spec)
        return Destinations(
            upstream=upstream, targets=frozenset(targets), tunnels=Tunnels.parse(self.tunnels)
        )

    def summary(self) -> dict[str, Any]:
        """What the `open` entry says: the settings and a digest of them."""
        about = {
            "modes": list(self.modes),
            "upstream": self.upstream,
            "tunnels": list(self.tunnels),
            "bodyLimit": self.body_limit,
            "heartbeat": self.heartbeat,
        }
        digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
        return about | {"sha256": digest}


def targets_of(spec: str) -> set[tuple[str, int]]:
    """The address a mode names as its upstream."""
    address = getattr(check_mode(spec), "address", None)
    return {(str(address[0]).lower(), int(address[1]))} if address else set()


async def open_recorder(directory: Path, settings: Settings) -> Addon:
    """Open the trail and put a recorder before it.

    Raises:
        UsageError: the trail or a setting cannot be used; nothing was written.
    """
    destinations = settings.destinations()
    config.make_directory(directory)
    trail = (await custody.enter(directory)).trail
    redactor = Redactor(config.Keys.of(directory).redaction())
    recorder = Recorder(trail, redactor, Known(), config.clock, settings.summary())
    return Addon(recorder, Guard(destinations), settings.body_limit)


class Session:
    """A recorder at work; `async with await Session.start(...)`."""

    def __init__(
        self, directory: Path, settings: Settings, trail: Trail, addon: Addon, server: Server
    ) -> None:
        self.directory = directory
        self.settings = settings
        self.trail = trail
        self.recorder = addon.recorder
        self.server = server
        self.recovered = 0
        self._addon = addon
        self._guard = addon.guard
        self._custody = custody.Custody.of(trail)
        self._stopping = asyncio.Event()
        self._door = control.Door(
            directory,
            {
                "status": self._status,
                "run": self._run,
                "end-run": self._end_run,
                "heartbeat": self._heartbeat,
                **self._custody.operations(),
            },
        )
        self._beating: asyncio.Task[None]

    @classmethod
    async def start(cls, directory: Path, settings: Settings) -> Session:
        """Open the trail, write `open`, listen.

        Raises:
            UsageError: the trail or a setting cannot be used; nothing was recorded.
        """
        addon = await open_recorder(directory, settings)
        trail = addon.recorder.trail
        try:
            (directory / "ca").mkdir(mode=0o700, exist_ok=True)
            server = await Server.start(
                settings.modes,
                addons=(addon.guard, addon),
                confdir=directory / "ca",
                settings=dict(settings.settings),
            )
        except BaseException:
            await trail.close()
            raise
        session = cls(directory, settings, trail, addon, server)
        _show_certificate(directory)
        session.recovered = await session.recorder.start()
        await session._door.open()
        session._beating = asyncio.create_task(session._beat(), name="heartbeat")
        return session

    async def stop(self, reason: str) -> None:
        """Drain, write `close`, let go of everything."""
        await self._door.close()
        await self.server.close_doors()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN):
                await self.recorder.drained()
        self._stopping.set()
        await self._beating
        try:
            await self.recorder.stop(reason)
        finally:
            await self.server.stop()
            await self.trail.close()
            self._custody.remember()

    @property
    def listeners(self) -> list[Listener]:
        """Where it listens."""
        return self.server.listeners

    def proxy(self) -> str | None:
        """The URL for HTTPS_PROXY, where there is a listener for it."""
        for item in self.listeners:
            if item.mode.startswith(("regular", "upstream")):
                return f"http://{item.host}:{item.port}"
        return None

    async def begin_run(
        self,
        labels: Mapping[str, str],
        command: str | None,
        reverse: tuple[str, ...] = (),
        *,
        alone: bool = False,
    ) -> tuple[str, dict[str, Listener]]:
        """Start a run: its id, and a listener for each endpoint it must not reach directly.

        `alone` says that every call through this recorder belongs to it.
        """
        run_id = secrets.token_hex(6)
        about = {"id": run_id, "labels": dict(labels)}
        if command:
            about["command"] = command
        what = {"run": about, "started": config.clock()}
        await self.trail.append(Draft(kind="run", facets={"what": dump(what)}, run=run_id))
        self._addon.runs[run_id] = about
        if alone:
            self._addon.default_run = about
        listeners = {}
        for url in reverse:
            listeners[url] = await self._listen(url, run_id)
        return run_id, listeners

    def end_run(self, run_id: str) -> int:
        """Forget a run; gives how many calls it recorded."""
        self._addon.runs.pop(run_id, None)
        return self.recorder.run_calls.pop(run_id, 0)

    async def _listen(self, url: str, run_id: str) -> Listener:
        upstream = Upstream.parse(url)
        self._guard.destinations = self._guard.destinations.also(upstream.host, upstream.port)
        # Every run gets a port of its own, so that its calls are known by it.
        spec = f"reverse:{upstream}@127.0.0.1:{_free_port()}"
        listener = await self.server.add(spec)
        self._addon.listeners[listener.port] = run_id
        return listener

    async def _status(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {
            "proxy": self.proxy(),
            "listeners": [[item.mode, item.host, item.port] for item in self.listeners],
            "calls": self.recorder.calls,
            "entries": self.trail.size,
        }

    async def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        run_id, listeners = await self.begin_run(
            request.get("labels") or {}, request.get("command"), tuple(request.get("reverse") or ())
        )
        reverse = {url: [item.host, item.port] for url, item in listeners.items()}
        return {"id": run_id, "proxy": self.proxy(), "reverse": reverse}

    async def _end_run(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"calls": self.end_run(str(request.get("id")))}

    async def _heartbeat(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {"index": await self._say_alive()}

    async def _beat(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self.settings.heartbeat)
                return
            with contextlib.suppress(RecordingError):
                await self._say_alive()

    async def _say_alive(self) -> int:
        passed = dict(self._guard.tunnelled)
        index = await self.recorder.heartbeat(passed)
        self._guard.forget(passed)
        return index


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _show_certificate(directory: Path) -> None:
    """Put the CA's certificate, alone, where clients are told to find it."""
    certificate = (directory / "ca" / "mitmproxy-ca-cert.pem").read_bytes()
    path = directory / config.CA_CERTIFICATE
    if not path.exists() or path.read_bytes() != certificate:
        durable.write(path, certificate, mode=0o644)
