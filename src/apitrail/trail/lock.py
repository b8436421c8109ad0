"""The lock that makes a trail's writer the only one."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from apitrail.errors import UsageError

LOCK = "lock"


class Busy(UsageError):  # noqa: N818
    """Another writer holds the trail."""


def take(directory: Path) -> IO[bytes]:
    """Hold the lock until the file is closed, also by the end of the process.

    Raises:
        Busy: another writer holds it.
    """
    busy = Busy(
        f"another recorder is writing to {str(directory)!r}",
        hint="use it (`apitrail env`), stop it, or name another trail with --trail",
    )
    return hold(directory / LOCK, busy)


def hold(path: Path, busy: UsageError) -> IO[bytes]:
    """Hold a lock file until it is closed, also by the end of the process; raises `busy`."""
    lock = path.open("ab")
    os.fchmod(lock.fileno(), 0o600)  # whatever the umask is
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise busy from None
    return lock
