"""A recorder's writer under load, as a process to be killed: python writer.py TRAIL FIRST.

It says on stdout what was acknowledged, each line only after it was: `B id` for an intent,
`A index leaf-hash` for an entry, `E` when the trail refuses.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
import uuid
from pathlib import Path

import trails
from apitrail.errors import RecordingError
from apitrail.trail.writer import Trail

WORKERS = 8


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


async def work(trail: Trail, numbers) -> None:
    for number in numbers:
        key = str(uuid.UUID(int=number + 1))
        try:
            await trail.begin(key, trails.call(number))
            say(f"B {key}")
            index = await trail.append(trails.draft(number), settles=key)
        except RecordingError:
            say("E")
            return
        say(f"A {index}")


async def main(directory: Path, first: int) -> None:
    async with await Trail.open(
        directory, signer=trails.SIGNER, clock=lambda: time.time_ns() // 1_000_000
    ) as trail:
        await trail.recover()
        say("R")
        numbers = iter(range(first, first + 1_000_000))
        await asyncio.gather(*(work(trail, numbers) for _ in range(WORKERS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
