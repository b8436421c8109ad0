"""Verifying trails that are sound: live, long, with changed keys, after a loss, and in silence."""

from __future__ import annotations

import asyncio
import json

import pytest

import trails
from apitrail.errors import UsageError
from apitrail.evidence import maintenance
from apitrail.evidence.known_logs import KnownLogs
from apitrail.evidence.verify import Verdict
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import keys
from apitrail.trail.reader import Reader
from apitrail.trail.rows import Draft
from apitrail.trail.statements import Target
from apitrail.trail.writer import Trail
from trails import SIGNER, T0, check, make

# -- live ----------------------------------------------------------------------------------------


def test_a_trail_that_is_being_written_holds(tmp_path):
    """Each verification sees one state, while calls are added and erased."""
    directory = tmp_path / "trail"

    async def main() -> list[str]:
        async with await Trail.open(directory, signer=SIGNER, clock=trails.Clock()) as trail:
            await trail.append(trails.opening())
            number, said = 0, []
            for _ in range(12):
                checking = asyncio.create_task(asyncio.to_thread(check, directory))
                while not checking.done():
                    await trails.append_all(trail, [trails.draft(number + n) for n in range(20)])
                    await trail.erase([Target(number + 1, ("what", "resbody"))])
                    number += 21
                said.append(await checking)
            return said

    reports = asyncio.run(main())
    assert {str(report.verdict) for report in reports} == {"OK"}, [str(r) for r in reports]
    assert len({report.entries for report in reports}) > 1


def test_calls_in_flight_are_told(tmp_path):
    directory = tmp_path / "trail"

    async def main() -> int:
        async with await Trail.open(directory, signer=SIGNER, clock=trails.Clock()) as trail:
            await trail.append(trails.opening())
            await trail.begin("00000000-0000-0000-0000-000000000001", trails.call(0))
            return (await asyncio.to_thread(check, directory)).in_flight

    assert asyncio.run(main()) == 1


# -- silence -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("close", "later", "verdict"),
    [
        (False, 119_000, Verdict.OK),
        (False, 121_000, Verdict.STALE),
        (True, 10**12, Verdict.OK),
    ],
)
def test_a_recorder_that_never_stopped_must_be_heard_of(tmp_path, close, later, verdict):
    trail = make(tmp_path / "trail", 3, close=close)
    report = check(trail, now=T0 + later)
    assert report.verdict is verdict
    assert report.entries > 0


@pytest.mark.parametrize(
    "promised", [float("inf"), pytest.param(10**400, id="huge"), -1, True, "60"]
)
def test_a_promise_that_is_none_counts_as_a_minute(tmp_path, promised):
    async def work(trail: Trail) -> None:
        what = json.dumps({"configuration": {"heartbeat": promised}}).encode()
        await trail.append(Draft(kind="open", facets={"what": what}))

    trails.write(tmp_path / "trail", work)
    assert check(tmp_path / "trail", now=T0 + 119_000).verdict is Verdict.OK
    assert check(tmp_path / "trail", now=T0 + 121_000).verdict is Verdict.STALE


def test_an_export_after_a_crash_is_no_sign_of_life(tmp_path):
    async def work(trail: Trail) -> None:
        await trail.append(trails.book("heartbeat", calls=0, tunnelled={}, recording=False))

    trail = make(tmp_path / "trail", 1, close=False)
    trails.write(trail, work, clock=trails.Clock(T0 + 130_000))
    assert check(trail, now=T0 + 131_000).verdict is Verdict.STALE


def test_starts_without_a_stop_before_are_told(tmp_path):
    trail = make(tmp_path / "trail", 1, close=False)
    make(trail, 1, first=1, close=False)
    make(trail, 1, first=2)
    make(trail, 1, first=3)
    report = check(trail)
    assert (report.starts, report.stops, report.crashes) == (4, 2, 2)
    assert "the recorder ended 2 times without saying so" in report.message


def test_a_shorter_promise_is_sooner_broken(tmp_path):
    async def work(trail: Trail) -> None:
        await trail.append(trails.opening(heartbeat=5))

    trails.write(tmp_path / "trail", work)
    assert check(tmp_path / "trail", now=T0 + 9_000).verdict is Verdict.OK
    assert check(tmp_path / "trail", now=T0 + 11_000).verdict is Verdict.STALE


# -- keys ----------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))
    return tmp_path


def test_known_logs_follow_a_rotation(home):
    trail, known = home / "trail", KnownLogs(home / "config")
    signer = keys.Keys.of(trail).generate("example.com/log")
    known.trust(signer.verifier)
    make(trail, 2, signer=signer)
    index, vkey = maintenance.rotate(trail)
    assert known.trusted().verifiers == (note.Verifier.parse(vkey),)
    assert check(trail, known.trusted()).verdict is Verdict.OK
    with Reader(trail) as reader:
        link = reader.entry(index)
        assert link is not None
        assert link.kind == "key"


# -- losses --------------------------------------------------------------------------------------


def test_a_checkpoint_of_another_log_is_misuse(tmp_path):
    trail = make(tmp_path / "trail", 3)
    stranger = note.Signer("other", bytes(32))
    for since in ("junk", note.sign(str(Checkpoint("other", 3, bytes(32))), stranger)):
        with pytest.raises(UsageError, match="not a checkpoint of this log"):
            check(trail, since=since)


def test_steps_are_numbered_and_told(tmp_path):
    told: list[str] = []
    check(make(tmp_path / "trail", 3), step=told.append)
    assert [line.partition(".")[0] for line in told] == [str(n) for n in range(1, 10)]
