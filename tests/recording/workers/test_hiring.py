"""A worker that comes late or is to leave, and what goes wrong meanwhile, by real processes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from apitrail.cli import apitrail
from apitrail.recording.proxy.held import LONGEST, TOTAL
from apitrail.recording.proxy.messages import Voice
from apitrail.recording.session import Session
from apitrail.recording.workers import growth, hiring, member, pulse
from apitrail.recording.workers.crew import Crew
from apitrail.recording.workers.hiring import Hiring
from apitrail.recording.workers.member import Member
from proxying import AWS, FORM, dial, kinds, recording, request, upstream
from recording.workers.test_stillness import Upstream, ask, freeze, until

pytestmark = [pytest.mark.layouts, pytest.mark.timeout(300)]

# Signed by a key that the keyring has, with another secret.
WRONG = request(f"http://{AWS}/", headers=[("X-Amz-Date", "20261123T100000Z")])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are asked, and counted, again and again; each client is one that needs another worker."""
    monkeypatch.setattr(pulse, "EVERY", 0.05)
    monkeypatch.setattr(hiring, "EVERY", 0.05)
    monkeypatch.setattr(hiring, "REST", 0.0)
    monkeypatch.setattr(growth, "CLIENTS", 0)


def have_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "BUSY", 0.0)


def have_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """For long enough."""
    monkeypatch.setattr(growth, "BUSY", 2.0)
    monkeypatch.setattr(growth, "CALM", 2.0)
    monkeypatch.setattr(growth, "LONG", 0.0)


@asynccontextmanager
async def growing(
    trail: Path, told: list[str], **settings: Any
) -> AsyncIterator[tuple[Session, Crew]]:
    async with (
        upstream(Upstream().answer) as stub,
        recording(trail, upstream=stub.url, workers=2, grows=True, **settings) as session,
    ):
        session._voice.tell = lambda text, _level="info": told.append(text)
        assert isinstance(session.front, Crew)
        yield session, session.front


async def second(front: Crew, monkeypatch: pytest.MonkeyPatch) -> int:
    """Have another worker come; gives its process."""
    have_much(monkeypatch)
    await until(lambda: len(front.workers) == 2 and bool(front._members[1].doors))
    return front.workers[1]


async def leave(front: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    have_little(monkeypatch)
    await until(lambda: len(front.workers) == 1)


def test_one_that_is_alone_has_all_the_memory_for_long_bodies(tmp_path: Path) -> None:
    announced = request(f"http://{AWS}/", b"", headers=[
        ("Content-Type", FORM), ("Content-Length", str(LONGEST)), ("Expect", "100-continue"),
    ])  # fmt: skip

    async def scenario() -> list[bytes]:
        async with growing(tmp_path, []) as (session, _), AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(dial(session)) for _ in range(TOTAL // LONGEST)
            ]
            for each in clients:
                await each.send(announced)
            return [await each.head() for each in clients]

    assert set(asyncio.run(scenario())) == {b"HTTP/1.1 100 Continue\r\n\r\n"}


def test_one_that_is_to_leave_stays_while_it_is_the_only_one_that_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> bytes:
        async with growing(tmp_path, []) as (session, front):
            [first] = front.workers
            async with dial(session) as stays, dial(session) as one:
                other = await second(front, monkeypatch)
                async with dial(session) as two:
                    assert [await ask(each) for each in (stays, one, two)] == [b"200"] * 3
                    await leave(front, monkeypatch)
                    monkeypatch.setattr(pulse, "SILENT", 0.5)
                    freeze(first)
                    await until(lambda: front.silent == [first])
                    assert front.workers == [other]
                    async with dial(session) as late:
                        answer = await ask(late)
                    os.kill(first, signal.SIGCONT)
                    return answer

    assert asyncio.run(scenario()) == b"200"


def test_one_that_is_to_leave_stays_where_there_is_work_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with growing(tmp_path, []) as (session, front), dial(session):
            other = await second(front, monkeypatch)
            async with dial(session) as client:
                await until(lambda: len(front._members[1].connections) == 1)
                await leave(front, monkeypatch)
                have_much(monkeypatch)
                await until(lambda: len(front.workers) == 2)
                assert front.workers[1] == other
                assert await ask(client) == b"200"

    asyncio.run(scenario())


def test_none_is_started_for_one_that_was_lost_while_it_was_to_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    async def scenario() -> int:
        async with growing(tmp_path, told) as (session, front):
            async with dial(session):
                other = await second(front, monkeypatch)
                async with dial(session):
                    await until(lambda: len(front._members[1].connections) == 1)
                    await leave(front, monkeypatch)
                    os.kill(other, signal.SIGKILL)
                    await until(lambda: bool(told))
                    # Whoever looked after it does so no more.
                    await until(lambda: len(front._keepers) == 2)
                    assert len(front._members) == 1
            return other

    lost = asyncio.run(scenario())
    [said] = told
    assert said.startswith(f"worker {lost} has ended (killed by signal 9)")
    assert said.endswith("recorded as unknown, and the others go on")


def test_one_that_is_to_leave_and_has_not_said_that_all_is_entered_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hiring, "DRAINING", 0.05)
    left: list[list[Member]] = []

    async def told(*asked: Any) -> list[Member]:
        left.append(await member.done(*asked))
        return left[-1]

    monkeypatch.setattr(hiring, "done", told)

    async def scenario() -> None:
        async with growing(tmp_path, []) as (session, front), dial(session) as client:
            other = await second(front, monkeypatch)
            freeze(other)  # it has no client, and cannot say whether calls of it are in flight
            have_little(monkeypatch)
            await until(lambda: len(left) == 3 or len(front._members) == 1)
            assert [len(each) for each in left] == [1, 1, 1]
            assert front._members[1].leaves
            assert not front._members[1].gone.is_set()
            os.kill(other, signal.SIGCONT)
            await until(lambda: len(front._members) == 1)
            assert left[-1] == []
            assert await ask(client) == b"200"

    asyncio.run(scenario())


def test_where_another_one_cannot_start_it_is_said_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    async def scenario() -> None:
        async with growing(tmp_path, told) as (session, front):
            monkeypatch.setattr(member, "MODULE", "apitrail.recording.workers.nothing")
            have_much(monkeypatch)
            await until(lambda: any("there is work" in each for each in told))
            assert session.recorder.unready is None
            assert len(front.workers) == 1
            monkeypatch.setattr(member, "MODULE", "apitrail.recording.workers.worker")
            await until(lambda: len(front.workers) == 2)

    asyncio.run(scenario())
    said = "there is work for another worker, but a worker did not start (status 1)"
    assert [each.splitlines()[0] for each in told if "there is work" in each] == [said]


def test_one_that_comes_late_goes_by_the_keyring_as_the_recorder_has_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring, configuration = tmp_path / "keyring.toml", tmp_path / "config.toml"
    keyring.write_text('AKIAIOSFODNN7EXAMPLE = "secret"\n')
    keyring.chmod(0o600)
    configuration.write_text(
        f'[signatures]\nrequire_valid = true\nprofiles = false\nkeyring = "{keyring}"\n'
    )
    told: list[str] = []

    async def scenario() -> list[bytes]:
        settings = {"configuration": configuration}
        async with growing(tmp_path / "trail", told, **settings) as (session, front):
            keyring.unlink()
            async with dial(session) as one:
                await second(front, monkeypatch)
                async with dial(session) as two:
                    answers = [await ask(one, WRONG), await ask(two, WRONG)]
                    assert [len(each.connections) for each in front._members] == [1, 1]
                    return answers

    assert asyncio.run(scenario()) == [b"403", b"403"]
    assert told == []


def test_a_recorder_that_stops_while_another_one_starts_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> list[int]:
        async with growing(tmp_path, []) as (_, front):
            have_much(monkeypatch)
            await until(lambda: len(front._members) == 2)
            assert not front._members[1].ready
            return [each.process.pid for each in front._members]

    for pid in asyncio.run(scenario()):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert kinds(tmp_path) == ["open", "close"]


async def status(trail: Path) -> list[str]:
    """What the command says of workers."""
    arguments = ["--trail", str(trail), "status"]
    result = await asyncio.to_thread(CliRunner().invoke, apitrail, arguments)
    return [each for each in result.output.splitlines() if "worker" in each]


def test_status_says_where_another_one_may_come(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with growing(tmp_path, []) as (_, front):
            [first] = front.workers
            assert await status(tmp_path) == [
                f"  by 1 worker (process {first}), another when it is busy"
            ]
        async with recording(tmp_path, workers=2) as session:
            first, lost = session.front.workers
            freeze(lost)
            await until(lambda: session.front.silent == [lost])
            said = [f"  by 1 worker (process {first})", f"  worker {lost} does not answer"]
            assert await status(tmp_path) == said

    asyncio.run(scenario())


def test_it_goes_on_without_memory_for_one_turn() -> None:
    turns = 0

    def members() -> Sequence[Member]:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise MemoryError
        return ()

    async def none() -> None: ...

    async def scenario() -> None:
        hires = Hiring(2, members, none, Voice(lambda _text, _level="info": None))
        going = asyncio.create_task(hires.go_on())
        await until(lambda: turns > 2 or going.done())
        going.cancel()

    asyncio.run(scenario())
    assert turns > 2


def test_a_defect_of_what_looks_after_workers_is_told(tmp_path: Path) -> None:
    told: list[str] = []

    async def fails() -> None:
        raise ValueError("a defect")

    async def scenario() -> None:
        async with growing(tmp_path, told) as (session, front):
            front._look_after(fails(), "the number of workers")
            await until(lambda: bool(told))
            async with dial(session) as client:
                assert await ask(client) == b"200"

    asyncio.run(scenario())
    [said] = told
    assert said.startswith("nobody looks after the number of workers any more: ValueError")
