"""Many recorders, one lake: `LOGS=10 EVENTS=1000000 make lake-scale`.

`recorders` writes LOGS trails of EVENTS calls with the real writer and exports each into one lake;
every log's rows must be as many as its calls, for each engine that is asked. `rows` writes ROWS rows
straight into a lake, by day, and times the twenty questions over one day, on one core.

LAKE_DIR=DIR keeps what is made there and goes on with it; PARTS=rows chooses.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from apitrail.delivery.lake import hour_file, lake_columns, lake_directory, lake_files, lake_sql
from apitrail.delivery.lake.dialects import LAKE, Period
from apitrail.delivery.lake.lake_files import ArrowPlace, LakeFiles
from apitrail.delivery.lake.questions import QUESTIONS
from apitrail.event import REQUEST_FIELDS, RESPONSE_FIELDS, WHO_FIELDS, dump
from apitrail.query import Row, username
from apitrail.trail.keys import Keys
from apitrail.trail.rows import Draft
from apitrail.trail.writer import BATCH, Trail
from apitrail.when import iso_second
from benchmarks.stories import injected
from benchmarks.traffic import DAY, Account

LOGS = int(os.environ.get("LOGS", "10"))
EVENTS = int(os.environ.get("EVENTS", "1000000"))
ROWS = int(os.environ.get("ROWS", "100000000"))
DAYS = int(os.environ.get("DAYS", "50"))
PARTS = os.environ.get("PARTS", "recorders rows").split()
# 1 November 2026, 00:00 UTC.
BEGAN = 1_793_491_200
HOUR = 3600

type Record = dict[str, Any]

VALUES = {
    "key": "ASIAAPP-1BC0001",
    "network": "10.0.0.0/8",
    "principal": "arn:aws:sts::123456789012:assumed-role/app-3/i-0abc0003",
    "resource": "name-77777",
    "run": "run-7",
    "seconds": "3600",
    "secret": "prod/app-1/db",
}


def usual(seed: int) -> list[Record]:
    """Some days of an account with attacks in them, as what calls are made after."""
    account = Account(seed, days=4)
    found: list[Record] = list(account.records())
    for _, _, records in injected(account, seed, 0, DAY):
        found += records
    random.Random(seed).shuffle(found)
    return found


def records(log: int, count: int, first: int, seconds: int) -> Iterator[Record]:
    """Calls of one log, evenly over some seconds from `first` on, each with a name of its own."""
    models = itertools.cycle(usual(log))
    dice = random.Random(log)
    for number in range(count):
        model = next(models)
        asked = model.get("requestParameters") or {}
        yield model | {
            "eventTime": iso_second(first + number * seconds // count),
            "eventID": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
            "requestID": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
            "requestParameters": {**asked, "name": f"name-{dice.randrange(10 * count)}"},
        }


_FACET = (
    dict.fromkeys(WHO_FIELDS, "who")
    | dict.fromkeys(REQUEST_FIELDS, "request")
    | dict.fromkeys(RESPONSE_FIELDS, "response")
)


def draft(record: Record, moment: int) -> Draft:
    """The entry of a call, as a recorder writes it."""
    parts: dict[str, Record] = {"who": {}, "what": {}, "request": {}, "response": {}}
    for name, value in record.items():
        parts[_FACET.get(name, "what")][name] = value
    error = record.get("errorCode")
    name = record["requestParameters"]["name"]
    call = {"started": moment, "ended": moment} | ({"error": error} if error else {})
    what = {"record": parts["what"], "call": call, "resources": [{"name": name}]}
    said = {tag: {"record": parts[tag]} for tag in ("who", "request", "response")}
    facets = {tag: dump(value) for tag, value in (said | {"what": what}).items()}
    user = record["userIdentity"]
    row = Row(
        id=record["eventID"], time=moment, source=record["eventSource"], name=record["eventName"],
        username=username(user), access_key_id=user.get("accessKeyId"), region=record["awsRegion"],
        source_ip=record["sourceIPAddress"], error=error, read_only=record["readOnly"],
        resources=frozenset({(name, "")}),
    )  # fmt: skip
    return Draft(kind="api", facets=facets, row=row)


async def write(directory: Path, log: int) -> None:
    """One recorder's day."""
    now = BEGAN * 1000
    signer = Keys.of(directory).generate(f"example.com/recorder{log}")
    async with await Trail.open(directory, signer=signer, clock=lambda: now) as trail:
        made = records(log, EVENTS, BEGAN, DAY)
        for batch in itertools.batched(made, BATCH, strict=False):
            drafts = [draft(each, _milliseconds(each)) for each in batch]
            now = max(now, _milliseconds(batch[-1]))
            await asyncio.gather(*(trail.append(each) for each in drafts))


def _milliseconds(record: Record) -> int:
    return int(datetime.fromisoformat(record["eventTime"]).timestamp()) * 1000


def recorders(directory: Path) -> None:
    """Write and export each log, then hold the lake's counts to the logs'."""
    lake = directory / "lake"
    for log in range(int(os.environ.get("FIRST", "0")), LOGS):
        trail, began = directory / f"trail{log}", time.process_time()
        done = directory / f"done{log}"
        if done.exists():
            continue
        shutil.rmtree(trail, ignore_errors=True)
        asyncio.run(write(trail, log))
        written = time.process_time()
        size = sum(path.stat().st_size for path in trail.rglob("*") if path.is_file())
        lists = lake_directory.export(trail, lake, now=(BEGAN + 2 * DAY) * 1000)
        rows = sum(each.rows for each in lists)
        stored = sum(file.bytes for each in lists for file in each.files)
        told = time.process_time()
        shutil.rmtree(trail)
        _tell(
            f"log {log}: {rows} rows in {len(lists)} files, {stored / rows:.1f} bytes an event (trail {size / rows:.0f}); "
            f"CPU per million: {1e6 * (written - began) / rows:.0f} s to record, {1e6 * (told - written) / rows:.0f} s to export"
        )
        if rows != EVENTS:
            raise SystemExit(f"log {log} has {rows} rows, not {EVENTS}")
        done.touch()
    began = time.process_time()
    files = lake_files.find(ArrowPlace.parse(str(lake)))
    with lake_sql.ask(files, "SELECT log, count(*), count(DISTINCT idx) FROM events GROUP BY 1 ORDER BY 1", memory="4GB") as answer:  # fmt: skip
        counts = list(answer.rows)
    _tell(f"counted in {time.process_time() - began:.1f} s of CPU: {counts}")
    if any(row[1:] != (EVENTS, EVENTS) for row in counts) or len(counts) != LOGS:
        raise SystemExit("the lake's counts are not the logs'")


def rows(directory: Path) -> None:
    """Write rows by day, and time each question over one of the days."""
    lake = directory / "rows"
    each = ROWS // DAYS
    stored, began = 0, time.process_time()
    for day in range(DAYS):
        path = lake / f"eventday={iso_second(BEGAN + day * DAY)[:10].replace('-', '')}"
        path.mkdir(parents=True, exist_ok=True)
        made = path / f"rows-{day:03}.parquet"
        if not made.exists():
            with made.open("wb") as out:
                hour_file.write(out, _rows(day, each))
        stored += made.stat().st_size
    _tell(
        f"{ROWS} rows of {DAYS} days, {stored / ROWS:.1f} bytes each, in {time.process_time() - began:.0f} s of CPU"
    )
    names = tuple(sorted(str(path.relative_to(lake)) for path in lake.glob("*/*")))
    middle = BEGAN + DAYS // 2 * DAY
    for title, period in {
        "one day": Period(middle * 1000, (middle + DAY) * 1000),
        "everything": Period(),
    }.items():
        ask_all(LakeFiles(ArrowPlace.parse(str(lake)), names), title, period)


def _rows(day: int, count: int) -> Iterator[lake_columns.Row]:
    for number, record in enumerate(records(day % 7, count, BEGAN + day * DAY, DAY)):
        row = lake_columns.of_record(record)
        moment = datetime.fromtimestamp(BEGAN + day * DAY + number * DAY // count, UTC)
        row |= {
            "username": username(record["userIdentity"]), "operator": None, "labels": None,
            "run": f"run-{number % 99_991}" if number % 7 == 0 else None, "kind": "api", "recorded": moment,
            "log": f"example.com/recorder{number % 10}", "idx": day * count + number,
            "leaf_hash": f"{random.getrandbits(256):064x}",
        }  # fmt: skip
        yield row


def ask_all(files: LakeFiles, title: str, period: Period) -> None:
    """Each question, its time on one core and how many rows it gives."""
    taken = {}
    for question in QUESTIONS:
        text = LAKE.ask(question, {need: VALUES[need] for need in question.needs}, period)
        began, clock = time.process_time(), time.perf_counter()
        with lake_sql.ask(files, text, memory="4GB") as answer:
            count = sum(1 for _ in answer.rows)
        taken[question.name] = time.process_time() - began
        _tell(
            f"{title}: {question.name:22} {taken[question.name]:7.2f} s of CPU, {time.perf_counter() - clock:7.2f} s, {count} rows"
        )
    _tell(
        f"{title}: slowest {max(taken.values()):.2f}, median {statistics.median(taken.values()):.2f} s of CPU"
    )


def main() -> None:
    """Do the parts that are asked for, in a directory that is taken away unless it was named."""
    kept = os.environ.get("LAKE_DIR")
    with tempfile.TemporaryDirectory() as made:
        directory = Path(kept or made)
        directory.mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            {"recorders": recorders, "rows": rows}[part](directory)


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
