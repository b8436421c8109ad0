"""Clients of boto3's for `benchmarks.soak`: threads, each with a connection of its own to a service.

`python soak_clients.py PREFIX THREADS SECONDS PAUSE` prints `ok NAME` or `error NAME WHY` for each call.
"""

from __future__ import annotations

import random
import sys
import threading
import time

import boto3
from botocore.config import Config

BUCKET = "soak"
CONFIG = Config(retries={"total_max_attempts": 1}, max_pool_connections=1, read_timeout=120)


def main(prefix: str, threads: int, seconds: float, pause: float) -> None:
    """Call until the time is over."""
    session = boto3.Session()
    end = time.monotonic() + seconds

    def work(number: int, sts: object, s3: object) -> None:
        time.sleep(random.random() * pause)
        count = 0
        while time.monotonic() < end:
            name = f"{prefix}-{number}-{count}"
            try:
                if number % 2:
                    arn = "arn:aws:iam::123456789012:role/soak"
                    sts.assume_role(RoleArn=arn, RoleSessionName=name)  # type: ignore[attr-defined]
                else:
                    s3.put_object(Bucket=BUCKET, Key=name, Body=b"x" * 2000)  # type: ignore[attr-defined]
                sys.stdout.write(f"ok {name}\n")
            except Exception as error:  # noqa: BLE001 - whatever it is counts as an error
                sys.stdout.write(f"error {name} {str(error)[:200]!r}\n")
            count += 1
            time.sleep(pause * (0.5 + random.random()))

    started = [
        threading.Thread(
            target=work,
            args=(each, session.client("sts", config=CONFIG), session.client("s3", config=CONFIG)),
        )
        for each in range(threads)
    ]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
