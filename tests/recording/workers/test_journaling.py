"""Calls that come together share a write of their worker's journal, and none of them is lost."""

from __future__ import annotations

import asyncio
import math
import os
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path

import pytest

from apitrail.errors import RecordingError
from apitrail.recording.workers import journaling
from apitrail.recording.workers.journaling import Journaling
from apitrail.trail import journal
from apitrail.trail.journal import Left

KEYS = [str(uuid.UUID(int=number)) for number in range(1, 101)]
WHO, WHAT = {"who": b"{}"}, {"what": b"{}"}

type Work = Callable[[Journaling], Awaitable[None]]


def run(path: Path, work: Work) -> list[Left]:
    async def main() -> None:
        await work(Journaling(path))

    asyncio.run(main())
    return journal.read(path)


@pytest.fixture(params=["in the loop", "in a thread"])
def path(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The journal's, on a quick disk and on one that is taken for slow."""
    if request.param == "in a thread":
        monkeypatch.setattr(journaling, "SLOW", 0)
        monkeypatch.setattr(journaling, "LARGE", 0)
    return tmp_path / "pending-1.journal"


def test_what_is_waited_for_is_durable(path: Path) -> None:
    async def work(calls: Journaling) -> None:
        async def one(key: str) -> None:
            await calls.begin(key, WHO)
            assert key in {each.key for each in journal.read(path)}
            await calls.end(key, "api", WHAT)
            assert Left(key, WHO | WHAT, "api") in journal.read(path)

        await asyncio.gather(*map(one, KEYS))
        assert not calls.flying

    assert [each.key for each in run(path, work)] == KEYS


def test_what_the_log_has_is_left_out_when_the_file_is_full(path: Path) -> None:
    request = {"request": bytes(30_000)}

    async def work(calls: Journaling) -> None:
        async def one(number: int, key: str) -> None:
            await calls.begin(key, request)
            if number % 3 == 0:
                await calls.end(key, "api", WHAT)
                calls.gone(key)
            elif number % 3 == 1:
                calls.gone(key)

        for start in range(0, 100, 10):
            await asyncio.gather(*(one(n, KEYS[n]) for n in range(start, start + 10)))
        await calls.end(KEYS[2], "api", WHAT)
        assert len(calls.flying) == 32

    found = run(path, work)
    assert [each.key for each in found if each.kind is None] == KEYS[5::3]
    assert Left(KEYS[2], request | WHAT, "api") in found
    assert len(found) < 60


def test_a_disk_that_refuses_lets_no_call_through(path: Path) -> None:
    async def work(calls: Journaling) -> None:
        await calls.begin(KEYS[0], WHO)
        path.parent.chmod(0o500)
        # A directory refuses a new file, and where root may make one all the same, this does.
        path.parent.rename(path.parent.with_name("away"))
        with pytest.raises(RecordingError, match="the journal cannot be written"):
            await calls.begin(KEYS[1], {"request": bytes(2 * journal.SIZE)})
        path.parent.with_name("away").rename(path.parent)
        path.parent.chmod(0o700)
        assert calls.flying == {KEYS[0]}
        await calls.begin(KEYS[2], WHO)

    assert [each.key for each in run(path, work)] == [KEYS[0], KEYS[2]]


def test_no_call_leaves_when_the_process_with_the_trail_is_gone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It died while the journal was written, and another recorder may have read it before."""

    async def work(calls: Journaling) -> None:
        await calls.begin(KEYS[0], WHO)
        monkeypatch.setattr(os, "getppid", lambda: 1)
        with pytest.raises(RecordingError, match="the process with the trail is gone"):
            await calls.begin(KEYS[1], WHO)
        with pytest.raises(RecordingError, match="the process with the trail is gone"):
            await calls.end(KEYS[0], "api", WHAT)

    run(path, work)


def test_a_call_whose_client_has_left_meanwhile_is_gone(path: Path) -> None:
    async def work(calls: Journaling) -> None:
        await calls.begin(KEYS[0], WHO)
        leaving = asyncio.create_task(calls.begin(KEYS[1], WHO))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        await calls.begin(KEYS[2], WHO)
        assert calls.flying == {KEYS[0], KEYS[2]}

    assert [each.key for each in run(path, work)] == [KEYS[0], KEYS[2]]


def test_what_is_to_be_erased_is_gone_and_the_others_stay(path: Path) -> None:
    async def work(calls: Journaling) -> None:
        for key in KEYS[:3]:
            await calls.begin(key, {"request": key.encode()})
        await calls.end(KEYS[0], "api", WHAT)
        begun = asyncio.create_task(calls.begin(KEYS[3], WHO))
        await calls.scrub([KEYS[0]])
        await begun
        assert KEYS[0].encode() not in path.read_bytes()

    assert [each.key for each in run(path, work)] == KEYS[1:4]
    assert [*path.parent.iterdir()] == [path]


# -- how many calls share a write ------------------------------------------------------------------


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One for each time that the disk was asked, on a disk that is never taken for slow."""
    made: list[int] = []
    real = journal._sync

    def counted(file: int) -> None:
        real(file)
        made.append(file)

    monkeypatch.setattr(journal, "_sync", counted)
    monkeypatch.setattr(journaling, "SLOW", math.inf)
    return made


async def begin(calls: Journaling, number: int) -> None:
    await asyncio.gather(*(calls.begin(key, WHO) for key in KEYS[:number]))


async def end(calls: Journaling, key: str, after: int = 0) -> int:
    """End a call so many turns of the loop later; how many turns it waited."""
    for _ in range(after):
        await asyncio.sleep(0)
    turns = 0

    def turn() -> None:
        nonlocal turns, turning
        turns += 1
        turning = loop.call_soon(turn)

    loop = asyncio.get_running_loop()
    turning = loop.call_soon(turn)
    await calls.end(key, "api", WHAT)
    turning.cancel()
    return turns


def test_a_call_alone_waits_for_no_other(tmp_path: Path, syncs: list[int]) -> None:
    async def work(calls: Journaling) -> None:
        for step in (calls.begin(KEYS[0], WHO), calls.end(KEYS[0], "api", WHAT)):
            assert isinstance(step, Coroutine)
            with pytest.raises(StopIteration):  # it is done before the loop has another turn
                step.send(None)

    run(tmp_path / "journal", work)
    assert len(syncs) == 2


def test_a_burst_of_calls_shares_a_write(tmp_path: Path, syncs: list[int]) -> None:
    async def work(calls: Journaling) -> None:
        await begin(calls, 100)
        assert len(syncs) == 2  # the first one was alone
        await asyncio.gather(*(end(calls, key) for key in KEYS))
        assert len(syncs) == 3

    run(tmp_path / "journal", work)


def test_calls_that_come_one_after_the_other_share_a_write(
    tmp_path: Path, syncs: list[int]
) -> None:
    async def work(calls: Journaling) -> None:
        await begin(calls, 100)
        syncs.clear()
        comers = KEYS[: 5 * journaling.TURNS]
        waited = await asyncio.gather(*(end(calls, key, at) for at, key in enumerate(comers)))
        assert len(syncs) == 5
        assert max(waited) <= journaling.TURNS + 1

    run(tmp_path / "journal", work)


@pytest.mark.parametrize("most", [True, False])
def test_a_call_waits_for_others_only_while_few_of_them_wait(
    tmp_path: Path, syncs: list[int], most: bool
) -> None:
    number = math.ceil(journaling.PART * 10) - (not most)

    async def work(calls: Journaling) -> None:
        await begin(calls, 10)
        syncs.clear()
        waited = await asyncio.gather(*(end(calls, key) for key in KEYS[:number]))
        # One look finds them, and the next one that there are no more.
        assert waited[-1] == (2 if most else journaling.TURNS)
        assert len(syncs) == 1

    run(tmp_path / "journal", work)
