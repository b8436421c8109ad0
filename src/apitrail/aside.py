"""Work beside the event loop: in threads that keep nothing from ending, and that leave nobody waiting.

Python's own threads and executors do where there is no memory: who starts a thread waits for ever for one that
could not begin, and who waits for a result that could not be handed over is never woken.
"""

from __future__ import annotations

import _thread
import asyncio
import errno
import os
import time
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue

from apitrail import last_resort

# How long a thread may take to begin, in seconds.
BEGINNING = 10.0
# How long a thread waits for the memory that is needed to say that it is done, in seconds, and between two tries.
_PATIENCE, _STEP = 10.0, 0.05
# As many threads has asyncio's executor.
POOL = min(32, (os.cpu_count() or 1) + 4)


class Job[T]:
    """Something to do in another thread, for who waits for `done` in the loop in which this is made."""

    __slots__ = ("_error", "_found", "_loop", "_work", "done")

    def __init__(self, work: Callable[[], T]) -> None:
        self._work: Callable[[], T] | None = work
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[T] = self._loop.create_future()
        self._found: T | None = None
        self._error: BaseException | None = None

    def do(self) -> None:
        """In the thread. A defect too must not be waited for."""
        assert self._work is not None
        try:
            self._found = self._work()
        except BaseException as error:  # noqa: BLE001
            self._error = error
        self._work = None
        tell(self._loop, self.settle)

    def fail(self, error: BaseException) -> None:
        """In the loop: it will not be done."""
        self._error = error
        self.settle()

    def settle(self) -> None:
        """In the loop: it is done."""
        if self.done.done():
            return  # nobody waits any more
        with last_resort.vital():
            if self._error is None:
                self.done.set_result(self._found)  # type: ignore[arg-type]
            elif isinstance(self._error, StopIteration):
                self.done.set_exception(RuntimeError("work raised StopIteration"))
            else:
                self.done.set_exception(self._error)
        self._error = None


def tell(loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> None:
    """Have a loop call something soon, which may be called twice; from any thread.

    Where there is no memory for that it is waited for, since somebody waits for the call; without any the process ends.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            loop.call_soon_threadsafe(callback)
        except RuntimeError:
            return  # the loop has ended: nobody waits any more
        except MemoryError:
            if time.monotonic() > deadline:
                last_resort.end()
            time.sleep(_STEP)
        else:
            return


class _Threads:
    """Some threads that take work from one queue."""

    def __init__(self, number: int) -> None:
        self._jobs: SimpleQueue[Job[object] | None] = SimpleQueue()
        self._begun = False
        self._ended = False
        self._number = 0
        for _ in range(number):
            try:
                _thread.start_new_thread(self._go, ())
            except (RuntimeError, MemoryError) as error:
                if not self._number:
                    raise OSError(errno.EAGAIN, "no thread can be started") from error
                break  # fewer will do
            self._number += 1

    async def run[T](self, work: Callable[[], T]) -> T:
        """What `work` gives or raises; who waits no longer leaves it to the thread.

        Raises OSError where there is no thread.
        """
        if self._ended:
            raise OSError(errno.ESHUTDOWN, "the thread has ended")
        job = Job(work)
        loop = asyncio.get_running_loop()
        late = None if self._begun else loop.call_later(BEGINNING, self._give_up, job)
        self._jobs.put(job)  # type: ignore[arg-type]
        try:
            return await job.done
        finally:
            if late is not None:
                late.cancel()

    def end(self) -> None:
        """Do what is left, and no more; nobody waits for that."""
        self._ended = True
        for _ in range(self._number):
            self._jobs.put(None)

    def _give_up[T](self, job: Job[T]) -> None:
        if not self._begun:
            job.fail(OSError(errno.EAGAIN, "a thread could not begin"))

    def _go(self) -> None:
        self._begun = True
        try:
            while (job := self._jobs.get()) is not None:
                job.do()
                del job  # what it was about is not kept until the next one comes
        except BaseException:  # noqa: BLE001
            last_resort.end()  # there was no memory to begin with it


class Thread(_Threads):
    """A thread for what belongs to one, such as a connection of SQLite; `end` it."""

    def __init__(self) -> None:
        super().__init__(1)


_pool: _Threads | None = None


def prepare() -> None:
    """Start the threads of `in_thread`: later there may be no memory for them. Raises OSError."""
    global _pool  # noqa: PLW0603
    if _pool is None:
        _pool = _Threads(POOL)


def _forget() -> None:
    """A process that was forked has none of the threads."""
    global _pool  # noqa: PLW0603
    _pool = None


os.register_at_fork(after_in_child=_forget)


async def in_thread[**P, T](work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` gives or raises, in one of a few threads: for what comes to an end soon.

    They are there already, so that it needs no more memory than `work` itself.
    """
    prepare()
    assert _pool is not None
    return await _pool.run(partial(work, *args, **kwargs))


async def aside[T](work: Callable[[], T]) -> T:
    """What `work` gives or raises, in a thread of its own: for what may hang. Raises OSError where none can be started."""
    thread = Thread()
    try:
        return await thread.run(work)
    finally:
        thread.end()
