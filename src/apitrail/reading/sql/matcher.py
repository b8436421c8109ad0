"""SQL's REGEXP where a question may have to end: matched in a process that can be killed.

`re` holds Python's lock while it matches, and a pattern such as `(a+)+$` may take years; neither a
thread nor SQLite's progress handler gets a turn before it is done.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from apitrail.errors import UsageError

WORKER = Path(__file__).with_name("match_worker.py")
# Seconds between two looks at `stop`.
STEP = 0.05


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a question may take: to a deadline on the monotonic clock, until `stop` is set."""

    deadline: float | None = None
    stop: threading.Event | None = None

    @classmethod
    def of(cls, timeout: float | None, stop: threading.Event | None) -> Patience:
        """From now on."""
        return cls(None if timeout is None else time.monotonic() + timeout, stop)

    @property
    def is_endless(self) -> bool:
        """Is there nothing that could end it?"""
        return self.deadline is None and self.stop is None

    def is_over(self) -> bool:
        """Must the question end?"""
        return (self.stop is not None and self.stop.is_set()) or (
            self.deadline is not None and time.monotonic() > self.deadline
        )


class Matcher:
    """Matches in a process of its own, which starts with the first pattern and ends with `close`."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._worker: subprocess.Popen[bytes] | None = None

    def search(self, pattern: str, text: str) -> bool:
        """Is `pattern` in `text`?

        Raises:
            UsageError: it is no regular expression, or it took too long.
        """
        worker = self._worker or self._start()
        if worker.stdin is None or worker.stdout is None:
            raise UsageError("the process that matches has no pipes")
        try:
            worker.stdin.write(json.dumps([pattern, text]).encode() + b"\n")
            worker.stdin.flush()
            self._wait(worker.stdout.fileno())
            found = json.loads(worker.stdout.readline() or b'"it ended the process"')
        except OSError as error:
            raise UsageError(f"the process that matches has ended: {error}") from error
        if isinstance(found, bool):
            return found
        raise UsageError(f"not a regular expression: {pattern!r}: {found}")

    def close(self) -> None:
        """End the process, whatever it does."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.communicate()
            self._worker = None

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-I", "-S", str(WORKER)]
        self._worker = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        return self._worker

    def _wait(self, descriptor: int) -> None:
        ready = select.poll()
        ready.register(descriptor, select.POLLIN)
        while not ready.poll(STEP * 1000):
            if self._patience.is_over():
                self.close()
                raise UsageError(
                    "the query took too long",
                    hint="narrow it down, or give more time with --timeout",
                )
