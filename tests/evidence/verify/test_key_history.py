"""Whoever trusts one key of a log follows its changes, and nothing else."""

from __future__ import annotations

import pytest

import trails
from apitrail.errors import UsageError
from apitrail.evidence.verify import Trust, Verdict
from apitrail.tlog import note
from trails import OTHER, SIGNER, check, make, rotate

THIRD = note.Signer(trails.ORIGIN, bytes(range(2, 34)))
NEW = Trust((OTHER.verifier,), "--key")


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
