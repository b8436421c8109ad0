"""A command run as the shell would run it: its signals, its exit status, its terminal."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from apitrail.errors import UsageError

# What shells answer (POSIX.1-2017, Shell Command Language, section 2.8.2).
NOT_FOUND = 127
NOT_EXECUTABLE = 126

# Signals that are meant for the command. The terminal sends it SIGINT and SIGQUIT by itself.
FORWARDED = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
FROM_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
# The signals that end our waiting when the command is not running.
ENDING = frozenset({signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT})


class CommandError(UsageError):
    """A command that cannot be run; `status` is the exit status a shell would give."""

    def __init__(self, message: str, *, status: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


def find(command: str, environment: Mapping[str, str]) -> None:
    """Raise CommandError where the shell would not find `command`, or not run it."""
    if shutil.which(command, path=environment.get("PATH")) is not None:
        return
    if "/" not in command or not Path(command).exists():
        raise CommandError(
            f"no such command: {command!r}",
            status=NOT_FOUND,
            hint="apitrail exec -- COMMAND runs a program, not a line of shell: sh -c '…'",
        )
    raise CommandError(
        f"{command!r} cannot be run: it is no executable file",
        status=NOT_EXECUTABLE,
        hint=f"chmod +x {command}, or name its interpreter before it",
    )


class Signals:
    """While the context is open, signals sent to us reach the command, or end our waiting."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._terminal = _is_foreground()

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number in (*FORWARDED, *FROM_TERMINAL):
            loop.add_signal_handler(number, self._received, number)
        return self

    def __exit__(self, *_: object) -> None:
        loop = asyncio.get_running_loop()
        for number in (*FORWARDED, *FROM_TERMINAL):
            loop.remove_signal_handler(number)

    async def run(
        self, command: Sequence[str], environment: Mapping[str, str], *, quiet: bool = False
    ) -> int:
        """Run `command` to its end; its exit status, 128 + n where signal n ended it.

        Raises:
            CommandError: the system cannot run it.
        """
        nowhere = asyncio.subprocess.DEVNULL if quiet else None
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command, env=dict(environment), stdin=nowhere, stdout=nowhere, stderr=nowhere
            )
        except OSError as error:
            raise CommandError(
                f"{command[0]!r} cannot be run: {error.strerror}",
                status=NOT_EXECUTABLE,
                hint="is its first line `#!` and an interpreter that is there?",
            ) from error
        try:
            status = await self._process.wait()
        finally:
            self._process = None
        return status if status >= 0 else 128 - status

    def _received(self, number: signal.Signals) -> None:
        process = self._process
        if process is None:
            if number in ENDING:
                self.ended.set()
        elif process.returncode is None and not (number in FROM_TERMINAL and self._terminal):
            os.kill(process.pid, number)


def _is_foreground() -> bool:
    """Are we, and so the command, what the terminal sends its signals to?"""
    try:
        terminal = os.open(os.ctermid(), os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
