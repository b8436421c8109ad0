"""Trails to try things on: calls of plain facets, a clock that stands where it is put."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from apitrail.event import Event, dump
from apitrail.evidence import verify
from apitrail.evidence.verify import trail_check as verification
from apitrail.tlog import note
from apitrail.trail import blocks, database
from apitrail.trail.rows import Draft
from apitrail.trail.writer import Trail

T0 = 1_795_330_000_000
ORIGIN = "example.com/log"
SIGNER = note.Signer(ORIGIN, bytes(range(32)))
OTHER = note.Signer(ORIGIN, bytes(range(1, 33)))


async def in_files[T](trail: Trail, work: Callable[[sqlite3.Connection], T]) -> T:
    """Do something with the connection of an open trail, in the thread that it belongs to."""
    return await trail._run(lambda: work(trail._appender.connection))


async def sql(trail: Trail, text: str) -> list[Any]:
    """Run a statement in an open trail."""
    return await in_files(trail, lambda connection: connection.execute(text).fetchall())


@dataclass
class Clock:
    """Unix milliseconds, one more each time it is asked."""

    now: int = T0

    def __call__(self) -> int:
        self.now += 1
        return self.now


def call(number: int, **overrides: Any) -> dict[str, bytes]:
    """The facets of a call that differs from others in everything that is searched for."""
    user = overrides.get("user", f"user{number % 3}")
    name = overrides.get("name", ("CreateUser", "GetUser", "DeleteUser")[number % 3])
    resource = overrides.get("resource", f"target{number}")
    who = {
        "record": {
            "userIdentity": {
                "type": "IAMUser",
                "userName": user,
                "accessKeyId": f"AKIA{number % 3:016}",
            },
            "sourceIPAddress": f"10.0.0.{number % 5}",
        },
        "identity": {"known": "by a test"},
    }
    if run := overrides.get("run"):
        labels = overrides.get("labels")
        who["run"] = {"id": run} if labels is None else {"id": run, "labels": labels}
    if operator := overrides.get("operator"):
        who["operator"] = operator
    what = {
        "record": {
            "eventID": str(UUID(int=number + 1)),
            "eventSource": overrides.get("source", "iam.amazonaws.com"),
            "eventName": name,
            "awsRegion": "us-east-1",
            "readOnly": name.startswith("Get"),
        },
        "call": {"started": T0 + number, "ended": T0 + number + 1}
        | ({"error": "NoSuchEntity"} if number % 4 == 3 else {}),
        "resources": [
            {
                "arn": f"arn:aws:iam::123456789012:user/{resource}",
                "name": resource,
                "type": "AWS::IAM::User",
            }
        ],
    }
    return {
        "who": dump(who),
        "what": dump(what),
        "request": dump({"parameters": {"UserName": resource}}),
        "response": dump({"result": {"User": {"UserName": resource}}}),
        "reqbody": f"Action={name}&UserName={resource}".encode(),
        "resbody": f"<{name}Result>{resource}</{name}Result>".encode(),
    }


def draft(number: int, **overrides: Any) -> Draft:
    """A call to append."""
    facets = call(number, **overrides)
    row = Event.parse(facets).row()
    return Draft(kind="api", facets=facets, row=row)


def told(number: int, name: str, **overrides: Any) -> Draft:
    """A call to IAM whose service and operation were kept, as a recorder keeps them."""
    facets = call(number, name=name, **overrides)
    what = json.loads(facets["what"])
    what["call"] |= {"service": "iam", "operation": name, "status": 200}
    facets = facets | {"what": dump(what)}
    return Draft(kind="api", facets=facets, row=Event.parse(facets).row())


def book(kind: str, /, **what: Any) -> Draft:
    """A book-keeping entry to append."""
    return Draft(kind=kind, facets={"what": dump(what)})


def opening(heartbeat: float = 60.0) -> Draft:
    """What a recorder writes as it starts."""
    return book("open", apitrail="0", configuration={"heartbeat": heartbeat})


def run(name: str, labels: dict[str, str] | None = None) -> Draft:
    """The start of a run."""
    about = {"id": name} if labels is None else {"id": name, "labels": labels}
    return Draft(kind="run", facets={"what": dump({"run": about})}, run=name, labels=labels)


async def append_all(trail: Trail, drafts: list[Draft]) -> None:
    """Append at once, so that they share batches."""
    await asyncio.gather(*(trail.append(item) for item in drafts))


async def append_each(trail: Trail, drafts: list[Draft]) -> None:
    """Append one after the other."""
    for item in drafts:
        await trail.append(item)


def write(
    directory: Path,
    work: Callable[[Trail], Awaitable[Any]],
    *,
    signer: note.NoteSigner = SIGNER,
    clock: Callable[[], int] | None = None,
) -> Any:
    """Open the trail, do the work, close it."""

    async def main() -> Any:
        async with await Trail.open(directory, signer=signer, clock=clock or Clock()) as trail:
            return await work(trail)

    # In a thread of its own: the browser's driver has an event loop in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, main()).result()


def make(
    directory: Path,
    calls: int = 12,
    *,
    close: bool = True,
    first: int = 0,
    signer: note.NoteSigner = SIGNER,
    clock: Callable[[], int] | None = None,
) -> Path:
    """A trail of one session: `open`, a run, calls, a heartbeat, `close`."""

    async def work(trail: Trail) -> None:
        await trail.append(opening())
        await trail.append(run(f"run{first}"))
        await append_all(trail, [draft(first + number) for number in range(calls)])
        await trail.append(book("heartbeat", calls=calls, tunnelled={}, in_flight=0))
        if close:
            await trail.append(book("close", reason="SIGTERM", calls=calls))

    write(directory, work, signer=signer, clock=clock)
    return directory


def rotate(directory: Path, old: note.Signer, new: note.Signer) -> None:
    """Have the log's key followed by another."""

    async def work(trail: Trail) -> None:
        await trail.rotate(new)

    write(directory, work, signer=old)


TRUST = verify.Trust((SIGNER.verifier,), "--key")


def check(directory: Path, trust: verify.Trust = TRUST, **options: Any) -> verify.Report:
    """The report on a trail, some seconds after it was written."""
    options = {"now": T0 + 10_000, "processes": 1} | options
    return verification.check(directory, trust, **options)


@contextmanager
def forge(directory: Path, *, guarded: bool = False) -> Iterator[sqlite3.Connection]:
    """An attacker's connection: the triggers are out of the way and back again afterwards."""
    database = sqlite3.connect(directory / "trail.db", isolation_level=None)
    triggers = database.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
    ).fetchall()
    found = [] if guarded else triggers
    for name, _ in found:
        database.execute(f"DROP TRIGGER {name}")
    yield database
    for _, sql in found:
        database.execute(sql)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def make_older(connection: sqlite3.Connection, version: int) -> None:
    """Have a trail the search tables of a version from 3 on, or of 2 without a part of them."""
    (size,) = connection.execute("SELECT count(*) FROM entry").fetchone()
    connection.execute("DELETE FROM marked")
    for unit in range(blocks.done(size)):
        block, number = divmod(unit, len(blocks.FIELDS))
        found = blocks.summed(connection, block, number, has_posts=False)
        sql, rows = next(blocks._added(block, number, found))
        connection.executemany(sql, rows)
    since = {8: ("gathered", "posted", "met"), 6: ("pairs",), 5: ("grams", "operation"), 4: ("marked", "coded"), 3: ("span",)}  # fmt: skip
    for first, tables in since.items():
        for table in tables if version < first else ():
            connection.execute(f"DROP TABLE {table}")
    if version == 7:
        (sql,) = [sql for sql in database.statements(database.derived_schema(7)) if "CREATE TABLE posted(" in sql]  # fmt: skip
        connection.execute(sql)
        connection.execute("INSERT INTO posted VALUES (0, 6, 1, 0, x'0100')")
    connection.execute("UPDATE derived SET version = ?", (version,))
