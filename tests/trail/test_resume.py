"""A trail goes on only from what was signed: no rollback, no fork, no other key."""

from __future__ import annotations

import asyncio
import shutil

import pytest

import trails
from apitrail.errors import UsageError
from apitrail.evidence import maintenance
from apitrail.evidence.known_logs import KnownLogs
from apitrail.evidence.verify import Trust, Verdict
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import keys
from trails import OTHER, SIGNER, check, make, rotate


def test_another_key_cannot_go_on(tmp_path):
    trail = make(tmp_path / "trail", 2)
    with pytest.raises(UsageError, match="the trail does not hold"):
        make(trail, 2, first=2, signer=OTHER)


@pytest.mark.parametrize("sql", [
    "UPDATE entry SET data = x'00' WHERE idx = (SELECT max(idx) FROM entry)",
    "DELETE FROM tail",
    "UPDATE tail SET note = 'x'",
    "DELETE FROM tile",
])  # fmt: skip
def test_what_does_not_hold_is_not_written_on(tmp_path, sql):
    trail = make(tmp_path / "trail", 300)
    with trails.forge(trail) as database:
        database.execute(sql)
    with pytest.raises(UsageError, match="the trail does not hold"):
        make(trail, 2, first=900)


def test_resumed_at_any_size_it_holds(tmp_path):
    trail = tmp_path / "trail"
    first = 0
    for calls in (0, 1, 249, 1, 1, 255, 300):
        make(trail, calls, first=first)
        first += calls
        assert check(trail).verdict is Verdict.OK
    assert check(trail).calls == first


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))
    return tmp_path


def test_a_fork_is_refused_too(tmp_path):
    trail = make(tmp_path / "trail", 3)
    backup = shutil.copytree(trail, tmp_path / "backup")
    make(trail, 3, first=3)
    make(backup, 9, first=3)
    shutil.copy(backup / "trail.db", trail / "trail.db")
    with pytest.raises(UsageError, match="it was forked"):
        make(trail, 1, first=20)


def test_the_compared_file_may_be_behind_a_rotation(tmp_path):
    trail = make(tmp_path / "trail", 2)
    before = (trail / "checkpoint").read_text()
    rotate(trail, SIGNER, OTHER)
    (trail / "checkpoint").write_text(before)  # as a crash would leave it
    make(trail, 2, first=2, signer=OTHER)
    assert check(trail).verdict is Verdict.OK


def test_the_old_key_cannot_go_on_right_after_a_rotation(tmp_path):
    """Both keys have signed the tail; who read the old one before must not write."""
    trail = make(tmp_path / "trail", 2)
    rotate(trail, SIGNER, OTHER)
    with pytest.raises(UsageError, match="its key was changed"):
        make(trail, 1, first=2)
    make(trail, 1, first=2, signer=OTHER)
    assert check(trail).verdict is Verdict.OK


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
