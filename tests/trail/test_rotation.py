"""One key follows another, signed by both."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

import trails
from apitrail.errors import FormatError, RecordingError, VerificationError
from apitrail.evidence import maintenance
from apitrail.evidence.verify import Trust, Verdict
from apitrail.tlog import note
from apitrail.trail import keys
from apitrail.trail.reader import Reader
from apitrail.trail.rotation import Rotation, trace
from apitrail.trail.writer import Trail
from trails import OTHER, SIGNER, check, make, rotate


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))
    return tmp_path


def test_a_rotation_that_fails_changes_nothing(tmp_path):
    async def work(trail: Trail) -> None:
        await trail.append(trails.opening())
        await trails.sql(trail, "PRAGMA query_only=ON")
        with pytest.raises(RecordingError):
            await trail.rotate(OTHER)
        await trails.sql(trail, "PRAGMA query_only=OFF")
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


def between(old: note.Signer = SIGNER, new: note.Signer = OTHER) -> Rotation:
    return Rotation.between(old, new, index=7, previous=bytes(range(32)))


def test_a_statement_and_its_text_are_inverses():
    rotation = between()
    assert Rotation.parse(str(rotation)) == rotation
    assert str(rotation).splitlines()[:3] == ["apitrail key rotation v1", trails.ORIGIN, "7"]
    assert Rotation.of(rotation.signed(SIGNER, OTHER)) == rotation


@pytest.mark.parametrize(
    ("old", "new"),
    [("rotation v1", "rotation v2"), ("\n7\n", "\n07\n"), ("\n7\n", "\n-7\n"),
     (f"\n{trails.ORIGIN}\n", "\nexample.com/other\n"), ("AAECAwQF", "AAECAwQ")],
)  # fmt: skip
def test_a_text_that_is_not_exactly_one_is_malformed(old, new):
    text = str(between())
    assert old in text
    with pytest.raises(FormatError):
        Rotation.parse(text.replace(old, new, 1))


def test_a_key_does_not_follow_itself_nor_one_of_another_log():
    with pytest.raises(FormatError, match="not two keys of the log"):
        between(SIGNER, SIGNER)
    with pytest.raises(FormatError, match="not two keys of the log"):
        between(SIGNER, note.Signer("example.com/other", bytes(32)))


@pytest.mark.parametrize("signers", [(SIGNER,), (OTHER,)])
def test_both_keys_must_have_signed(signers):
    with pytest.raises(VerificationError, match="not signed by both keys"):
        Rotation.from_note(note.sign(str(between()), *signers))


def test_an_entry_may_not_name_other_keys_than_its_note():
    said = between().signed(SIGNER, OTHER)
    with pytest.raises(FormatError, match="its keys are not those of its note"):
        Rotation.of(replace(said, new=said.old))


def test_rotations_are_found_in_order(tmp_path):
    trail = trails.make(tmp_path / "trail", 2)
    rotate(trail, SIGNER, OTHER)
    rotate(trail, OTHER, SIGNER)
    with Reader(trail) as reader:
        first, second = trace(reader)
    assert (first.old, first.new) == (SIGNER.verifier, OTHER.verifier)
    assert (second.old, second.new) == (OTHER.verifier, SIGNER.verifier)
    assert second.index == first.index + 1
