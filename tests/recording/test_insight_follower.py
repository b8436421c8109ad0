from __future__ import annotations

import asyncio
import threading

import pytest

import refusing
import trails
from apitrail.entry import Entry
from apitrail.errors import RecordingError
from apitrail.evidence.verify import Verdict, insight_check
from apitrail.insights.insight_settings import InsightSettings
from apitrail.insights.thresholds import DAY, HOUR, Thresholds
from apitrail.reading.mutes import Mutes
from apitrail.recording import insight_follower, log_follower
from apitrail.recording.insight_follower import Follower, start_of_baseline, told_before
from apitrail.trail import learnt
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Target
from apitrail.trail.writer import Trail
from trails import SIGNER, T0


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(insight_follower, "PAUSE", 0.02)


async def until(condition):
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.02)


def follow(directory, calls, now=T0 + 60_000, settings=None):
    """Record these calls with a follower behind them; what was said to a person."""
    said: list[str] = []

    async def main():
        async with await Trail.open(directory, signer=SIGNER, clock=trails.Clock(now)) as trail:
            stopping = asyncio.Event()
            follower = Follower(trail, settings or InsightSettings(), lambda: now, said.append)
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


def test_a_look_that_hangs_keeps_no_log_open(tmp_path, monkeypatch):
    monkeypatch.setattr(log_follower, "PATIENCE", 0.1)
    hangs, go = threading.Event(), threading.Event()

    def read(*_):
        hangs.set()
        go.wait(100)
        return []

    monkeypatch.setattr(insight_follower.Teller, "read", read)

    async def main():
        async with await Trail.open(tmp_path, signer=SIGNER, clock=trails.Clock(T0)) as trail:
            stopping = asyncio.Event()
            follower = Follower(trail, InsightSettings(), lambda: T0, print)
            await trail.append(trails.opening())
            await follower.begin(stopping)
            await until(hangs.is_set)
            stopping.set()
            await follower.ended()
            assert not go.is_set()
        go.set()

    asyncio.run(main())


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
            follower = Follower(trail, InsightSettings(), lambda: T0, said.append)
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
    monkeypatch.setattr(log_follower, "NEAR", 3)
    refusing.make(tmp_path)

    async def main() -> int:
        async with await Trail.open(tmp_path, signer=SIGNER, clock=trails.Clock(T0)) as trail:
            follower = Follower(trail, InsightSettings(), lambda: T0, print)
            stopping = asyncio.Event()
            stopping.set()
            await follower.begin(stopping)
            await follower.ended()
            return trail.size

    before = len(kinds(tmp_path))
    assert asyncio.run(main()) == before
    assert "insight" not in kinds(tmp_path)


def test_what_was_learnt_is_kept_and_outlives_the_two_weeks(tmp_path, monkeypatch):
    monkeypatch.setattr(insight_follower, "KEEP_AT_END", 1)
    follow(tmp_path, range(5))
    kept = learnt.read(tmp_path)
    assert (kept.start, kept.next) == (0, 6)
    # Alone, a recorder that starts a month later would not look at any of these.
    follow(tmp_path, range(5, 8), now=T0 + 30 * DAY)
    assert (learnt.read(tmp_path).start, learnt.read(tmp_path).next) == (0, 9)
    with Reader(tmp_path) as reader:
        insight_check.check(reader, (), learnt.read(tmp_path))


def test_other_thresholds_learn_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(insight_follower, "KEEP_AT_END", 1)
    follow(tmp_path, range(5))
    follow(
        tmp_path, range(5, 6), settings=InsightSettings(thresholds=Thresholds(distinct_refusals=3))
    )
    assert dict(learnt.read(tmp_path).thresholds) == {"distinct_refusals": 3}
    assert kinds(tmp_path).count("insight") == 1


def test_a_file_that_is_something_else_is_learnt_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(insight_follower, "KEEP_AT_END", 1)
    (tmp_path / learnt.FILE).write_bytes(b"something else")
    assert follow(tmp_path, range(8)) == []
    assert learnt.read(tmp_path).next == 10


def test_what_was_erased_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(insight_follower, "KEEP_AT_END", 1)
    follow(tmp_path, range(5))
    trails.write(tmp_path, lambda trail: trail.erase([Target(2, ("what", "who"))]))
    follow(tmp_path, range(5, 6))
    with Reader(tmp_path) as reader:
        assert learnt.read(tmp_path).is_of(reader)
    assert b"iam:List1" not in learnt.read(tmp_path).memory
    assert b"iam:List2" in learnt.read(tmp_path).memory


ADA = {"caller": "arn:aws:iam::*:user/ada"}


def test_mutes_of_the_configuration_are_entries_before_what_they_mute(tmp_path):
    settings = InsightSettings.parse({"mute": [ADA | {"reason": "a drill"}]})
    follow(tmp_path, range(8), settings=settings)
    follow(tmp_path, (), settings=settings)
    found = [kind for kind in kinds(tmp_path) if kind not in {"open", "api"}]
    assert found == ["mute", "insight"]
    follow(tmp_path, ())
    with Reader(tmp_path) as reader:
        mutes = Mutes.of(reader)
    assert [said.lifted for _, said in mutes.said] == [False, True]
    assert trails.check(tmp_path, now=T0 + 70_000).verdict is Verdict.OK


def test_insights_can_be_switched_off(tmp_path):
    async def main():
        async with await Trail.open(tmp_path, signer=SIGNER, clock=trails.Clock()) as trail:
            off = InsightSettings(enabled=False)
            follower = Follower(trail, off, lambda: T0, print)
            await follower.begin(asyncio.Event())
            for number in range(8):
                await trail.append(refusing.refused(number))
            await follower.ended()

    asyncio.run(main())
    assert kinds(tmp_path) == ["api"] * 8
    assert learnt.read(tmp_path) is None


def rests(directory, monkeypatch, *, stopped):
    """How many rests a follower takes to read 40 entries, and how far it was behind before and after."""
    taken: list[float] = []
    monkeypatch.setattr(insight_follower.time, "sleep", taken.append)
    refusing.make(directory, calls=40)

    async def main():
        async with await Trail.open(directory, signer=SIGNER, clock=trails.Clock(T0)) as trail:
            follower = Follower(trail, InsightSettings(), lambda: T0, print)
            before, stopping = follower.behind, asyncio.Event()
            if stopped:
                stopping.set()
            await follower.begin(stopping)
            await until(lambda: follower._teller and follower._teller.next >= trail.size)
            stopping.set()
            await follower.ended()
            return before, follower.behind

    behind = asyncio.run(main())
    return len(taken), behind


def test_calls_wait_for_sixteen_entries_at_the_most(tmp_path, monkeypatch):
    number, (before, after) = rests(tmp_path, monkeypatch, stopped=False)
    assert number >= before / 16 > 1
    assert after == 0


def test_who_stops_waits_for_no_rests(tmp_path, monkeypatch):
    assert rests(tmp_path, monkeypatch, stopped=True)[0] == 0
