"""Entries on their way from a worker to the log, over a real pair of sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from apitrail.errors import RecordingError
from apitrail.recording.workers import convoy
from apitrail.recording.workers.channel import Acts, Channel
from apitrail.recording.workers.convoy import Convoy


@dataclass
class Log:
    """The other side: what it was told, what it has written; it owes those that are `owed`."""

    owed: Sequence[str] = ()
    loads: list[list[str]] = field(default_factory=list)
    counted: list[str | None] = field(default_factory=list)
    written: int = 0

    async def enter_all(
        self, calls: list[str], entries: Sequence[Sequence[object]]
    ) -> list[int | str]:
        assert [entry[0] for entry in entries] == calls
        self.loads.append(calls)
        self.written += len(calls)
        first = self.written - len(calls)
        return ["no space" if call in self.owed else first + at for at, call in enumerate(calls)]

    async def sync(self) -> None:
        pass


@asynccontextmanager
async def joined(log: Log) -> AsyncIterator[tuple[Convoy, Channel, list[str]]]:
    one, other = socket.socketpair()
    ours = await Channel.over(one, Acts(lost=lambda: None))
    answers = {"enter-all": log.enter_all, "sync": log.sync}
    hears = {"calls": log.counted.extend}
    far = await Channel.over(other, Acts(lost=lambda: None, answers=answers, hears=hears))
    gone: list[str] = []
    yield Convoy(ours, gone.append), ours, gone
    ours.close()
    far.close()


@pytest.fixture
def nothing_leaves_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convoy, "LINGER", 3_600.0)


def test_entries_go_together_though_nothing_follows():
    log = Log()

    async def scenario() -> list[str]:
        async with joined(log) as (one, _, gone):
            for call in "abc":
                one.take(call, [call])
            assert one.underway == 3
            while one.underway:  # noqa: ASYNC110
                await asyncio.sleep(0)
            return gone

    assert asyncio.run(scenario()) == ["a", "b", "c"]
    assert log.loads == [["a", "b", "c"]]


def test_a_count_is_told_though_nothing_follows():
    log = Log()

    async def scenario() -> None:
        async with joined(log) as (one, _, _):
            one.count("run")
            one.count(None)
            while not log.counted:  # noqa: ASYNC110
                await asyncio.sleep(0)

    asyncio.run(scenario())
    assert log.counted == ["run", None]
    assert log.loads == []


@pytest.mark.usefixtures("nothing_leaves_by_itself")
def test_who_waits_for_one_has_all_of_them_leave():
    log = Log()

    async def scenario() -> list[int]:
        async with joined(log) as (one, _, _):
            load = one.take("a", ["a"])
            assert one.take("b", ["b"]) is load
            found = [await one.index_of("b", load), await one.index_of("a", load)]
            return [*found, await one.index_of("c", one.take("c", ["c"]))]

    assert asyncio.run(scenario()) == [1, 0, 2]
    assert log.loads == [["a", "b"], ["c"]]


@pytest.mark.usefixtures("nothing_leaves_by_itself")
def test_the_journal_keeps_what_is_owed_to_the_log():
    async def scenario() -> list[str]:
        async with joined(Log(owed="b")) as (one, _, gone):
            load = [one.take(call, [call]) for call in "abc"][1]
            with pytest.raises(RecordingError, match=r"^no space$"):
                await one.index_of("b", load)
            await one.entered()
            assert one.underway == 0
            return gone

    assert asyncio.run(scenario()) == ["a", "c"]


@pytest.mark.usefixtures("nothing_leaves_by_itself")
def test_what_was_sent_arrives_before_what_is_asked_next():
    log = Log()

    async def scenario() -> None:
        async with joined(log) as (one, channel, _):
            one.count("run")
            one.take("a", ["a"])
            one.send()
            await channel.ask("sync")
            assert (log.counted, log.loads) == (["run"], [["a"]])

    asyncio.run(scenario())


@pytest.mark.usefixtures("nothing_leaves_by_itself")
def test_nobody_waits_for_a_log_that_is_gone():
    async def scenario() -> list[str]:
        async with joined(Log()) as (one, channel, gone):
            channel.abort()
            while channel.is_open:  # noqa: ASYNC110
                await asyncio.sleep(0)
            with pytest.raises(RecordingError, match="is gone"):
                await one.index_of("a", one.take("a", ["a"]))
            one.take("b", ["b"])
            await one.entered()
            assert one.underway == 0
            return gone

    assert asyncio.run(scenario()) == []
