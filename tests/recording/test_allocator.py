"""A recorder's threads take memory from one pool."""

from __future__ import annotations

import os
import subprocess
import sys

# Prints a `heap` for each pool, where the C library has several.
CODE = """
import ctypes, threading
from apitrail.recording.allocator import share_pool
share_pool()
kept, together = [], threading.Barrier(4)
def work():
    together.wait()
    kept.append([bytearray(20_000) for _ in range(50)])
    together.wait()
threads = [threading.Thread(target=work) for _ in range(4)]
[each.start() for each in threads]; [each.join() for each in threads]
libc = ctypes.CDLL(None)
if hasattr(libc, "malloc_info"):
    libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
    libc.fflush(None)
else:
    print("<heap nr")
"""


def pools(**variables: str) -> int:
    bare = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], check=True, capture_output=True, text=True,
        env=bare | variables,
    )  # fmt: skip
    return done.stdout.count("<heap nr")


def test_threads_share_one_pool() -> None:
    assert pools() == 1


def test_what_the_environment_says_stands() -> None:
    assert pools(MALLOC_ARENA_MAX="1") == 1
    assert sys.platform != "linux" or pools(MALLOC_ARENA_MAX="3") == 3
