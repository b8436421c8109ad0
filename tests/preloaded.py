"""`apitrail` that starts at once: a process has loaded it, and forks itself for each start.

Most of what a test of the whole program costs is Python's loading of it (mitmproxy, botocore), a
second of CPU each time. What is forked is a process of its own with its own environment,
directory, files and exit status, and runs the program's own entry point from its beginning.

`FRESH=1` starts every program anew instead; clients and what they start are always new.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

type Stream = int | IO[str] | None

STREAMS = ("stdin", "stdout", "stderr")


def can(command: Sequence[str]) -> bool:
    """Is `command` the program that is loaded?"""
    return command[0] == "apitrail" and not os.environ.get("FRESH")


class Process:
    """A forked process, used as those of `subprocess` are."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        streams: Mapping[str, Stream],
    ) -> None:
        self.args = list(command)
        self._read: dict[str, str] = {}
        self.returncode: int | None = None
        self.stdin: IO[str] | None = None
        self.stdout: IO[str] | None = None
        self.stderr: IO[str] | None = None
        self._status, other = socket.socketpair()
        with ExitStack() as theirs:
            theirs.enter_context(other)
            given = [self._stream(name, streams.get(name), theirs) for name in STREAMS]
            socket.send_fds(_forker(), [b"."], [other.fileno(), *given])
        self._told = self._status.makefile("r")
        asked = {"command": self.args, "env": dict(environment), "cwd": str(directory)}
        self._status.sendall(json.dumps(asked).encode() + b"\n")
        self.pid = int(self._told.readline())

    def _stream(self, name: str, asked: Stream, theirs: ExitStack) -> int:
        if asked == subprocess.PIPE:
            ours, other = os.pipe() if name != "stdin" else os.pipe()[::-1]
            theirs.callback(os.close, other)
            setattr(self, name, os.fdopen(ours, "w" if name == "stdin" else "r"))
            return other
        if asked == subprocess.DEVNULL:
            return theirs.enter_context(Path(os.devnull).open("r+b")).fileno()
        if asked is None:
            return STREAMS.index(name)
        return asked if isinstance(asked, int) else asked.fileno()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; its exit status, or minus the signal that ended it."""
        if self.returncode is None:
            self._status.settimeout(timeout)
            try:
                self.returncode = int(self._told.readline())
            except TimeoutError:
                # The reader of a socket that was late cannot be used again.
                self._told = self._status.makefile("r")
                raise subprocess.TimeoutExpired(self.args, timeout or 0) from None
            self._told.close()
            self._status.close()
        return self.returncode

    def poll(self) -> int | None:
        """Its exit status, if it has ended."""
        try:
            return self.wait(1e-9)
        except subprocess.TimeoutExpired:
            return None

    def communicate(
        self, given: str | None = None, timeout: float | None = None
    ) -> tuple[str | None, str | None]:
        """Write what is given, read both outputs to their ends, and wait; once, told each time."""
        streams = {"stdout": self.stdout, "stderr": self.stderr}
        threads = [
            threading.Thread(target=_drain, args=(name, stream, self._read), daemon=True)
            for name, stream in streams.items()
            if stream is not None and not stream.closed
        ]
        for thread in threads:
            thread.start()
        if self.stdin is not None and not self.stdin.closed:
            _write(self.stdin, given)
        for thread in threads:
            thread.join(timeout)
            if thread.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.wait(timeout)
        return self._read.get("stdout"), self._read.get("stderr")

    def send_signal(self, number: int) -> None:
        """Signal it, where it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    terminate = functools.partialmethod(send_signal, signal.SIGTERM)
    kill = functools.partialmethod(send_signal, signal.SIGKILL)


def _drain(name: str, stream: IO[str], read: dict[str, str]) -> None:
    with stream:
        read[name] = stream.read()


def _write(stream: IO[str], given: str | None) -> None:
    try:
        with stream:
            stream.write(given or "")
    except BrokenPipeError:
        pass


@functools.cache
def _forker() -> socket.socket:
    """The socket to this worker's forker, which ends when the worker does."""
    ours, other = socket.socketpair()
    program = [sys.executable, str(Path(__file__).with_name("forker.py")), str(other.fileno())]
    environment = {name: value for name, value in os.environ.items() if name[:6] != "PYTHON"}
    subprocess.Popen(program, env=environment, pass_fds=[other.fileno()])
    other.close()
    return ours
