"""Many events through the real writer, with restarts in between: `EVENTS=100000 make scale`.

Names are new and old by turns, so that the writer's memory of strings is too small for them. At
the end every entry must be there and `verify` must hold.
"""

from __future__ import annotations

import asyncio
import os
import random
import resource
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from apitrail.event import dump
from apitrail.evidence.verify import Trust
from apitrail.evidence.verify import trail_check as verification
from apitrail.query import Row
from apitrail.tlog import note
from apitrail.trail.reader import Reader
from apitrail.trail.rows import Draft
from apitrail.trail.writer import BATCH, Trail

EVENTS = int(os.environ.get("EVENTS", "5000000"))
RESTARTS = int(os.environ.get("RESTARTS", "10"))
SIGNER = note.Signer("example.com/scale", bytes(range(32)))
START = 1_795_330_000_000


def drafts(first: int, stop: int) -> Iterator[Draft]:
    """Calls that each name a resource: mostly a new one, else any older one."""
    dice = random.Random(first)
    for number in range(first, stop):
        name = f"name{number if dice.random() < 0.7 else dice.randrange(number + 1)}"
        moment = START + number
        event_id = str(uuid.UUID(int=number))
        record = {
            "eventID": event_id, "eventSource": "iam.amazonaws.com",
            "eventName": "CreateUser", "awsRegion": "us-east-1", "readOnly": False,
        }  # fmt: skip
        what = {
            "record": record, "call": {"started": moment, "ended": moment},
            "resources": [{"name": name, "type": "AWS::IAM::User"}],
        }  # fmt: skip
        row = Row(
            id=event_id, time=moment, source="iam.amazonaws.com", name="CreateUser",
            region="us-east-1", read_only=False, resources=frozenset({(name, "AWS::IAM::User")}),
        )  # fmt: skip
        yield Draft(kind="api", facets={"what": dump(what)}, row=row)


async def session(directory: Path, first: int, stop: int) -> None:
    """One life of the writer."""
    async with await Trail.open(directory, signer=SIGNER, clock=_clock) as trail:
        for start in range(first, stop, BATCH):
            batch = drafts(start, min(start + BATCH, stop))
            await asyncio.gather(*(trail.append(item) for item in batch))


def _clock() -> int:
    return time.time_ns() // 1_000_000


def main() -> int:
    """Write, restart, verify; the exit status says whether all held."""
    step = -(-EVENTS // (RESTARTS + 1))
    with tempfile.TemporaryDirectory(dir=os.environ.get("SCALE_DIR")) as made:
        trail = Path(made) / "trail"
        for first in range(0, EVENTS, step):
            began, stop = time.perf_counter(), min(first + step, EVENTS)
            asyncio.run(session(trail, first, stop))
            rate = (stop - first) / (time.perf_counter() - began)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            _tell(f"{stop:>9} events, {rate:7.0f} a second, {memory} MB")
        with Reader(trail) as reader:
            size = reader.size
        report = verification.check(trail, Trust((SIGNER.verifier,), "this run"), now=_clock())
    _tell(f"{size} entries; {report}")
    return 0 if report.holds and size == EVENTS else 1


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
