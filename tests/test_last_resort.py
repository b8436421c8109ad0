"""A process that cannot go on ends, in a moment and with a line, whoever else waits in it."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Each leaves somebody who would wait for ever.
LOST_CALLBACK = """
import asyncio
from apitrail import last_resort

def starved():
    raise MemoryError

async def main():
    loop = asyncio.get_running_loop()
    last_resort.watch(loop)
    loop.call_soon(starved)
    await asyncio.Event().wait()
asyncio.run(main())
"""
LOST_LOOP = """
import asyncio
from apitrail import last_resort

async def stubborn():
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass

async def main():
    loop = asyncio.get_running_loop()
    task = loop.create_task(stubborn())
    await asyncio.sleep(0)
    def starved(_timeout):
        raise MemoryError
    loop._selector.select = starved
    await asyncio.Event().wait()
last_resort.run(main())
"""
LOST_WAITER = """
from apitrail import last_resort
with last_resort.vital():
    raise MemoryError
"""
OTHER = """
import asyncio
from apitrail import last_resort

def defect():
    raise ValueError

async def main():
    loop = asyncio.get_running_loop()
    last_resort.watch(loop)
    loop.call_soon(defect)
    for _ in range(3):
        await asyncio.sleep(0)
    return 5
raise SystemExit(last_resort.run(main()))
"""
LATE = """
import threading
from apitrail import last_resort
with last_resort.within(60):
    pass
with last_resort.within(1):
    threading.Event().wait()
"""


def run(code: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("code", [LOST_CALLBACK, LOST_LOOP, LOST_WAITER])
def test_nobody_is_left_waiting_for_want_of_memory(code):
    status, said = run(code)
    assert status == 1
    [line] = said.splitlines()
    assert line.startswith("apitrail: out of memory: ")


def test_another_defect_is_told_as_always_and_ends_nothing():
    status, said = run(OTHER)
    assert status == 5
    assert "ValueError" in said


def test_what_does_not_come_to_its_end_is_ended():
    status, _ = run(LATE)
    assert status < 0
