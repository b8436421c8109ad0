"""What describing a call costs: `python -m benchmarks.describe` prints microseconds of CPU a call.

Calls that boto3 makes of moto are recorded again and again into a trail that keeps nothing. Where
the variable BASE names another checkout with a `.venv`, both are measured in turn, and the ratio of
their medians is printed.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apitrail.exchange import Exchange

HERE = Path(__file__).parents[1]
TURNS = 5
ROUNDS = 30
SAMPLES = 3


class Nowhere:
    """A trail that keeps nothing."""

    size = 0

    async def begin(self, *_: Any) -> None:
        """Take an intent."""

    async def append(self, *_: Any, **__: Any) -> int:
        """Take an entry."""
        return 0

    settle = append


def exchanges(tests: Path) -> list[Exchange]:
    """Thirteen usual small calls of six services, with their answers."""
    sys.path.insert(0, str(tests))
    from moto import mock_aws

    from studio import Studio

    with mock_aws():
        studio = Studio()
        names = ("dynamodb", "iam", "s3", "sqs", "ec2", "sts")
        dynamodb, iam, s3, sqs, ec2, sts = map(studio.client, names)
        dynamodb.create_table(
            TableName="t",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        where = {"LocationConstraint": "eu-central-1"}
        s3.create_bucket(Bucket="bucket", CreateBucketConfiguration=where)
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        studio.exchanges.clear()
        for number in range(3):
            key = {"id": {"S": str(number)}}
            dynamodb.put_item(TableName="t", Item={**key, "v": {"S": "x" * 50}})
            dynamodb.get_item(TableName="t", Key=key)
        s3.put_object(Bucket="bucket", Key="k", Body=b"hello")
        s3.get_object(Bucket="bucket", Key="k")["Body"].read()
        sqs.send_message(QueueUrl=queue, MessageBody="hi")
        iam.list_users()
        iam.create_user(UserName="u")
        sts.get_caller_identity()
        ec2.describe_vpcs()
        found: list[Exchange] = studio.exchanges
        return found


def recorder() -> Any:
    """A recorder of this checkout or of an older one, ready to take calls."""
    from apitrail.identity import Known
    from apitrail.redact import Redactor

    try:
        from apitrail.recording.recorder import Recorder
    except ImportError:  # it was there before
        from apitrail.recorder import Recorder  # type: ignore[import-not-found,no-redef]
    nowhere: Any = Nowhere()
    made = Recorder(nowhere, Redactor(bytes(32)), Known(), lambda: 0)
    made._state = ""  # noqa: SLF001 - as after `start`, without a trail
    return made


async def record(made: Any, calls: list[Exchange], rounds: int) -> None:
    """Begin and finish every call, so many times."""
    for _ in range(rounds):
        for call in calls:
            asked = replace(call, response=None, ended=None)
            await made.finish(await made.begin(asked), call)


def measure(tests: Path) -> list[float]:
    """Microseconds of CPU a call, in some samples."""
    calls, made = exchanges(tests), recorder()
    asyncio.run(record(made, calls, 5))
    times = []
    for _ in range(SAMPLES):
        started = time.process_time()
        asyncio.run(record(made, calls, ROUNDS))
        times.append((time.process_time() - started) / ROUNDS / len(calls) * 1e6)
    return times


def measured(checkout: Path) -> list[float]:
    """The same in a process of its own, with the packages of that checkout."""
    python = checkout / ".venv/bin/python"
    command = [python if python.exists() else sys.executable, __file__, checkout / "tests"]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=checkout)
    return [float(line) for line in said.stdout.split()]


def main() -> None:
    """Print the median of this checkout, and where there is a BASE, its and the ratio."""
    base = os.environ.get("BASE")
    mine: list[float] = []
    theirs: list[float] = []
    for _ in range(TURNS):
        mine += measured(HERE)
        if base:
            theirs += measured(Path(base).resolve())
    print(f"describe   {statistics.median(mine):7.1f} µs a call, {min(mine):7.1f} at best")
    if base:
        print(f"BASE       {statistics.median(theirs):7.1f} µs a call, {min(theirs):7.1f} at best")
        print(f"ratio of medians {statistics.median(mine) / statistics.median(theirs):.2f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print("\n".join(map(str, measure(Path(sys.argv[1])))))
    else:
        main()
