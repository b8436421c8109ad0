"""How many cores this process may run on."""

from __future__ import annotations

import os


def cores() -> int:
    """At least one; fewer than the machine has where the process is held to some (`taskset`, a container's set)."""
    # macOS has no such call; `os.process_cpu_count` is Python 3.13's.
    held = getattr(os, "sched_getaffinity", None)
    return len(held(0)) if held else os.cpu_count() or 1
