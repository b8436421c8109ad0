"""What is destroyed is gone from every row, string and page."""

from __future__ import annotations

import asyncio
import sqlite3
import uuid
from pathlib import Path

import pytest

import trails
from apitrail.entry import TAGS
from apitrail.errors import UsageError
from apitrail.evidence.verify import Verdict
from apitrail.query import Filter
from apitrail.trail import database
from apitrail.trail.audit import Audit
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Target
from apitrail.trail.writer import Trail
from trails import SIGNER, check, make

CANARY = "canary-7f3a9"


def find(reader: Reader, **wanted: tuple[str, ...]) -> list[int]:
    return sorted(reader.select(Filter(**wanted)))


def everything(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def secrets_of(directory: Path, index: int) -> list[bytes]:
    """The stored frames, the event key and the salts of an entry: none may survive."""
    with sqlite3.connect(directory / "trail.db") as connection:
        frames = connection.execute("SELECT data FROM facet WHERE idx = ?", (index,)).fetchall()
        key = connection.execute("SELECT event_key FROM seal WHERE idx = ?", (index,)).fetchall()
    return [value for (value,) in frames + key]


@pytest.mark.parametrize("calls", [5, 150])
def test_not_a_byte_is_left(tmp_path, calls):
    directory = tmp_path / "trail"

    async def main() -> list[bytes]:
        async with await Trail.open(directory, signer=SIGNER, clock=trails.Clock()) as trail:
            await trail.append(trails.opening())
            indexes = []
            for number in range(calls):
                marked = (
                    {"user": CANARY, "resource": f"{CANARY}-{number}"} if number % 3 == 1 else {}
                )
                key = str(uuid.UUID(int=number + 1))
                await trail.begin(key, trails.call(number, **marked))
                index = await trail.append(trails.draft(number, **marked), settles=key)
                indexes += [index] if marked else []
            held = [secret for index in indexes for secret in secrets_of(directory, index)]
            assert any(CANARY.encode() in content for content in everything(directory).values())
            await trail.erase([Target(index, TAGS) for index in indexes])
            # At once, while the recorder goes on.
            for name, content in everything(directory).items():
                assert CANARY.encode() not in content, name
                assert not [secret for secret in held if secret in content], name
            await trail.append(trails.draft(calls))
            return held

    held = asyncio.run(main())
    for name, content in everything(directory).items():
        assert CANARY.encode() not in content, name
        assert not [secret for secret in held if secret in content], name
    report = check(directory)
    assert report.verdict is Verdict.OK
    assert report.erasures == len(range(1, calls, 3))


def test_a_copy_that_a_reader_needs_goes_when_the_reader_has_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY", 0)
    directory = tmp_path / "trail"

    def left() -> bool:
        return any(CANARY.encode() in content for content in everything(directory).values())

    async def main() -> None:
        async with await Trail.open(directory, signer=SIGNER, clock=trails.Clock()) as trail:
            await trail.append(trails.opening())
            index = await trail.append(trails.draft(1, user=CANARY))
            with Audit(directory) as reader:
                reader.pin()
                await trail.erase([Target(index, TAGS)])
                assert (trail.held, left()) == (True, True)
                await trail.append(trails.draft(2))
                assert trail.held
            await trail.append(trails.draft(3))
            assert (trail.held, left()) == (False, False)

    asyncio.run(main())


def test_a_copy_that_outlives_the_writer_goes_with_the_next_one(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY", 0)
    directory = make(tmp_path / "trail", 3)
    with Audit(directory) as reader:
        reader.pin()
        trails.write(directory, lambda opened: opened.erase([Target(1, TAGS)]))
    log = directory / f"{database.FILE}-wal"
    assert log.stat().st_size > 0

    async def work(opened: Trail) -> None:
        assert log.stat().st_size == 0

    trails.write(directory, work)


@pytest.mark.parametrize(
    ("facets", "by_user", "by_name", "there"),
    [
        (("who",), [], [4], {"what", "request", "response", "reqbody", "resbody"}),
        (("what",), [], [], {"who", "request", "response", "reqbody", "resbody"}),
        (("request", "reqbody"), [4], [4], {"who", "what", "response", "resbody"}),
        (TAGS, [], [], set()),
    ],
)
def test_what_is_erased_cannot_be_searched_for_and_the_rest_can(
    tmp_path, facets, by_user, by_name, there
):
    trail = make(tmp_path / "trail", 6)
    special = trails.draft(9, user="someone", name="GetSomething")

    async def work(opened: Trail) -> int:
        await opened.append(trails.opening())
        index = await opened.append(special)
        assert index == 11
        return await opened.erase([Target(index, facets)], reason="asked for")

    count = trails.write(trail, work)
    with Reader(trail) as reader:
        assert len(find(reader, username=("someone",))) == len(by_user)
        assert len(find(reader, event_name=("GetSomething",))) == len(by_name)
        assert set(reader.facets(11)) == there
        assert count == 6 - len(there)
    assert str(check(trail)).startswith("OK with 1 erasure:")


def test_erasing_again_takes_the_rest(tmp_path):
    trail = make(tmp_path / "trail", 6)

    async def work(opened: Trail) -> list[int]:
        some = [Target(4, ("resbody",)), Target(4, ("reqbody", "resbody")), Target(4, TAGS)]
        return [await opened.erase([target]) for target in some] + [await opened.erase(some)]

    assert trails.write(trail, work) == [1, 1, 4, 0]
    report = check(trail)
    assert (report.verdict, report.erasures) == (Verdict.OK, 1)


def test_book_keeping_is_never_erased(tmp_path):
    trail = make(tmp_path / "trail", 2)
    size = check(trail).entries

    async def work(opened: Trail) -> None:
        for index in (0, 5, 99):
            with pytest.raises(UsageError, match=r"never erased|no entry"):
                await opened.erase([Target(3, TAGS), Target(index, TAGS)])

    trails.write(trail, work)
    assert check(trail).entries == size


def test_strings_that_others_use_stay(tmp_path):
    trail = make(tmp_path / "trail", 9)

    async def work(opened: Trail) -> None:
        await opened.erase([Target(2, TAGS)])
        await opened.append(trails.draft(0 + 30, user="user0"))

    trails.write(trail, work)
    with Reader(trail) as reader:
        assert len(find(reader, username=("user0",))) == 3  # of numbers 0, 3, 6 and the new one
        assert find(reader, resource_name=("target0",)) == []
    assert check(trail).verdict is Verdict.OK
