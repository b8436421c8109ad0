"""What durability costs: `python -m benchmarks.trail` prints calls/s and ratios of one run.

A call is an intent and an entry, each durable before the next thing happens, as in the recorder.
Compared are the writer as it is and the same writer with one transaction for each. Then the trail
is verified, on one core and on all; CPU time is the fairer figure on a shared machine.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import resource
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path

from apitrail.event import Event
from apitrail.evidence.verify import Trust
from apitrail.evidence.verify.trail_check import check
from apitrail.tlog import note
from apitrail.trail import writer
from apitrail.trail.rows import Draft
from apitrail.trail.writer import Trail

SIGNER = note.Signer("bench", bytes(32))
WAITERS = (1, 16, 64)


def facets(number: int) -> dict[str, bytes]:
    """A call of usual size: about 1.5 kB in six facets."""
    who = {
        "record": {
            "userIdentity": {
                "type": "AssumedRole", "principalId": f"AROAEXAMPLE:session{number % 50}",
                "arn": f"arn:aws:sts::123456789012:assumed-role/deploy/session{number % 50}",
                "accountId": "123456789012", "accessKeyId": f"ASIA{number % 50:016}",
            },
            "sourceIPAddress": "10.1.2.3",
            "userAgent": "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux lang/python#3.13.0",
        },
        "identity": {"known": "by AssumeRole"},
    }  # fmt: skip
    what = {
        "record": {
            "eventID": str(uuid.UUID(int=number + 1)), "eventSource": "ec2.amazonaws.com",
            "eventName": ("DescribeInstances", "RunInstances", "CreateTags")[number % 3],
            "awsRegion": "eu-central-1", "readOnly": number % 3 == 0, "requestID": str(number),
        },
        "call": {"service": "ec2", "started": 1, "ended": 2, "status": 200},
        "resources": [{"name": f"i-{number % 5000:017x}", "type": "AWS::EC2::Instance"}],
    }  # fmt: skip
    values = {
        "who": who,
        "what": what,
        "request": {"parameters": {"x": "x" * 300}},
        "response": {"result": {"r": "y" * 200}},
    }
    texts = {tag: json.dumps(value).encode() for tag, value in values.items()}
    return texts | {"reqbody": b"Action=x&Version=2016-11-15" * 8, "resbody": b"<r>y</r>" * 50}


async def measure(directory: Path, waiters: int, seconds: float) -> tuple[float, float]:
    """Calls/s and the median latency of a call in milliseconds."""
    numbers, latencies = itertools.count(), []
    async with await Trail.open(
        directory, signer=SIGNER, clock=lambda: time.time_ns() // 1_000_000
    ) as trail:
        end = time.perf_counter() + seconds

        async def waiter() -> None:
            while (start := time.perf_counter()) < end:
                number = next(numbers)
                content = facets(number)
                key = str(uuid.UUID(int=number + 1))
                await trail.begin(key, content)
                row = Event.parse(content).row()
                await trail.append(Draft(kind="api", facets=content, row=row), settles=key)
                latencies.append(time.perf_counter() - start)

        await asyncio.gather(*(waiter() for _ in range(waiters)))
        await trail.append(Draft(kind="close", facets={"what": b"{}"}))
    return len(latencies) / seconds, statistics.median(latencies) * 1000


def verify(directory: Path, processes: int) -> None:
    """Print how fast a trail verifies."""
    start, before = time.perf_counter(), _cpu()
    report = check(
        directory, Trust((SIGNER.verifier,), "benchmark"),
        now=time.time_ns() // 1_000_000, processes=processes,
    )  # fmt: skip
    took, used = time.perf_counter() - start, _cpu() - before
    print(
        f"verify, {processes} processes: {report.verdict}, {report.entries} entries, "
        f"{report.entries / took:,.0f}/s, {used / report.entries * 1e6:.0f} us CPU each"
    )


def _cpu() -> float:
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    """Seconds a measurement takes may be given."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    grouped = writer.BATCH
    print("waiters  one by one/s  grouped/s  ratio  median ms")
    with tempfile.TemporaryDirectory() as scratch:
        for waiters in WAITERS:
            rates = []
            for batch in (1, grouped):
                writer.BATCH = batch
                directory = Path(scratch) / f"{waiters}-{batch}"
                rate, median = asyncio.run(measure(directory, waiters, seconds))
                rates.append(rate)
            ratio = rates[1] / rates[0]
            print(f"{waiters:7}  {rates[0]:12,.0f}  {rates[1]:9,.0f}  {ratio:5.1f}  {median:9.1f}")
        for processes in sorted({1, os.cpu_count() or 1}):
            verify(directory, processes)


if __name__ == "__main__":
    main()
