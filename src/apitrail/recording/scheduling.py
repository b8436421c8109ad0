"""How the system shares its cores between a recorder's processes. Linux has a say in it, others have not."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path


def give_way() -> None:
    """Let this process interrupt no other when it wakes up; it is run when a core is free, or when its turn comes.

    That is for the one with the trail: mostly nobody waits for what it does, while each interruption costs a worker
    a part of its caches. Where every core is busy a call takes 7 to 10 % less CPU by it. See sched(7) on SCHED_BATCH.
    """
    if sys.platform == "linux":
        for thread in Path("/proc/self/task").iterdir():
            _schedule(int(thread.name), os.SCHED_BATCH)


def take_turns() -> None:
    """Be scheduled as usual, whoever has started this process."""
    if sys.platform == "linux":
        _schedule(0, os.SCHED_OTHER)


def _schedule(thread: int, policy: int) -> None:
    with suppress(OSError):  # a service may not be allowed to; or the thread has ended
        os.sched_setscheduler(thread, policy, os.sched_param(0))
