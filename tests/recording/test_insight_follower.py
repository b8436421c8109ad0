from __future__ import annotations

import asyncio

import pytest

import refusing
import trails
from apitrail.entry import Entry
from apitrail.errors import RecordingError
from apitrail.evidence.verify import Verdict
from apitrail.insights.thresholds import DAY, HOUR, Thresholds
from apitrail.recording import insight_follower
from apitrail.recording.insight_follower import Follower, start_of_baseline, told_before
from apitrail.trail.reader import Reader
from apitrail.trail.writer import Trail
from trails import SIGNER, T0


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(insight_follower, "PAUSE", 0.02)


async def until(condition):
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.02)


def follow(directory, calls, now=T0 + 60_000):
    """Record these calls with a follower behind them; what was said to a person."""
    said: list[str] = []

    async def main():
        async with await Trail.open(directory, signer=SIGNER, clock=trails.Clock(now)) as trail:
            stopping = asyncio.Event()
            follower = Follower(trail, Thresholds(), lambda: now, said.append)
            await follower.begin(stopping)
            if not trail.size:
                await trail.append(trails.opening())
            for number in calls:
                await trail.append(refusing.refused(number))
            await until(lambda: follower._teller and follower._teller.next >= trail.size)
            stopping.set()
            await follower.ended()

    asyncio.run(main())
    return said


def kinds(directory):
    with Reader(directory) as reader:
        return [Entry.kind_of(data) for data in reader.entries()]


def test_what_is_unusual_becomes_an_entry_that_verifies(tmp_path):
    assert follow(tmp_path, range(8)) == []
    assert kinds(tmp_path) == ["open", *["api"] * 8, "insight"]
    report = trails.check(tmp_path, now=T0 + 70_000)
    assert (report.verdict, report.insights) == (Verdict.OK, 1)


def test_a_restart_forgets_nothing_and_repeats_nothing(tmp_path):
    follow(tmp_path, range(5))
    follow(tmp_path, range(5, 8))
    follow(tmp_path, ())
    assert kinds(tmp_path).count("insight") == 1


def test_what_an_earlier_recorder_did_not_tell_is_told_unless_it_is_old(tmp_path):
    refusing.make(tmp_path / "new")
    follow(tmp_path / "new", ())
    refusing.make(tmp_path / "old")
    follow(tmp_path / "old", (), now=T0 + 2 * HOUR)
    assert kinds(tmp_path / "new").count("insight") == 1
    assert kinds(tmp_path / "old").count("insight") == 0


def test_the_baseline_is_of_the_last_two_weeks(tmp_path):
    refusing.make(tmp_path)
    with Reader(tmp_path) as reader:
        assert start_of_baseline(reader, T0 + DAY) == 0
        assert start_of_baseline(reader, T0 + 30 * DAY) == reader.size
        assert told_before(reader, 0) == set()


def test_what_cannot_be_read_now_is_read_later(tmp_path, monkeypatch):
    left = [OSError("too many open files"), RecordingError("the trail cannot be read")]

    def start(reader, now):
        if left:
            raise left.pop()
        return start_of_baseline(reader, now)

    monkeypatch.setattr(insight_follower, "start_of_baseline", start)
    assert follow(tmp_path, range(8)) == []
    assert kinds(tmp_path).count("insight") == 1


def test_a_failure_is_said_and_ends_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "apitrail.recording.insight_follower.start_of_baseline",
        lambda *_: (_ for _ in ()).throw(ValueError("broken")),
    )

    async def main():
        said: list[str] = []
        async with await Trail.open(tmp_path, signer=SIGNER, clock=trails.Clock()) as trail:
            await trail.append(trails.opening())
            follower = Follower(trail, Thresholds(), lambda: T0, said.append)
            await follower.begin(stopping := asyncio.Event())
            await until(lambda: said)
            await trail.append(refusing.refused(1))
            stopping.set()
            await follower.ended()
            return said, trail.size

    said, size = asyncio.run(main())
    assert said == ["insights are not told any more: broken"]
    assert size == 2


@pytest.mark.parametrize("calls", [0])
def test_an_idle_recorder_s_log_is_read_once(tmp_path, calls):
    assert follow(tmp_path, range(calls)) == []
    assert kinds(tmp_path) == ["open"]


def test_a_recorder_that_ends_does_not_wait_until_a_long_log_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(insight_follower, "NEAR", 3)
    refusing.make(tmp_path)

    async def main() -> int:
        async with await Trail.open(tmp_path, signer=SIGNER, clock=trails.Clock(T0)) as trail:
            follower = Follower(trail, Thresholds(), lambda: T0, print)
            stopping = asyncio.Event()
            stopping.set()
            await follower.begin(stopping)
            await follower.ended()
            return trail.size

    before = len(kinds(tmp_path))
    assert asyncio.run(main()) == before
    assert "insight" not in kinds(tmp_path)
