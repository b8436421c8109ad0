"""How many files and connections this process may have open."""

from __future__ import annotations

import resource
from contextlib import suppress


def raise_limit() -> int:
    """Take as many as the system allows; gives how many those are.

    Shells allow 1,024, since programs that use select() know no more. A recorder uses two for each
    client, and does not use select().
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # macOS has a limit of its own below an unlimited one
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return hard
    return soft
