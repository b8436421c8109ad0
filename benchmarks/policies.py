"""How long the policy of many events takes: `EVENTS=1000000 python -m benchmarks.policies [TRAIL]`.

The events are thirteen calls of six services, as boto3 made them of moto and a recorder described them, on
keys, tables and users of which there are a thousand each. With `DIFFERENT=1` no two calls are on the same
key of an object, item or message. TRAIL is made where it is not there.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from apitrail.event import Event
from apitrail.policy.usage import usage
from apitrail.query import Filter
from apitrail.tlog import note
from apitrail.trail.rows import Draft
from apitrail.trail.writer import BATCH, Trail
from benchmarks.describe import exchanges, recorder

EVENTS = int(os.environ.get("EVENTS", "1000000"))
DIFFERENT = os.environ.get("DIFFERENT") == "1"
NAMES = 1_000
# What calls on data differ in: the key of an item, its text, a message.
_DATA = re.compile(rb'(?<="S":")\w+(?=")|(?<="MessageBody":")\w+(?=")')
_KEY = re.compile(rb'(?<="Key":")k\d+(?=")|(?<=bucket/)k\d+(?=")')
SIGNER = note.Signer("example.com/policies", bytes(range(32)))


def described(tests: Path) -> list[dict[str, bytes]]:
    """The facets of each call."""
    found: list[dict[str, bytes]] = []

    async def main() -> None:
        made: Any = recorder()

        async def append(draft: Draft, *_: Any) -> int:
            found.append(dict(draft.facets))
            return 0

        made.trail.append = made.trail.settle = append
        for call in exchanges(tests):
            asked = replace(call, response=None, ended=None)
            await made.finish(await made.begin(asked), call)

    asyncio.run(main())
    return found


def drafts(calls: list[dict[str, bytes]], first: int, stop: int) -> Iterator[Draft]:
    """Those calls again and again, each with an id of its own, on one of many names."""
    ids = [str(Event.parse(each).record()["eventID"]).encode() for each in calls]
    for number in range(first, stop):
        base = number % len(calls)
        name, own = b"%d" % (number // len(calls) % NAMES), b"%d" % number
        facets = calls[base] | {
            "what": calls[base]["what"].replace(ids[base], str(uuid.UUID(int=number + 1)).encode()),
        }
        for tag in ("what", "request"):
            for old in (b"bucket/k", b'"k"', b'"u"', b"user/u", b"table/t", b'"t"'):
                new = old[:-1] + name + b'"' if old.endswith(b'"') else old + name
                facets[tag] = facets[tag].replace(old, new)
        if DIFFERENT:
            facets = {tag: _data(facets[tag], own) for tag in facets}
        yield Draft(kind="api", facets=facets, row=Event.parse(facets).row())


def _data(facet: bytes, name: bytes) -> bytes:
    """A facet of a call on data of its own."""
    return _KEY.sub(rb"\g<0>/" + name, _DATA.sub(name, facet))


async def write(directory: Path, calls: list[dict[str, bytes]]) -> None:
    """A trail of so many."""
    clock = lambda: time.time_ns() // 1_000_000  # noqa: E731
    async with await Trail.open(directory, signer=SIGNER, clock=clock) as trail:
        for start in range(0, EVENTS, BATCH):
            batch = drafts(calls, start, min(start + BATCH, EVENTS))
            await asyncio.gather(*(trail.append(item) for item in batch))


def main() -> None:
    """Make the trail, and print what its policy takes."""
    with tempfile.TemporaryDirectory() as made:
        trail = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(made) / "trail"
        if not trail.exists():
            asyncio.run(write(trail, described(Path(__file__).parents[1] / "tests")))
        wall, cpu = time.perf_counter(), time.process_time()
        found = usage(trail, Filter())
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(
            f"{found.calls:,} calls, {len(found.counts):,} uses: {wall:.1f} s, CPU of this process {cpu:.1f} s"
        )


if __name__ == "__main__":
    main()
