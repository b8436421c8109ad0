"""One recorder from start to stop: trail, proxy, heartbeats, and the door for other commands."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apitrail import last_resort, places
from apitrail.address import listen
from apitrail.aside import in_thread
from apitrail.aws.sign.credential import Credential
from apitrail.codec import Json
from apitrail.errors import RecordingError, UsageError
from apitrail.evidence import maintenance
from apitrail.log_lines import Log, Stderr, Tell
from apitrail.reading.approval_list import recorded
from apitrail.recording import assembly, config_file, preparation
from apitrail.recording.alerts.alerting import Alerting
from apitrail.recording.anchorer import Anchorer
from apitrail.recording.announcing import Announcer
from apitrail.recording.authority.authority import Authority, ending
from apitrail.recording.authority.ca_files import CaFiles
from apitrail.recording.changed_guards import ChangedGuards
from apitrail.recording.config_file import Configuration
from apitrail.recording.front import Front
from apitrail.recording.insight_follower import Follower
from apitrail.recording.proxy import messages
from apitrail.recording.proxy.admission import Guard
from apitrail.recording.proxy.authentication import Logins
from apitrail.recording.proxy.modes import Listener, check_ports, check_shared
from apitrail.recording.recorder import Recorder
from apitrail.recording.runs import Runs
from apitrail.recording.settings import Settings
from apitrail.recording.whoami import Asker
from apitrail.redact.userinfo import without_userinfo
from apitrail.trail import control, database
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Open
from apitrail.trail.tickets import Answer, Ticket, check_length
from apitrail.trail.writer import Trail

if TYPE_CHECKING:
    from apitrail.recording.health import Health

DRAIN = 10.0
# Somebody is told of a write-ahead log of so many bytes.
WAL_ALARM = 1_000_000_000


def check(directory: Path, settings: Settings) -> None:
    """Raise UsageError for what a recorder of a new trail could not use; only its directory is made."""
    assembly.destinations_of(settings)
    check_workers(settings)
    if (bound := _bind(settings)) is not None:
        bound.close()
    assembly.logins_of(directory, settings)
    check_ports(settings.modes)
    places.make_directory(directory)


async def open_recorder(
    directory: Path, settings: Settings, configured: Configuration
) -> tuple[Trail, Recorder]:
    """Open the trail and put a recorder before it, which knows whom the trail has met.

    Raises:
        UsageError: the trail or a setting cannot be used; nothing was written.
    """
    policy = preparation.policy(settings, configured)
    places.make_directory(directory)
    trail = (await maintenance.enter(directory)).trail
    known = await preparation.known(trail, configured)
    recorder = assembly.recorder_of(trail, directory, settings, configured, known, policy)
    trail.steps.forward = Open(configuration=recorder.configuration).interval or trail.steps.forward
    return trail, recorder


def check_workers(settings: Settings) -> None:
    """Raise UsageError where workers cannot do what these settings ask for."""
    if settings.workers:
        check_shared(settings.modes)


def _bind(settings: Settings) -> socket.socket | None:
    """The port of `--health`, taken before anything is made."""
    settings.check_health()
    if settings.health is None:
        return None
    try:
        return listen(settings.health)
    except UsageError as error:
        raise UsageError(str(error), hint="name another port with --health") from error


class Session:
    """A recorder at work; `async with await Session.start(...)`."""

    def __init__(
        self,
        directory: Path,
        settings: Settings,
        configured: Configuration,
        trail: Trail,
        recorder: Recorder,
        front: Front,
        voice: messages.Voice,
    ) -> None:
        self.directory = directory
        self.settings = settings
        self.configured = configured
        self.trail = trail
        self.recorder = recorder
        self.front = front
        self.recovered = 0
        self.health: Health | None = None
        self._guard = front.guard
        self._maintainer = maintenance.Maintainer.of(trail)
        self.runs = Runs(front, recorder, places.clock)
        self._stopping = asyncio.Event()
        self._started = places.clock()
        # If set, `apitrail stop` may end this recorder; it is called with the reason.
        self.end: Callable[[str], None] | None = None
        self._door = control.Door(
            directory,
            {
                "status": self._status,
                "run": self._run,
                "end-run": self._end_run,
                "begin-part": self._begin_part,
                "end-part": self._end_part,
                "listen": self._listen,
                "heartbeat": self._heartbeat,
                "knows": self._knows,
                "stop": self._stop,
                **self._maintainer.operations(),
                "approvals": self._approvals,
                "decide": self._decide,
                "state-reason": self._state_reason,
            },
            left={"run": self._end_run},
        )
        self._voice = voice
        self._beating: asyncio.Task[None]
        self._watching: asyncio.Task[None]
        self._asker: Asker | None = None
        self._wal_told = False
        # Why nothing can be recorded any more, where that is so; `failed` is set then.
        self.failure: str | None = None
        trail.on_defect = self._fail
        self._follower = Follower(trail, configured.insights, places.clock, voice.tell)
        self.alerting = Alerting(trail, configured.alerts, places.clock, voice.tell)
        self._anchorer = Anchorer(trail, configured.anchors, time.monotonic, voice.tell)
        self._announcer = Announcer(
            configured.approvals,
            Keys.of(directory).redaction(),
            trail.origin,
            places.clock,
            voice.tell,
        )
        self.recorder.holding.announce = self._announcer
        self.recorder.unanchored = lambda: self._anchorer.unanchored
        self.recorder.unexamined = lambda: self._follower.behind
        self.recorder.late_anchors = lambda: self._anchorer.late

    @classmethod
    async def start(cls, directory: Path, settings: Settings, tell: Tell | None = None) -> Session:
        """Open the trail, write `open`, listen; `tell` takes what is to be said meanwhile, or stderr.

        Raises:
            UsageError: the trail or a setting cannot be used; nothing was recorded.
        """
        logins = assembly.logins_of(directory, settings)
        check_workers(settings)
        configured = config_file.of(settings)
        last_resort.watch(asyncio.get_running_loop())
        bound, voice = _bind(settings), messages.Voice(tell or Log(Stderr(), places.clock))
        voice.attach()
        try:
            with database.writing(directory):
                session = await cls._start(directory, settings, configured, logins, voice)
        except BaseException:
            voice.detach()
            if bound is not None:
                bound.close()
            raise
        if bound is not None:
            from apitrail.recording.health import Health

            figures = session.alerting.figures
            session.health = Health.start(session.recorder, session.trail, bound, figures)
        return session

    @classmethod
    async def _start(
        cls,
        directory: Path,
        settings: Settings,
        configured: Configuration,
        logins: Logins,
        voice: messages.Voice,
    ) -> Session:
        guard = assembly.guard_of(settings, logins)
        if not (directory / database.FILE).exists():
            # Before anything is made: a port in use must leave nothing behind.
            check_ports(settings.modes)
        trail, recorder = await open_recorder(directory, settings, configured)
        try:
            # Before `open` is written: a port in use must leave no trace in the trail either.
            check_ports(settings.modes)
            files = CaFiles(directory)
            now = dt.datetime.now(dt.UTC)
            authority = files.ready(now, assembly.signed_for(settings))
            if (warning := ending(authority, now)) is not None:
                voice.tell(warning, "warning")
            front = await cls._front(
                directory, settings, configured, trail, recorder, guard, authority, voice
            )
        except BaseException:
            await trail.close()
            raise
        try:
            session = cls(directory, settings, configured, trail, recorder, front, voice)
            session.recovered = await session.recorder.start()
            await session._open_doors()
        except BaseException:
            await front.stop()
            await trail.close()
            raise
        session._beating = asyncio.create_task(session._beat(), name="heartbeat")
        session._watching = asyncio.create_task(
            ChangedGuards(settings.guards, voice.tell).watch(session._stopping), name="guards"
        )
        await session._follower.begin(session._stopping)
        await session.alerting.begin()
        session._anchorer.begin(session._stopping)
        await session._ask_again()
        return session

    async def _ask_again(self) -> None:
        """Tell of each question that an earlier recorder has left."""
        if standing := self.recorder.holding.tickets.waiting(places.clock()):
            told = await in_thread(_calls, self.directory, standing)
            for ticket, call in zip(standing, told, strict=True):
                self._announcer(ticket, call)

    @staticmethod
    async def _front(
        directory: Path,
        settings: Settings,
        configured: Configuration,
        trail: Trail,
        recorder: Recorder,
        guard: Guard,
        authority: Authority,
        voice: messages.Voice,
    ) -> Front:
        """The proxy, whose ports are not open yet: in this process, or in workers."""
        if settings.workers:
            from apitrail.recording.workers.crew import Crew

            return await Crew.start(
                recorder, trail, guard, settings, configured, directory, authority, voice
            )
        from apitrail.recording import proxied

        addon = proxied.addon_of(recorder, guard, settings, configured)
        return await proxied.alone(addon, settings, configured, CaFiles(directory))

    async def _open_doors(self) -> None:
        """A port that is open records: it opens when everything behind it is there."""
        try:
            await self.front.listen()
            await self._door.open()
        except BaseException:
            await self.recorder.stop("it could not listen")
            raise

    def _fail(self, error: BaseException) -> None:
        """The writer has ended: no call passes any more, and nobody waits for better times."""
        self.failure = f"the trail cannot be written any more ({messages.safe(error)})"
        self._voice.tell(
            f"{self.failure}: no call passes, and this recorder ends\n"
            "hint: the next one accounts for the calls that were in flight",
            "error",
        )
        if self.end is not None:
            self.end(self.failure)

    async def stop(self, reason: str) -> None:
        """Drain, write `close`, let go of everything, whatever fails meanwhile.

        One that cannot record any more, as `failure` says, has a limited time for it and writes no `close`.

        Raises:
            RecordingError: `close` could not be written, though the writer has not failed.
        """
        with contextlib.nullcontext() if self.failure is None else last_resort.within():
            async with contextlib.AsyncExitStack() as last:
                if self.health is not None:
                    last.push_async_callback(self.health.close)
                last.callback(self._maintainer.remember)
                last.push_async_callback(self.trail.close)
                last.callback(self._voice.detach)
                last.push_async_callback(self.front.stop)
                try:
                    await self._wind_up(reason)
                except RecordingError:
                    if self.failure is None:
                        raise

    async def _wind_up(self, reason: str) -> None:
        if self._asker is not None:
            await self._asker.close()
        await self._door.close()
        await self.front.close_doors()
        self.recorder.holding.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN):
                await self.front.drained()
        self._stopping.set()
        await asyncio.wait((self._beating, self._watching))
        await self._follower.ended()
        await self._announcer.close()
        # After the insights: they raise alerts too.
        await self.alerting.ended()
        await self.front.settle()
        await self.recorder.stop(reason)
        with contextlib.suppress(OSError):  # the next recorder adds up again
            await in_thread(self.recorder.gate.remember, self.directory)
        await self._anchorer.last()

    @property
    def listeners(self) -> list[Listener]:
        """Where it listens."""
        return self.front.listeners

    def proxy(self) -> str | None:
        """The URL for HTTPS_PROXY, where there is a listener for it."""
        for item in self.listeners:
            if item.mode.startswith(("regular", "upstream")) and self._owner(item) is None:
                return f"http://{item.host}:{item.port}"
        return None

    def endpoint(self) -> str | None:
        """The URL for AWS_ENDPOINT_URL, where a reverse listener was asked for."""
        for item in self.listeners:
            own = self.front.is_of_run(item.port) or self._owner(item) is not None
            if item.mode.startswith("reverse") and not own:
                return f"http://{item.host}:{item.port}"
        return None

    def _owner(self, item: Listener) -> str | None:
        """The operator whose calls come in here."""
        return self._guard.logins.ports.get(item.mode)

    def _owned(self) -> dict[str, str]:
        """Operator → URL for AWS_ENDPOINT_URL, of those who have a reverse listener."""
        return {
            owner: f"http://{item.host}:{item.port}"
            for item in self.listeners
            if item.mode.startswith("reverse") and (owner := self._owner(item)) is not None
        }

    def status(self) -> dict[str, Any]:
        """What other commands need to know to use this recorder."""
        return {
            "pid": os.getpid(),
            "workers": self.front.workers,
            "silent": self.front.silent,
            "grows": self.settings.grows,
            "started": self._started,
            "proxy": self.proxy(),
            "endpoint": self.endpoint(),
            "operators": self._owned(),
            "health": None if self.health is None else f"http://{self.health.address}",
            "listeners": [
                [without_userinfo(item.mode), item.host, item.port] for item in self.listeners
            ],
            "settings": self.settings.to_json(),
            "calls": self.recorder.tally.calls,
            "waiting": len(self.recorder.holding.waiting()),
            "passed": sorted(self._guard.passed),
            "entries": self.trail.size,
        }

    async def _status(self, _request: dict[str, Any]) -> dict[str, Any]:
        return self.status()

    async def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        run_id, listeners = await self.runs.begin(
            request.get("labels") or {},
            request.get("command"),
            tuple(request.get("reverse") or ()),
            tuple(request.get("intercept") or ()),
            guest=bool(request.get("hold")),
        )
        reverse = {url: [item.host, item.port] for url, item in listeners.items()}
        return {"id": run_id, "reverse": reverse}

    async def _end_run(self, request: dict[str, Any]) -> dict[str, Any]:
        run = str(request.get("id"))
        return {
            "calls": await self.runs.end(run),
            "denied": self.recorder.tally.run_denied.pop(run, 0),
        }

    async def _begin_part(self, request: dict[str, Any]) -> dict[str, Any]:
        run, labels = str(request.get("run")), request.get("labels") or {}
        return {"id": await self.runs.begin_part(run, labels)}

    async def _end_part(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"calls": await self.runs.end_part(str(request.get("run")))}

    async def _listen(self, request: dict[str, Any]) -> dict[str, Any]:
        item = await self.runs.listen(str(request.get("run")), str(request.get("url")))
        return {"host": item.host, "port": item.port}

    async def _stop(self, _request: dict[str, Any]) -> dict[str, Any]:
        if self.end is None:
            raise UsageError(
                "the recorder on this trail belongs to a command, and ends with it",
                hint="end that command, or wait for it",
            )
        self.end("apitrail stop")
        return {"pid": os.getpid(), "calls": self.recorder.tally.calls}

    async def _approvals(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {"waiting": self.recorder.holding.waiting()}

    async def _decide(self, request: dict[str, Any]) -> dict[str, Any]:
        answer = Answer.parse(request, control.account(request.get("uid")))
        answer = answer.redacted(self.recorder.redactor.text)
        return await self.recorder.holding.decide(str(request.get("ticket")), answer)

    async def _state_reason(self, request: dict[str, Any]) -> dict[str, Any]:
        reason = str(request.get("reason"))
        check_length("reason", reason)
        return self.recorder.holding.state_reason(
            str(request.get("ticket")), self.recorder.redactor.text(reason)
        )

    async def _knows(self, request: dict[str, Any]) -> dict[str, Any]:
        credential = Credential(scheme="sigv4", access_key_id=str(request.get("key")))
        return {"arn": self.recorder.known.identify(credential, at=places.clock()).arn}

    def ask_who(self, environment: Callable[[], dict[str, str]]) -> None:
        """From now on, ask AWS about keys without a name; `environment` sends clients here."""
        self._asker = Asker(environment, self._voice.tell)
        self.recorder.unnamed = self._asker.meet

    async def _heartbeat(self, _request: dict[str, Any]) -> dict[str, Any]:
        # Who asks is about to export: what it hands over should have been witnessed.
        index = await self._say_alive()
        await self._anchorer.now()
        return {"index": index}

    async def _beat(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self.settings.heartbeat)
                return
            with contextlib.suppress(RecordingError, MemoryError):
                self._watch_wal()
                await self._say_alive()

    def _watch_wal(self) -> None:
        """Say once that somebody reads for so long that the disk may become full."""
        size = self.trail.wal_bytes
        if size > WAL_ALARM and not self._wal_told:
            self._voice.tell(
                f"the trail's write-ahead log has grown to {size / 1e9:.1f} GB: a program has been reading the "
                "trail in one go (a long `verify` or `sql`, or another program's query); it shrinks when that ends",
                "warning",
            )
        self._wal_told = size > WAL_ALARM

    async def _say_alive(self) -> int:
        passed = dict(self._guard.tunnelled)
        index = await self.recorder.heartbeat(passed)
        self._guard.forget(passed)
        return index


def _calls(directory: Path, tickets: Sequence[Ticket]) -> list[Mapping[str, Json]]:
    """What the log has of the calls that asked."""
    with Reader(directory) as source:
        return [recorded(source, ticket.asked.event or "") for ticket in tickets]
