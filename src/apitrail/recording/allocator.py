"""How the C library hands out memory: from one pool, which gives back what is free."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress

# glibc's malloc.h. Each thread has a pool of its own up to eight for a core; what one has freed no
# other takes, and a recorder's threads each load large models. See mallopt(3).
M_ARENA_MAX = -8


def share_pool() -> None:
    """Let all threads take memory from one pool, unless the environment says how many there are.

    Only glibc has several.
    """
    if "MALLOC_ARENA_MAX" in os.environ:
        return
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
