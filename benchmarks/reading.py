"""Asking a large trail: `EVENTS=1000000 python -m benchmarks.reading [DIRECTORY]`.

Builds a trail of calls as accounts have them (few names are common, most are rare), or takes the
one that is in DIRECTORY, and times the first page of each filter and of each two combined, deep
pages, one resource's history, SQL, verification, and an export.
"""

from __future__ import annotations

import asyncio
import bisect
import hashlib
import itertools
import os
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from apitrail.event import Event, dump
from apitrail.evidence.verify import Trust, trail_check
from apitrail.query import Filter, Pattern
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import frames, statements
from apitrail.trail.audit import Audit
from apitrail.trail.reader import Reader
from apitrail.trail.rows import Draft
from apitrail.trail.statements import Close, Heartbeat, Open
from apitrail.trail.writer import BATCH, Trail

EVENTS = int(os.environ.get("EVENTS", "200000"))
SIGNER = note.Signer("example.com/reading", bytes(range(32)))
START = 1_795_330_000_000
PAGE = 50
# Entries since a checkpoint: an hour of a call every three seconds and more.
NEW = 1_000
SHOWN = 12
# The tables that sum up blocks, and in which column.
_SUMMED = (("marked", "bits"), ("coded", "data"), ("posted", "places"), ("gathered", "places"))
# So many calls are recorded between two heartbeats.
HEARTBEAT = 16 * BATCH
# So many questions of three and four conditions are asked.
MORE = 400


class Choice:
    """Some of `words`, the first often and the last hardly ever (Zipf's law)."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self._sums = list(itertools.accumulate(1 / (rank + 1) for rank in range(len(words))))

    def of(self, dice: random.Random) -> str:
        """One of them."""
        return self.words[bisect.bisect(self._sums, dice.random() * self._sums[-1])]


SOURCES = Choice([f"service{number}.amazonaws.com" for number in range(40)])
NAMES = Choice(
    [f"{verb}Thing{n}" for n in range(80) for verb in ("Get", "List", "Put", "Create", "Delete")]
)
USERS = Choice([f"user{number}" for number in range(300)])
REGIONS = Choice(["us-east-1", "eu-central-1", "eu-west-1", "us-west-2"])
ERRORS = Choice(["AccessDenied", "ThrottlingException", "ResourceNotFoundException", "Rare"])
ADDRESSES = Choice([f"10.0.{number // 250}.{number % 250}" for number in range(1000)])
RESOURCES = Choice([f"arn:aws:s3:::bucket-{number}" for number in range(20_000)])


def draft(number: int, dice: random.Random) -> Draft:
    """One call."""
    source, name, user = SOURCES.of(dice), NAMES.of(dice), USERS.of(dice)
    moment = START + number * 100
    error = ERRORS.of(dice) if dice.random() < 0.04 else None
    touched = RESOURCES.of(dice) if dice.random() < 0.8 else f"arn:aws:s3:::once-{number}"
    region, address = REGIONS.of(dice), ADDRESSES.of(dice)
    read = name.startswith(("Get", "List"))
    record = {
        "eventVersion": "1.11", "eventID": str(uuid.UUID(int=number)), "eventSource": source,
        "eventName": name, "awsRegion": region, "readOnly": read,
        "requestParameters": {"bucketName": touched, "maxResults": number % 100},
        **({"errorCode": error} if error else {}),
    }  # fmt: skip
    what = {
        "record": record, "call": {"started": moment - 20, "ended": moment, "status": 200, **({"error": error} if error else {})},
        "resources": [{"name": touched, "arn": touched, "type": "AWS::S3::Bucket"}],
    }  # fmt: skip
    who = {
        "record": {
            "userIdentity": {"type": "IAMUser", "userName": user, "accessKeyId": f"AKIA{user}"},
            "sourceIPAddress": address,
        }
    }
    facets = {"who": dump(who), "what": dump(what)}
    return Draft(kind="api", facets=facets, row=Event.parse(facets).row())


async def build(directory: Path) -> None:
    """Write the calls."""
    dice = random.Random(7)
    async with await Trail.open(directory, signer=SIGNER, clock=_clock) as trail:
        await trail.append(statements.draft(Open(configuration={"heartbeat": 60})))
        for first in range(0, EVENTS, BATCH):
            batch = [draft(number, dice) for number in range(first, min(first + BATCH, EVENTS))]
            if first % HEARTBEAT == 0:
                batch.append(statements.draft(Heartbeat()))
            await asyncio.gather(*(trail.append(each) for each in batch))
        await trail.append(statements.draft(Close(reason="all are written", calls=EVENTS)))


def _clock() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Question:
    """One field of a filter with a value that is common, or rare."""

    name: str
    fields: dict[str, object]


QUESTIONS = [
    *(
        Question(f"{field}, {how}", {field: (words.words[at],)})
        for field, words in (
            ("event_source", SOURCES), ("event_name", NAMES), ("username", USERS),
            ("region", REGIONS), ("source_ip", ADDRESSES), ("resource_name", RESOURCES),
        )
        for how, at in (("common", 0), ("rare", -1))
    ),
    Question("error, any", {"error": True}),
    Question("error, rare", {"error": "Rare"}),
    Question("writes", {"read_only": False}),
    Question("reads", {"read_only": True}),
    Question("first hour", {"until": START + 3_600_000}),
    Question("event_name, Get*", {"event_name": (Pattern("Get*"),)}),
    Question("event_name, service1:L*", {"event_name": (Pattern("service1:L*"),)}),
    Question("event_name, *Thing79", {"event_name": (Pattern("*Thing79"),)}),
    Question("resource_name, *bucket*", {"resource_name": (Pattern("*bucket*"),)}),
    Question("resource_name, *once-77*", {"resource_name": (Pattern("*once-77*"),)}),
    Question("resource_name, *none-of-these*", {"resource_name": (Pattern("*none-of-these*"),)}),
    Question("username, user1*", {"username": (Pattern("user1*"),)}),
    Question("username, twenty", {"username": tuple(USERS.words[20:40])}),
    Question("source_ip, some", {"source_ip": (ADDRESSES.words[40],)}),
    Question("username, some", {"username": (USERS.words[30],)}),
    Question("event_name, some", {"event_name": (NAMES.words[30],)}),
]  # fmt: skip


def seconds(work: Callable[[], object]) -> float:
    """CPU, the best of three: others may use the machine."""
    taken = []
    for _ in range(3):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def pages(reader: Reader) -> None:
    """The first page of every filter and of every two, the slowest ones by name."""

    def first_page(fields: dict[str, object]) -> float:
        where = Filter(**fields)  # type: ignore[arg-type]
        return seconds(lambda: list(reader.select(where, limit=PAGE)))

    alone = {each.name: first_page(each.fields) for each in QUESTIONS}
    pairs = {
        f"{one.name} + {two.name}": first_page({**one.fields, **two.fields})
        for one, two in itertools.combinations(QUESTIONS, 2)
        if not one.fields.keys() & two.fields.keys()
    }
    dice = random.Random(3)
    some = [dice.sample(QUESTIONS, dice.choice((3, 4))) for _ in range(MORE)]
    more = {
        " + ".join(one.name for one in each): first_page(
            {name: value for one in each for name, value in one.fields.items()}
        )
        for each in some
    }
    for what, found in (
        ("one filter", alone),
        ("two filters", pairs),
        ("three, four filters", more),
    ):
        times = sorted(found.values())
        say(what, f"median {_ms(statistics.median(times))}, slowest {_ms(times[-1])}")
        for name in sorted(found, key=lambda name: -found[name])[:SHOWN]:
            say("", f"{_ms(found[name]):>10}  {name}")


def _ms(value: float) -> str:
    return f"{value * 1000:.1f} ms"


def blocks_of(trail: Path, size: int) -> str:
    """How many bytes of a call are in the tables that sum up blocks."""
    with closing(sqlite3.connect(f"{trail.absolute().as_uri()}/trail.db?mode=ro", uri=True)) as log:
        stored = sum(
            log.execute(f"SELECT coalesce(sum(length({column})), 0) FROM {table}").fetchone()[0]
            for table, column in _SUMMED
        )
    return f"{stored / size:.1f}"


def deep(reader: Reader) -> None:
    """A page in the middle and one at the far end."""
    where = Filter(event_source=(SOURCES.words[0],))
    for share in (1.0, 0.5, 0.01):
        before = int(reader.size * share)
        taken = seconds(lambda at=before: list(reader.select(where, limit=PAGE, before=at)))  # type: ignore[misc]
        say(f"a page from {share:.0%} of the log", _ms(taken))


def command(*arguments: str) -> str:
    """Run apitrail; gives how long it took, its CPU and its memory."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "apitrail", *arguments],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return f"{time.perf_counter() - began:.2f} s, {cpu:.2f} s of CPU, {after.ru_maxrss // 1024} MB"


def commands(trail: Path, made: Path) -> None:
    """What people run, as they run it."""
    os.environ["APITRAIL_CONFIG"] = str(made / "config")
    os.environ["APITRAIL_TRAIL"] = str(trail)
    lines = str(made / "lines")
    known = made / "checkpoint"
    known.write_text(head(trail, NEW))
    for arguments in (
        ("key", "trust", str(SIGNER.verifier)),
        ("events", "-n", "5"),
        # Of a resource with some 10,000 calls.
        ("history", RESOURCES.words[max(0, EVENTS * 76 // 10_000_000 - 1)]),
        ("sql", "SELECT eventSource, count(*) FROM events GROUP BY 1 ORDER BY 2 DESC LIMIT 3"),
        ("export", "--format", "jsonl", "-o", lines),
        ("verify", "--since", str(known)),
        ("verify",),
    ):
        say(" ".join(arguments[:3]).replace(str(made), "…")[:36], command(*arguments))


def head(trail: Path, back: int) -> str:
    """What was signed when the log had so many entries less."""
    with Audit(trail) as audit:
        size = max(1, audit.size - back)
        return note.sign(str(Checkpoint(SIGNER.name, size, audit.root_at(size))), SIGNER)


def since(trail: Path) -> str:
    """CPU of verifying what came since a checkpoint, without starting a program."""
    trust, taken = Trust((SIGNER.verifier,), "--key"), []
    for back in (0, NEW):
        text, began = head(trail, back), time.process_time()
        report = trail_check.check(trail, trust, now=_clock(), since=text, whole=False)
        taken.append((time.process_time() - began, report))
    if not all(report.holds for _, report in taken):
        raise SystemExit(str(taken[-1][1]))
    (tree, _), (whole, _) = taken
    each = (whole - tree) / NEW * 1e6
    return f"{whole * 1000:.0f} ms of CPU for {NEW} entries: {tree * 1000:.0f} ms and {each:.0f} µs each"


def floor(trail: Path) -> float:
    """Seconds of CPU that it takes only to read every row, decompress it and hash it."""
    began = time.process_time()
    with closing(sqlite3.connect(f"{trail.absolute().as_uri()}/trail.db?mode=ro", uri=True)) as log:
        for (data,) in log.execute("SELECT data FROM entry ORDER BY idx"):
            hashlib.sha256(data).digest()
        unpack = frames.decompress
        for (data,) in log.execute("SELECT data FROM facet ORDER BY idx, tag"):
            hashlib.sha256(unpack(data)).digest()
    return time.process_time() - began


def say(what: str, told: str) -> None:
    """One line of the report."""
    sys.stdout.write(f"{what:36} {told}\n")
    sys.stdout.flush()


def main() -> None:
    """Build, ask, print."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("SCALE_DIR")) as made:
        trail = Path(sys.argv[1]) if sys.argv[1:] else Path(made) / "trail"
        if not (trail / "trail.db").exists():
            began = time.perf_counter()
            asyncio.run(build(trail))
            say(f"{EVENTS} calls written", f"{EVENTS / (time.perf_counter() - began):.0f} a second")
        size = sum(path.stat().st_size for path in trail.rglob("*") if path.is_file())
        with Reader(trail) as reader:
            say("bytes a call", f"{size / reader.size:.0f}")
            say("of which blocks sum up", blocks_of(trail, reader.size))
            pages(reader)
            deep(reader)
        say("read, decompressed, hashed: floor", f"{floor(trail):.2f} s of CPU")
        say("verify --since", since(trail))
        commands(trail, Path(made))


if __name__ == "__main__":
    main()
