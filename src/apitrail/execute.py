"""Running a command with all its AWS traffic recorded: `apitrail exec`.

It does not know the command line; it is told what to run and how to record.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from apitrail import control
from apitrail.clients import endpoints, environment
from apitrail.clients.bundle import Bundles
from apitrail.errors import UsageError
from apitrail.session import Session, Settings

# Signals that are meant for the command; the terminal sends it SIGINT and SIGQUIT by itself.
FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
FROM_TERMINAL = (signal.SIGINT, signal.SIGQUIT)

NOT_FOUND = 127
NOT_EXECUTABLE = 126


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: its exit status (128 + n for signal n), and what was recorded."""

    status: int
    run: str
    calls: int


async def execute(
    command: Sequence[str],
    *,
    trail: Path,
    settings: Settings,
    labels: Mapping[str, str],
    preset: Mapping[str, str],
    tell: Callable[[str], None],
    quiet: bool = False,
) -> Outcome:
    """Run `command` through the recorder of this trail, or one of its own.

    Args:
        preset: the environment the command would have had.
        tell: takes words to the user.

    Raises:
        UsageError: no recorder can be started; the command was not run.
    """
    _warn(preset, tell)
    status = control.ask(trail, "status")
    if status is not None:
        return await _through_running(command, trail, status, labels, preset, quiet=quiet)
    settings = own_settings(settings, preset)
    return await _through_own(command, trail, settings, labels, preset, quiet=quiet)


def own_settings(settings: Settings, preset: Mapping[str, str]) -> Settings:
    """The settings of a recorder of one's own: a free port, behind a preset corporate proxy."""
    if settings.modes != Settings().modes:
        return settings
    corporate = environment.corporate_proxy(preset)
    if corporate is None:
        return replace(settings, modes=("regular@127.0.0.1:0",))
    return _behind(settings, corporate)


def _behind(settings: Settings, corporate: str) -> Settings:
    parts = urlsplit(corporate)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"the preset proxy {parts.scheme}://… cannot be chained to",
            hint="only http and https proxies can; unset HTTPS_PROXY or name a mode with --mode",
        )
    netloc = parts.netloc.rpartition("@")[2]
    settings = replace(settings, modes=(f"upstream:{parts.scheme}://{netloc}@127.0.0.1:0",))
    if parts.username is None:
        return settings
    # Kept out of the mode, which is written into the log.
    user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return replace(settings, settings={**settings.settings, "upstream_auth": user})


async def _through_running(
    command: Sequence[str],
    trail: Path,
    status: Mapping[str, Any],
    labels: Mapping[str, str],
    preset: Mapping[str, str],
    *,
    quiet: bool,
) -> Outcome:
    found = _elsewhere(preset, status)
    urls = sorted({item.url for item in found})
    answer = control.ask(trail, "run", labels=dict(labels), command=command[0], reverse=urls)
    if answer is None:
        raise UsageError("the recorder stopped", hint="run this again: it will start its own")
    fronts = {url: f"http://{host}:{port}" for url, (host, port) in answer["reverse"].items()}
    variables = _environment(preset, trail, answer["proxy"], answer["id"], found, fronts)
    ended_with = await _run(command, variables, quiet=quiet)
    ended = control.ask(trail, "end-run", id=answer["id"]) or {}
    return Outcome(ended_with, answer["id"], int(ended.get("calls", 0)))


async def _through_own(
    command: Sequence[str],
    trail: Path,
    settings: Settings,
    labels: Mapping[str, str],
    preset: Mapping[str, str],
    *,
    quiet: bool,
) -> Outcome:
    found = endpoints.presets(preset)
    session = await Session.start(trail, settings)
    try:
        urls = tuple(sorted({item.url for item in found}))
        run, listeners = await session.begin_run(labels, command[0], urls, alone=True)
        fronts = {url: f"http://{item.host}:{item.port}" for url, item in listeners.items()}
        variables = _environment(preset, trail, session.proxy(), run, found, fronts)
        status = await _run(command, variables, quiet=quiet)
    finally:
        await session.stop("the command ended")
    return Outcome(status, run, session.recorder.run_calls[run])


def _environment(
    preset: Mapping[str, str],
    trail: Path,
    proxy: str | None,
    run: str,
    found: list[endpoints.Preset],
    fronts: Mapping[str, str],
) -> dict[str, str]:
    changed = environment.changes(
        preset,
        proxy=proxy,
        run=run,
        bundle=Bundles(trail).path,
        endpoints={item.variable: fronts[item.url] for item in found},
    )
    return {**preset, **changed, "APITRAIL_RUN": run}


def _warn(preset: Mapping[str, str], tell: Callable[[str], None]) -> None:
    for profile in endpoints.other_profiles(preset):
        tell(f"profile {profile!r} sets an endpoint: with --profile {profile} calls go past us")


def _elsewhere(preset: Mapping[str, str], status: Mapping[str, Any]) -> list[endpoints.Preset]:
    """The preset endpoints that are not already listeners of this recorder."""
    own = {f"http://{host}:{port}" for _, host, port in status["listeners"]}
    return [item for item in endpoints.presets(preset) if item.url.rstrip("/") not in own]


async def _run(command: Sequence[str], variables: Mapping[str, str], *, quiet: bool) -> int:
    output = asyncio.subprocess.DEVNULL if quiet else None
    try:
        process = await asyncio.create_subprocess_exec(
            *command, env=dict(variables), stdout=output, stderr=output
        )
    except FileNotFoundError:
        print(f"apitrail: no such command: {command[0]!r}", file=sys.stderr)  # noqa: T201
        return NOT_FOUND
    except OSError as error:
        print(f"apitrail: cannot run {command[0]!r}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return NOT_EXECUTABLE
    loop = asyncio.get_running_loop()
    for number in FORWARDED:
        loop.add_signal_handler(number, _forward, process, number)
    for number in FROM_TERMINAL:
        loop.add_signal_handler(number, lambda: None)
    try:
        status = await process.wait()
    finally:
        for number in (*FORWARDED, *FROM_TERMINAL):
            loop.remove_signal_handler(number)
    return status if status >= 0 else 128 - status


def _forward(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        os.kill(process.pid, number)


def running_environment(
    trail: Path, preset: Mapping[str, str], *, tell: Callable[[str], None]
) -> dict[str, str]:
    """The variables that send a shell's AWS calls to the recorder that runs on this trail.

    Raises:
        UsageError: none runs.
    """
    status = control.ask(trail, "status")
    if status is None:
        raise UsageError(
            f"no recorder is running on {str(trail)!r}", hint="`apitrail record` starts one"
        )
    found = _elsewhere(preset, status)
    fronts = {}
    if found:
        urls = sorted({item.url for item in found})
        answer = control.ask(trail, "run", labels={}, command=None, reverse=urls) or {}
        fronts = {url: f"http://{host}:{port}" for url, (host, port) in answer["reverse"].items()}
    _warn(preset, tell)
    return environment.changes(
        preset,
        proxy=status["proxy"],
        run=None,
        bundle=Bundles(trail).path,
        endpoints={item.variable: fronts[item.url] for item in found},
    )
