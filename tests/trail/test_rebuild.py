"""Trails of older versions: read as they are, brought up by their next writer, never harmed."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import old_trails
import trails
from apitrail.errors import UsageError
from apitrail.event import Event
from apitrail.evidence.opening import open_source
from apitrail.evidence.verify import Trust, Verdict
from apitrail.evidence.verify import trail_check as verification
from apitrail.query import Filter
from apitrail.reading import sql
from apitrail.tlog import note
from apitrail.trail import database, rebuild
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader
from apitrail.trail.writer import Trail

EVERY = Filter()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return old_trails.unpack(tmp_path)


def trust(old: Path) -> Trust:
    return Trust((note.Verifier.parse((old / "vkey").read_text()),), "--key")


def check(old: Path):
    report = verification.check(old / "trail", trust(old), now=0, processes=1)
    assert report.verdict is Verdict.OK, report
    return report


def version(trail: Path) -> int:
    with closing(database.open_read_only(trail)) as connection:
        return database.derived_version(connection)


def records(trail: Path, where: Filter = EVERY) -> list[dict]:
    with Reader(trail) as reader:
        return [Event.parse(reader.facets(index)).record() for index in reader.select(where)]


def continued(old: Path, progress: rebuild.Progress = rebuild.silent) -> None:
    async def work() -> None:
        trail = old / "trail"
        signer = Keys.of(trail).signer()
        # Long after it was made: its clock must not step back.
        async with await Trail.open(
            trail, signer=signer, clock=trails.Clock(2_000_000_000_000), progress=progress
        ) as opened:
            await opened.append(trails.opening())
            await opened.append(trails.draft(7))
            await opened.append(trails.book("close", reason="SIGTERM", calls=1))

    asyncio.run(work())


def test_a_trail_of_format_1_verifies_and_lists_as_it_did(old: Path) -> None:
    report = check(old)
    assert str(report).partition(";")[0] == (old / "verify.txt").read_text().partition(";")[0]
    expected = [json.loads(line) for line in (old / "events.jsonl").read_text().splitlines()]
    found = records(old / "trail")
    assert [event["eventID"] for event in found] == [event["eventID"] for event in expected]
    assert found == expected
    assert version(old / "trail") == 1


def test_an_older_trail_is_asked_for_what_it_has_no_column_for(old: Path) -> None:
    every = records(old / "trail")
    assert records(old / "trail", Filter(stand_in=False)) == every
    assert records(old / "trail", Filter(stand_in=True)) == []
    labelled = records(old / "trail", Filter(label=(("build=1",),)))
    assert 0 < len(labelled) < len(every)
    assert records(old / "trail", Filter(label=(("build",),))) == labelled
    assert records(old / "trail", Filter(label=(("build=2",),))) == []


def test_an_older_trail_has_no_operator_until_one_sends_a_call(old: Path) -> None:
    with Reader(old / "trail") as reader:
        assert list(reader.values("operator")) == []
    assert records(old / "trail", Filter(operator=("mary",))) == []
    with open_source(old / "trail") as source, sql.ask(source, _OPERATORS) as answer:
        assert list(answer.rows) == []

    async def work() -> None:
        trail = old / "trail"
        clock = trails.Clock(2_000_000_000_000)
        async with await Trail.open(trail, signer=Keys.of(trail).signer(), clock=clock) as opened:
            await opened.append(trails.opening())
            await opened.append(trails.draft(7, operator="mary"))
            await opened.append(trails.draft(8, operator="agent-7"))

    asyncio.run(work())
    check(old)
    with Reader(old / "trail") as reader:
        assert sorted(reader.values("operator")) == ["agent-7", "mary"]
    assert len(records(old / "trail", Filter(operator=("mary",)))) == 1
    with open_source(old / "trail") as source, sql.ask(source, _OPERATORS) as answer:
        assert list(answer.rows) == [("agent-7",), ("mary",)]


_OPERATORS = "SELECT operator FROM events WHERE operator IS NOT NULL ORDER BY operator"


def test_its_next_writer_brings_it_up_and_goes_on(old: Path) -> None:
    before, entries = records(old / "trail"), check(old).entries
    told: list[tuple[int, int]] = []
    continued(old, lambda done, of: told.append((done, of)))
    assert version(old / "trail") == database.DERIVED
    assert told[-1] == (entries, entries)
    assert check(old).entries == entries + 3
    assert records(old / "trail")[1:] == before
    assert len(records(old / "trail", Filter(label=(("build=1",),)))) > 0


def test_the_log_itself_is_not_touched(old: Path) -> None:
    with Reader(old / "trail") as reader:
        before = list(reader.entries())
    continued(old)
    with Reader(old / "trail") as reader:
        assert list(reader.entries())[: len(before)] == before


def test_a_crash_in_between_leaves_the_older_tables(old: Path) -> None:
    def crash(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    path = old / "trail" / database.FILE
    with pytest.raises(KeyboardInterrupt):
        rebuild.bring_up(path, crash)
    assert version(old / "trail") == 1
    check(old)
    assert rebuild.bring_up(path) is True
    assert rebuild.bring_up(path) is False
    check(old)


def test_tables_of_a_newer_version_are_left_to_it(tmp_path: Path) -> None:
    trail = trails.make(tmp_path / "trail")
    with closing(sqlite3.connect(trail / database.FILE)) as connection:
        connection.execute(f"UPDATE derived SET version = {database.DERIVED + 1}")
        connection.commit()
    with pytest.raises(UsageError, match=f"searched by tables of version {database.DERIVED + 1}"):
        rebuild.bring_up(trail / database.FILE)
    assert len(records(trail)) == 12


def test_a_key_that_others_can_read_is_refused(old: Path) -> None:
    (old / "trail" / "keys" / "log.key").chmod(0o640)
    with pytest.raises(UsageError, match="can be read by others"):
        Keys.of(old / "trail").signer()


def test_a_person_is_told_that_it_takes_a_while() -> None:
    out = io.StringIO()
    told = rebuild.Told(out)
    for done in (10, 20, 30):
        told(done, 30)
    first, last = out.getvalue().splitlines()
    assert first == "apitrail: rebuilding the search tables of an older version"
    assert last.endswith(": done")
