"""A recorder in the background: `record --detach` starts it, `env` and `exec` wait for it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from apitrail.errors import UsageError
from apitrail.trail import control

# Set for a recorder that was detached; what it says later goes to this file in its trail.
DETACHED = "APITRAIL_DETACHED"
LOG = "recorder.log"

# How long `env` waits for a recorder that may be starting.
PATIENCE = 10.0
_STEP = 0.1


def detach(arguments: Sequence[str], trail: Path, say: Callable[[str], None]) -> int:
    """Run `apitrail ARGUMENTS` in a session of its own; return when it can record, or has ended.

    `say` gets what it says until then. The exit status is 0, or its own where it did not start.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "apitrail", *arguments],
        env={**os.environ, DETACHED: "1"}, start_new_session=True, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        # The new process closes this pipe when it can record (`to_log`), or by ending.
        for line in process.stderr:
            say(line.rstrip("\n"))
    except KeyboardInterrupt:
        process.terminate()
        raise
    status = control.ask(trail, "status")
    if status is not None and status["pid"] == process.pid:
        return 0
    return process.wait()


def is_detached() -> bool:
    """Was this process started by `detach`?"""
    return os.environ.get(DETACHED) == "1"


def to_log(trail: Path) -> None:
    """From now on, what is said on stderr is appended to the trail's `recorder.log`."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    log = os.open(trail / LOG, flags, 0o600)
    os.dup2(log, sys.stderr.fileno())
    os.close(log)


def wait_for(
    trail: Path, say: Callable[[str], None], *, seconds: float = PATIENCE
) -> dict[str, Any]:
    """The status of the recorder of this trail, which may just be starting.

    Raises:
        UsageError: none answered in time.
    """
    deadline = time.monotonic() + seconds
    told = False
    while (status := control.ask(trail, "status")) is None:
        if time.monotonic() >= deadline:
            raise UsageError(
                f"no recorder is running on {str(trail)!r}",
                hint="`apitrail record --detach` starts one",
            )
        if not told:
            say(f"waiting up to {seconds:g} s for a recorder on {str(trail)!r}")
            told = True
        time.sleep(_STEP)
    return status
