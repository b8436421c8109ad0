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
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

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
from benchmarks.stories import PARAMETERS, injected, stories
from benchmarks.traffic import DAY, Account, Record

LOGS = int(os.environ.get("LOGS", "10"))
EVENTS = int(os.environ.get("EVENTS", "1000000"))
ROWS = int(os.environ.get("ROWS", "100000000"))
DAYS = int(os.environ.get("DAYS", "50"))
PARTS = os.environ.get("PARTS", "recorders rows").split()
# 1 November 2026, 00:00 UTC.
BEGAN = 1_793_491_200
HOUR = 3600

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
    for _, _, records in injected(account, seed, 0, DAY, stories(), PARAMETERS):
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
    """Write a file for each hour of each log, and time each question over one day."""
    lake, hours = directory / "rows", DAYS * 24
    each, made = ROWS // (hours * LOGS), _models()
    began = time.process_time()
    for hour in range(int(os.environ.get("FIRST", "0")), int(os.environ.get("STOP", hours))):
        moment = BEGAN + hour * HOUR
        day = lake / f"eventday={iso_second(moment)[:10].replace('-', '')}"
        day.mkdir(parents=True, exist_ok=True)
        for log in range(LOGS):
            path = day / f"recorder{log}-{hour:05}.parquet"
            if not path.exists():
                _write_hour(path, made, log, moment, hour * each, each)
    if "STOP" in os.environ:
        return
    files = sorted(lake.glob("*/*.parquet"))
    stored = sum(path.stat().st_size for path in files)
    count = hours * LOGS * each
    _tell(
        f"{count} rows of {DAYS} days in {len(files)} files, {stored / count:.1f} bytes each, in {time.process_time() - began:.0f} s of CPU"
    )
    names = tuple(str(path.relative_to(lake)) for path in files)
    middle = BEGAN + DAYS // 2 * DAY
    for title, period in {
        "one day": Period(middle * 1000, (middle + DAY) * 1000),
        "everything": Period(),
    }.items():
        kept = tuple(name for name in names if period.holds(name[9:17]))
        ask_all(LakeFiles(ArrowPlace.parse(str(lake)), kept), title, period)


def _models() -> pa.Table:
    """Rows that others are made after; the texts of parameters lack their end."""
    found = []
    for record in usual(0):
        asked = {**(record.get("requestParameters") or {}), "name": ""}
        row = lake_columns.of_record(record | {"requestParameters": asked})
        row["requestparameters"] = str(row["requestparameters"])[:-2]
        empty = dict.fromkeys(("operator", "run", "labels", "leaf_hash"))
        now = datetime.fromtimestamp(0, UTC)
        found.append(row | empty | {
            "username": username(record["userIdentity"]), "kind": "api", "recorded": now, "log": "",
            "idx": 0, "leaf_hash": "",
        })  # fmt: skip
    return pa.table(lake_columns.columns_of(found), schema=lake_columns.schema())


def _write_hour(
    path: Path, models: pa.Table, log: int, moment: int, first: int, count: int
) -> None:
    """One hour of one log; ids, hashes, times and names are of their own in each row."""
    dice = random.Random(f"{log} {moment}")
    at = pa.array([dice.randrange(len(models)) for _ in range(count)])
    rows = models.take(at)
    times = pa.array(
        [(moment * 1000 + number * HOUR * 1000 // count) * 1000 for number in range(count)],
        pa.int64(),
    )
    stamp = pa.timestamp("us", tz="UTC")
    runs = pa.array([f"run-{number % 997}" if number % 7 == 0 else None for number in range(count)])
    own = {
        "eventtime": pc.floor_temporal(times.cast(stamp), unit="second"),
        "recorded": times.cast(stamp), "eventid": _ids(dice, count), "requestid": _ids(dice, count),
        "requestparameters": pc.binary_join_element_wise(rows["requestparameters"], _hex(dice, count, 6), '"}', ""),
        "run": runs, "log": pa.repeat(f"example.com/recorder{log}", count),
        "idx": pa.array(range(first, first + count)), "leaf_hash": _hex(dice, count, 32),
    }  # fmt: skip
    for name, values in own.items():
        number = rows.schema.get_field_index(name)
        rows = rows.set_column(number, rows.schema.field(number), values)
    # As an export writes it, but for the effort of zstd: it is most of the work, and changes little.
    partial = path.with_suffix(".part")
    with pq.ParquetWriter(
        partial, rows.schema, **hour_file.settings() | {"compression_level": 1}
    ) as out:
        out.write_table(rows)
    partial.rename(path)


def _hex(dice: random.Random, count: int, size: int) -> pa.Array:
    """Random bytes in hexadecimal digits."""
    offsets = array("i", range(0, 2 * size * (count + 1), 2 * size))
    text = dice.randbytes(count * size).hex().encode()
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))


def _ids(dice: random.Random, count: int) -> pa.Array:
    """Random UUIDs."""
    digits = _hex(dice, count, 16)
    cuts = ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32))
    parts = [pc.utf8_slice_codeunits(digits, start, stop) for start, stop in cuts]
    return pc.binary_join_element_wise(*parts, "-")


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
