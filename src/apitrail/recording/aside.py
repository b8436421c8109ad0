"""Work that may hang, in a thread that keeps nothing from ending."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue


class Thread:
    """A thread for what belongs to one, such as a connection of SQLite; `end` it."""

    def __init__(self, name: str) -> None:
        self._work: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        threading.Thread(target=self._go, name=name, daemon=True).start()

    async def run[T](self, work: Callable[[], T]) -> T:
        """What `work` gives or raises, after what came before it.

        Who waits no longer leaves it to the thread.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._work.put(partial(_do, work, done, loop))
        return await done

    def end(self) -> None:
        """Do what is left, and no more; nobody waits for that."""
        self._work.put(None)

    def _go(self) -> None:
        while (work := self._work.get()) is not None:
            work()


async def aside[T](work: Callable[[], T], name: str) -> T:
    """What `work` gives or raises, in a thread of its own."""
    thread = Thread(name)
    try:
        return await thread.run(work)
    finally:
        thread.end()


def _do[T](work: Callable[[], T], done: asyncio.Future[T], loop: asyncio.AbstractEventLoop) -> None:
    try:
        found = work()
    except Exception as error:  # noqa: BLE001 - a defect too must not be waited for
        _tell(loop, done, partial(done.set_exception, error))
    else:
        _tell(loop, done, partial(done.set_result, found))


def _tell[T](
    loop: asyncio.AbstractEventLoop, done: asyncio.Future[T], set_it: Callable[[], None]
) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
        loop.call_soon_threadsafe(lambda: None if done.done() else set_it())
