"""Verifying trails that are sound: live, long, with changed keys, after a loss, and in silence."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

import trails
from apitrail.errors import RecordingError, UsageError
from apitrail.evidence import maintenance
from apitrail.evidence.known_logs import KnownLogs
from apitrail.evidence.verify import Trust, Verdict, parallel
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import keys
from apitrail.trail.reader import Reader
from apitrail.trail.rows import Draft
from apitrail.trail.statements import Target
from apitrail.trail.writer import Trail
from trails import OTHER, SIGNER, T0, TRUST, check, make

THIRD = note.Signer(trails.ORIGIN, bytes(range(2, 34)))
NEW = Trust((OTHER.verifier,), "--key")


def rotate(directory: Path, old: note.Signer, new: note.Signer) -> None:
    async def work(trail: Trail) -> None:
        await trail.rotate(new)

    trails.write(directory, work, signer=old)


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


def test_in_pieces_on_several_cores_it_comes_to_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(parallel, "PIECE", 512)
    monkeypatch.setattr(parallel, "PARALLEL", 100)
    trail = make(tmp_path / "trail", 1_500)
    done: list[int] = []
    report = check(trail, processes=2, progress=done.append)
    assert report == check(trail, processes=1)
    assert (report.verdict, sum(done)) == (Verdict.OK, report.entries)
    with monkeypatch.context() as patch:
        patch.setattr(parallel, "_result", lambda _: None)  # every other process failed
        assert check(trail, processes=2) == report
    with trails.forge(trail) as database:
        database.execute("UPDATE event SET time = time + 1 WHERE idx = 1200")
    report = check(trail, processes=2)
    assert (report.verdict, report.index) == (Verdict.TAMPERED, 1200)


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


def test_whoever_trusts_any_key_of_a_log_can_follow_it(tmp_path):
    trail = make(tmp_path / "trail", 3)
    first = (trail / "checkpoint").read_text()
    rotate(trail, SIGNER, OTHER)
    make(trail, 3, first=3, signer=OTHER)
    rotate(trail, OTHER, THIRD)
    rotate(trail, THIRD, SIGNER)
    make(trail, 3, first=6)
    for signer in (SIGNER, OTHER, THIRD):
        report = check(trail, Trust((signer.verifier,), "--key"), since=first)
        assert (report.verdict, report.rotations) == (Verdict.OK, 3)
        assert report.key == str(SIGNER.verifier)


def test_the_old_key_is_of_no_use_after_a_change(tmp_path):
    """Who stole it can sign, but not for what came after."""
    trail = make(tmp_path / "trail", 3)
    rotate(trail, SIGNER, OTHER)
    make(trail, 3, first=3, signer=OTHER)
    with trails.forge(trail) as database:
        (text,) = database.execute("SELECT note FROM tail").fetchone()
        forged = note.sign(note.Note.parse(text).text, SIGNER)
        database.execute("UPDATE tail SET note = ?", (forged,))
    assert check(trail).verdict is Verdict.TAMPERED
    with pytest.raises(UsageError, match="does not hold"):
        make(trail, 1, first=9)


@pytest.mark.parametrize("sql", [
    "DELETE FROM checkpoint WHERE size = 8",
    "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 7) WHERE size = 8",
])  # fmt: skip
def test_a_change_of_key_cannot_be_hidden(tmp_path, sql):
    trail = make(tmp_path / "trail", 3)
    rotate(trail, SIGNER, OTHER)
    make(trail, 3, first=3, signer=OTHER)
    assert check(trail, NEW).verdict is Verdict.OK
    with trails.forge(trail) as database:
        assert database.execute("SELECT 1 FROM checkpoint WHERE size = 8").fetchone()
        database.executescript(sql)
    assert check(trail).verdict is Verdict.UNTRUSTED_KEY
    assert check(trail, NEW).verdict is Verdict.TAMPERED


def test_a_rotation_that_fails_changes_nothing(tmp_path):
    async def work(trail: Trail) -> None:
        await trail.append(trails.opening())
        await trail._database.execute_fetchall("PRAGMA query_only=ON")
        with pytest.raises(RecordingError):
            await trail.rotate(OTHER)
        await trail._database.execute_fetchall("PRAGMA query_only=OFF")
        await trail.append(trails.draft(1))

    trails.write(tmp_path / "trail", work)
    assert check(tmp_path / "trail").verdict is Verdict.OK


def test_a_crash_amid_a_rotation_is_settled(tmp_path):
    """The log has said it, but the new key was not yet put in place of the old."""
    trail = tmp_path / "trail"
    held = keys.Keys.of(trail)
    old = held.generate("example.com/log")
    make(trail, 2, signer=old)
    new = held.prepare("example.com/log")
    assert held.signer() == old  # said nowhere: nothing has changed
    rotate(trail, old, new)
    assert held.signer() == new
    make(trail, 2, first=2, signer=held.signer())
    assert check(trail, Trust((old.verifier,), "--key")).verdict is Verdict.OK


def test_the_old_key_cannot_go_on_right_after_a_rotation(tmp_path):
    """Both keys have signed the tail; who read the old one before must not write."""
    trail = make(tmp_path / "trail", 2)
    rotate(trail, SIGNER, OTHER)
    with pytest.raises(UsageError, match="its key was changed"):
        make(trail, 1, first=2)
    make(trail, 1, first=2, signer=OTHER)
    assert check(trail).verdict is Verdict.OK


def test_rotations_asked_for_together_come_one_after_the_other(home):
    trail = home / "trail"
    first = keys.Keys.of(trail).generate("example.com/log")

    async def main() -> None:
        held = await maintenance.enter(trail)
        async with held.trail as opened:
            await opened.append(trails.opening())
            await asyncio.gather(*(held.rotate({}) for _ in range(4)))
            await opened.append(trails.book("close"))

    asyncio.run(main())
    report = check(trail, Trust((first.verifier,), "--key"))
    assert (report.verdict, report.rotations) == (Verdict.OK, 4)
    assert report.key == str(keys.Keys.of(trail).signer().verifier)


def test_the_compared_file_may_be_behind_a_rotation(tmp_path):
    trail = make(tmp_path / "trail", 2)
    before = (trail / "checkpoint").read_text()
    rotate(trail, SIGNER, OTHER)
    (trail / "checkpoint").write_text(before)  # as a crash would leave it
    make(trail, 2, first=2, signer=OTHER)
    assert check(trail).verdict is Verdict.OK


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


def test_a_rolled_back_trail_goes_on_only_by_stating_its_loss(home):
    trail, known = home / "trail", KnownLogs(home / "config")
    signer = keys.Keys.of(trail).generate("example.com/log")
    known.trust(signer.verifier)
    trust = Trust((signer.verifier,), "--key")
    make(trail, 3, signer=signer)
    backup = shutil.copytree(trail, home / "backup")
    make(trail, 3, first=3, signer=signer)
    known.remember(check(trail, known.trusted()))
    lost = known.seen(signer.name)
    # All of it is brought back from a backup, the compared file too: known_logs remembers.
    shutil.rmtree(trail)
    shutil.copytree(backup, trail)
    with pytest.raises(UsageError, match="it was rolled back") as refused:
        asyncio.run(maintenance.enter(trail))
    assert "apitrail recover" in (refused.value.hint or "")
    assert maintenance.recover(trail) is not None
    report = check(trail, known.trusted())
    assert report.verdict is Verdict.OK
    assert report.gaps
    assert check(trail, Trust(trust.verifiers, "an auditor", lost)).verdict is Verdict.OK
    # Another past than the one it states is still missed.
    other = note.sign(str(Checkpoint(signer.name, 12, bytes(32))), signer)
    assert check(trail, Trust(trust.verifiers, "x", (other,))).verdict is Verdict.TRUNCATED
    assert maintenance.recover(trail) is None


def test_a_fork_is_refused_too(tmp_path):
    trail = make(tmp_path / "trail", 3)
    backup = shutil.copytree(trail, tmp_path / "backup")
    make(trail, 3, first=3)
    make(backup, 9, first=3)
    shutil.copy(backup / "trail.db", trail / "trail.db")
    with pytest.raises(UsageError, match="it was forked"):
        make(trail, 1, first=20)


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


def test_readers_need_no_write_access(tmp_path):
    trail = make(tmp_path / "trail", 3)
    (trail / "trail.db").chmod(0o400)
    with sqlite3.connect(f"file:{trail / 'trail.db'}?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert check(trail, TRUST).verdict is Verdict.OK
