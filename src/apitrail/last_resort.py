"""The end of a process that cannot go on: where somebody would else wait for ever for want of memory.

What it was about is on the disk by then, as where a process is killed: the next one accounts for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
from collections.abc import Coroutine, Iterator
from typing import Any

STATUS = 1
"""The exit status of such a process."""

# How long a recorder may take to end that cannot write any more, in seconds.
PATIENCE = 60

# Made beforehand: when it is wanted there may be no room for it.
_SAID = b"apitrail: out of memory: this process ends at once; nothing more passes, and the next recorder accounts for its calls\n"
_STDERR = 2


def end() -> None:
    """End the process at once, with a line on stderr if somebody reads it."""
    with contextlib.suppress(OSError, ValueError, MemoryError):
        if select.select((), (_STDERR,), (), 0)[1]:
            os.write(_STDERR, _SAID)
    os._exit(STATUS)


@contextlib.contextmanager
def vital() -> Iterator[None]:
    """Around what wakes up those who wait: asyncio forgets them where it gets no memory for that."""
    try:
        yield
    except MemoryError:
        end()


def watch(loop: asyncio.AbstractEventLoop) -> None:
    """End the process where this loop loses a callback for want of memory: somebody may wait for it."""
    before = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "handle" in context and isinstance(context.get("exception"), MemoryError):
            end()
        if before is None:
            loop.default_exception_handler(context)
        else:
            before(loop, context)

    loop.set_exception_handler(handle)


@contextlib.contextmanager
def within(seconds: int = PATIENCE) -> Iterator[None]:
    """What does not come to its end in time is ended by the system, with the process."""
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def run[T](main: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`; but where the loop itself gets no memory, nobody is waited for any more."""
    with asyncio.Runner() as runner:
        try:
            return runner.run(main)
        except MemoryError:
            end()
            raise
