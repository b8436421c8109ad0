"""Work in threads: who waits is told whatever happens, also where there is no memory for it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from typing import Any

import pytest

from apitrail import aside
from apitrail.aside import Thread, in_thread

PATIENCE = 20.0


def told[T](work: Any) -> Any:
    """What a coroutine gives, if that comes to an end."""

    async def main() -> Any:
        async with asyncio.timeout(PATIENCE):
            return await work()

    return asyncio.run(main())


def run(code: str) -> tuple[int, str]:
    """Run a program that may end abruptly; its status, and what it says."""
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stderr


def raising(error: BaseException) -> Any:
    def work(*_: object) -> None:
        raise error

    return work


def test_who_waits_gets_what_the_work_gives_in_its_order():
    async def work() -> list[int]:
        thread, done = Thread(), list[int]()
        await asyncio.gather(*(thread.run(lambda n=n: done.append(n)) for n in range(9)))
        thread.end()
        return done

    assert told(work) == list(range(9))
    assert told(lambda: in_thread(divmod, 7, 2)) == (3, 1)


@pytest.mark.parametrize(
    ("error", "seen"),
    [(ValueError("no"), ValueError), (MemoryError(), MemoryError), (StopIteration(), RuntimeError),
     (SystemError("no"), SystemError)],
)  # fmt: skip
def test_what_the_work_raises_is_raised(error, seen):
    for way in (in_thread, aside.aside):
        with pytest.raises(seen):
            told(lambda way=way: way(raising(error)))
    # The threads of the pool go on.
    assert told(lambda: in_thread(int, "7")) == 7


def test_a_thread_that_has_ended_is_not_waited_for():
    async def work() -> None:
        thread = Thread()
        thread.end()
        await thread.run(int)

    with pytest.raises(OSError, match="the thread has ended"):
        told(work)


def test_where_no_thread_can_be_started_that_is_said(monkeypatch):
    monkeypatch.setattr(aside._thread, "start_new_thread", raising(RuntimeError("no thread")))
    with pytest.raises(OSError, match="no thread can be started"):
        told(lambda: aside.aside(int))


def test_a_thread_that_cannot_begin_is_not_waited_for(monkeypatch):
    """It ends before its first line: there is no memory for its first frame, say."""
    monkeypatch.setattr(aside._thread, "start_new_thread", lambda *_: 0)
    monkeypatch.setattr(aside, "BEGINNING", 0.0)
    with pytest.raises(OSError, match="a thread could not begin"):
        told(lambda: aside.aside(int))


def test_the_threads_of_short_work_are_there_before_they_are_needed(monkeypatch):
    aside.prepare()
    monkeypatch.setattr(aside._thread, "start_new_thread", raising(RuntimeError("no thread")))
    together = threading.Barrier(aside.POOL)

    async def work() -> list[int]:
        return await asyncio.gather(*(in_thread(together.wait) for _ in range(aside.POOL)))

    assert sorted(told(work)) == list(range(aside.POOL))


def test_a_loop_without_memory_is_told_when_it_has_some():
    async def work() -> int:
        loop, failures = asyncio.get_running_loop(), iter(range(3))
        call = loop.call_soon_threadsafe

        def starved(*arguments: Any, **options: Any) -> Any:
            if next(failures, None) is not None:
                raise MemoryError
            return call(*arguments, **options)

        loop.call_soon_threadsafe = starved  # type: ignore[method-assign]
        return await in_thread(int, "7")

    assert told(work) == 7


STARVED = """
import asyncio
from apitrail import aside
aside._PATIENCE = 0

async def main():
    def starved(*_, **__):
        raise MemoryError
    asyncio.get_running_loop().call_soon_threadsafe = starved
    await aside.{call}
asyncio.run(main())
"""


@pytest.mark.parametrize("call", ["in_thread(int)", "aside(int)", "Thread().run(int)"])
def test_where_it_gets_none_the_process_ends(call):
    status, said = run(STARVED.format(call=call))
    assert status == 1
    assert said.startswith("apitrail: out of memory: ")


FORKED = """
import asyncio, os
from apitrail.aside import in_thread
assert asyncio.run(in_thread(int, "7")) == 7
if (child := os.fork()) == 0:
    os._exit(asyncio.run(in_thread(int, "8")))
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 8
"""


def test_a_process_that_was_forked_has_threads_of_its_own():
    status, said = run(FORKED)
    assert status == 0, said
