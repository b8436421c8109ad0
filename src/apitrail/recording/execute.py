"""Running a command with all its AWS traffic recorded: `apitrail exec`, and `env` for a shell."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from apitrail import last_resort, places
from apitrail.aside import in_thread
from apitrail.errors import UsageError
from apitrail.recording import background
from apitrail.recording import command as commands
from apitrail.recording.clients import ca_bundle
from apitrail.recording.clients.ca_bundle import Bundles
from apitrail.recording.clients.corporate_proxy import Corporate
from apitrail.recording.clients.endpoints import GLOBAL, Preset
from apitrail.recording.clients.surroundings import Surroundings
from apitrail.recording.command import Signals
from apitrail.recording.operators import Operators
from apitrail.recording.settings import Settings
from apitrail.trail import control, database
from apitrail.trail.lock import Busy

# Seconds to wait for another recorder to answer, or to release the trail.
PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: its exit status (128 + n for signal n), and what was recorded.

    `ports` are those that the recorder listened on for it; `passed` are AWS's names that are no
    API's, to which something was tunnelled meanwhile; `denied` counts the calls that a guard refused.
    """

    status: int
    run: str
    calls: int
    ports: frozenset[int] = frozenset()
    passed: tuple[str, ...] = ()
    denied: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A command to run: `preset` is the environment it would have had without us.

    `tell` takes words to the user; `quiet` commands have no terminal.
    """

    command: Sequence[str]
    trail: Path
    settings: Settings
    labels: Mapping[str, str]
    preset: Mapping[str, str]
    tell: Callable[[str], None]
    quiet: bool = False

    async def run(self) -> Outcome:
        """Run it through the recorder of the trail, or one of its own.

        Raises:
            CommandError: there is no such command; nothing was changed.
            UsageError: no recorder can be used or started; the command was not run.
        """
        commands.find(self.command[0], self.preset)
        around = Surroundings.of(self.preset)
        for warning in around.warnings():
            self.tell(warning)
        with Signals() as signals:
            deadline = asyncio.get_running_loop().time() + PATIENCE
            while True:
                if (status := control.ask(self.trail, "status")) is not None:
                    return await self._through_running(signals, around, status)
                try:
                    return await self._through_own(signals, around)
                except Busy:
                    # Another one is just starting, or stopping.
                    if asyncio.get_running_loop().time() > deadline or signals.ended.is_set():
                        raise
                await asyncio.sleep(0.1)

    async def _through_running(
        self, signals: Signals, around: Surroundings, status: Mapping[str, Any]
    ) -> Outcome:
        _must_agree(self.settings, status["settings"])
        found = _behind(around.fronted(proxy=status["proxy"] is not None), status)
        with control.hold(
            self.trail, "run", labels=dict(self.labels), command=self.command[0],
            reverse=_urls(found), intercept=around.intercepted(), hold=True,
        ) as answer:  # fmt: skip
            if answer is None:
                raise UsageError("the recorder stopped", hint="run this again: it starts its own")
            fronts = {url: _url(*address) for url, address in answer["reverse"].items()}
            variables = self._environment(around, status, answer["id"], found, fronts)
            await self._ask_who(variables)
            ended_with = await signals.run(self.command, variables, quiet=self.quiet)
            ended, after = await self._end(answer["id"])
        ports = _ports(status, fronts)
        calls = int((ended or {}).get("calls", 0))
        passed = {*(after or status).get("passed", ())} - {*status.get("passed", ())}
        denied = int((ended or {}).get("denied", 0))
        return Outcome(ended_with, answer["id"], calls, ports, tuple(sorted(passed)), denied)

    async def _end(self, run: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """What the recorder says of a run that has ended, and of itself."""
        try:
            ended = await in_thread(control.ask, self.trail, "end-run", id=run)
            after = await in_thread(control.ask, self.trail, "status")
        except UsageError as error:
            self.tell(f"{error}: what it recorded of the command is not known yet")
            return None, None
        if ended is None:
            self.tell("the recorder stopped before the command did: calls after that were refused")
        return ended, after

    async def _through_own(self, signals: Signals, around: Surroundings) -> Outcome:
        from apitrail.recording.proxy.destination import Upstream
        from apitrail.recording.session import Session, check

        for item in around.presets:
            # An invalid endpoint is reported before anything is written.
            Upstream.parse(item.origin)
        settings = own_settings(self.settings, around)
        if not (self.trail / database.FILE).exists():
            check(self.trail, settings)
            self.tell(f"making a trail in {str(self.trail)!r}; this takes some seconds, once")
        session = await Session.start(self.trail, settings)
        if session.health is not None:
            self.tell(f"health on http://{session.health.address}")
        try:
            status = session.status()
            found = around.fronted(proxy=status["proxy"] is not None)
            run, listeners = await session.runs.begin(
                self.labels, self.command[0], tuple(_urls(found)),
                tuple(around.intercepted()), alone=True,
            )  # fmt: skip
            fronts = {url: _url(item.host, item.port) for url, item in listeners.items()}
            variables = self._environment(around, status, run, found, fronts)
            await self._ask_who(variables)
            ended_with = await signals.run(self.command, variables, quiet=self.quiet)
            await self._see_off(session.runs, signals)
        finally:
            await session.stop("the command ended")
        calls = session.recorder.tally.run_calls[run]
        passed = tuple(session.status()["passed"])
        denied = session.recorder.tally.run_denied[run]
        if session.failure is not None:
            ended_with = ended_with or last_resort.STATUS
        return Outcome(ended_with, run, calls, _ports(status, fronts), passed, denied)

    async def _ask_who(self, variables: Mapping[str, str]) -> None:
        """Ask AWS who the command will be, if that is wanted."""
        if not self.settings.whoami:
            if not places.configuration(self.settings.configuration).exists():
                return
            from apitrail.recording import config_file

            if not config_file.of(self.settings).whoami:
                return
        from apitrail.recording import whoami

        await whoami.ask(variables, self.tell)

    async def _see_off(self, runs: Any, signals: Signals) -> None:
        """Other commands came to use our recorder: it stays until they have ended."""
        if not runs.guests:
            return
        others = "another command" if runs.guests == 1 else f"{runs.guests} other commands"
        self.tell(f"waiting for {others} recorded by this recorder")
        waiting = [asyncio.ensure_future(runs.alone()), asyncio.ensure_future(signals.ended.wait())]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*waiting)

    def _environment(
        self,
        around: Surroundings,
        status: Mapping[str, Any],
        run: str,
        found: Sequence[Preset],
        fronts: Mapping[str, str],
    ) -> dict[str, str]:
        changed = _changes(self.trail, around, status, found, fronts, run=run)
        return {**self.preset, **changed, "APITRAIL_RUN": run}


def own_settings(settings: Settings, around: Surroundings) -> Settings:
    """The settings of a recorder of one's own: a free port, behind a preset corporate proxy."""
    settings = trusting(settings, around)
    if settings.modes != Settings().modes:
        return settings
    corporate = Corporate.of(around.environment)
    if corporate is None:
        return replace(settings, modes=("regular@127.0.0.1:0",))
    corporate.check()
    mode = f"upstream:{corporate.url}@127.0.0.1:0"
    settings = replace(settings, modes=(mode,), direct=around.direct())
    if corporate.credentials is None:
        return settings
    # The password is kept out of the mode, since the mode is written into the log.
    return replace(settings, settings={**settings.settings, "upstream_auth": corporate.credentials})


def trusting(settings: Settings, around: Surroundings) -> Settings:
    """The recorder stands where the client stood, and trusts whom it was told to trust.

    Raises:
        UsageError: the store that is named cannot be read.
    """
    store = around.trusted_store()
    if store is None:
        return settings
    ca_bundle.read(store)
    what = "confdir" if Path(store).is_dir() else "ca"
    option = {f"ssl_verify_upstream_trusted_{what}": store}
    return replace(settings, settings={**option, **settings.settings})


def running_environment(
    trail: Path,
    preset: Mapping[str, str],
    *,
    tell: Callable[[str], None],
    patience: float = background.PATIENCE,
    operator: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The variables that send a shell's AWS calls to the recorder that runs on this trail.

    `operator` gets a port of their own, where the recorder has one, else the proxy, whose URL still
    lacks the login. With `labels` the shell's calls are a run of their own, which has these.

    Raises:
        UsageError: none runs, nor has one started within `patience` seconds; or it has no door for
            this operator.
    """
    status: Mapping[str, Any] = background.wait_for(trail, tell, seconds=patience)
    if operator is not None:
        status = _for_operator(trail, status, operator)
    around = Surroundings.of(preset)
    own = _own(status)
    fronted = around.fronted(proxy=status["proxy"] is not None)
    found = [item for item in fronted if item.origin not in own]
    fronts: dict[str, str] = {}
    run: str | None = None
    if labels or found or around.intercepted():
        answer = control.ask(
            trail, "run", labels=dict(labels or {}), command=None, reverse=_urls(found),
            intercept=around.intercepted(),
        )  # fmt: skip
        fronts = {url: _url(*to) for url, to in (answer or {"reverse": {}})["reverse"].items()}
        run = str(answer["id"]) if answer and labels else None
    for warning in around.warnings():
        tell(warning)
    if operator is not None and fronts:
        tell(f"calls to {', '.join(sorted(fronts))} come without a login: they have no operator")
    changed = _changes(trail, around, status, found, fronts, run=run)
    return changed | ({"APITRAIL_RUN": run} if run else {})


def _for_operator(trail: Path, status: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What the recorder has for this operator alone: a port, or else the proxy with a login."""
    own = status.get("operators", {}).get(name)
    if own is not None:
        return {**status, "proxy": None, "endpoint": own}
    if status["proxy"] is None:
        raise UsageError(
            f"operator {name!r} has no port of this recorder's",
            hint=f"start it with --operator-mode {name}=reverse:URL@PORT, or with --mode regular",
        )
    operators = Operators.of(trail)
    if name not in operators.names():
        raise UsageError(f"no operator {name!r}", hint="`apitrail operator list` names them")
    if not operators.has_secret(name):
        raise UsageError(
            f"operator {name!r} has a certificate and no secret",
            hint="clients show it by options of their own, as curl by --proxy-cert",
        )
    return status


def _behind(presets: Sequence[Preset], status: Mapping[str, Any]) -> list[Preset]:
    """A command within a recorded command finds the outer one's listeners, and gets its own."""
    own = _own(status)
    return [replace(item, url=own.get(item.origin, item.origin) + item.path) for item in presets]


def _urls(presets: Sequence[Preset]) -> list[str]:
    return sorted({item.url for item in presets})


def _own(status: Mapping[str, Any]) -> dict[str, str]:
    """URL of each reverse listener → URL of its upstream."""
    return {
        _url(host, port): mode.removeprefix("reverse:").rpartition("@")[0]
        for mode, host, port in status["listeners"]
        if mode.startswith("reverse:")
    }


def _changes(
    trail: Path,
    around: Surroundings,
    status: Mapping[str, Any],
    found: Sequence[Preset],
    fronts: Mapping[str, str],
    *,
    run: str | None,
) -> dict[str, str]:
    replaced = {item.variable: fronts[item.url] + item.path for item in found}
    if status["proxy"] is None and GLOBAL not in around.environment:
        if status["endpoint"] is None:
            raise UsageError(
                "the recorder that is running listens for no client that variables could send to it",
                hint="start it with --mode regular or --mode reverse:URL@PORT",
            )
        replaced.setdefault(GLOBAL, status["endpoint"])
    bundles = Bundles(trail, tuple(urlsplit(url).hostname or "" for url in around.intercepted()))
    changed = around.changes(proxy=status["proxy"], run=run, bundle=bundles.path, replaced=replaced)
    # apitrail commands within the command use this trail too.
    return changed | {"APITRAIL_TRAIL": str(trail.absolute())}


def _must_agree(asked: Settings, running: Mapping[str, Any]) -> None:
    """Options that the running recorder does not have must not be ignored in silence."""
    default = Settings().to_json()
    for name, value in asked.to_json().items():
        if value != default.get(name) and value != running.get(name):
            option = _OPTIONS[name]
            raise UsageError(
                f"a recorder with another {option} is running on this trail: {running.get(name)!r}",
                hint=f"leave {option} out to use it, stop it, or name another trail with --trail",
            )


_OPTIONS = {
    "modes": "--mode",
    "upstream": "--upstream",
    "tunnels": "--tunnel",
    "bodyLimit": "--body-limit",
    "heartbeat": "--heartbeat",
    "config": "--config",
    "guards": "--guard",
    "ask": "--ask",
    "health": "--health",
    "workers": "--workers",
    "signatures": "--verify-signatures or --require-valid-signature",
}


def _ports(status: Mapping[str, Any], fronts: Mapping[str, str]) -> frozenset[int]:
    listening = {int(port) for _mode, _host, port in status["listeners"]}
    return frozenset(listening | {int(url.rpartition(":")[2]) for url in fronts.values()})


def _url(host: str, port: int) -> str:
    return f"http://{host}:{port}"
