"""The log's word for a file: which key gives it, for which bytes."""

from __future__ import annotations

import pytest

import trails
from apitrail.delivery.logfiles import file_checkpoint
from apitrail.errors import UsageError
from apitrail.evidence.verify.report import Finding, Trust, Verdict
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail.rotation import Rotation
from trails import OTHER, SIGNER, TRUST

HEAD = Checkpoint(trails.ORIGIN, 8, bytes(32))
THIRD = note.Signer(trails.ORIGIN, bytes(range(2, 34)))


def vouched(signer: note.Signer = SIGNER, head: Checkpoint = HEAD) -> bytes:
    return file_checkpoint.vouch(head, b"content", signer).encode()


def rotated(old: note.Signer, new: note.Signer, index: int) -> str:
    rotation = Rotation.between(old, new, index=index, previous=bytes(32))
    return rotation.signed(old, new).note


def test_what_was_vouched_for_is_confirmed():
    history = file_checkpoint.trust((), vouched(), TRUST, "the list")
    assert file_checkpoint.confirm(history, vouched(), b"content", "it") == HEAD


@pytest.mark.parametrize("content", [b"", b"Content", b"content "])
def test_other_bytes_are_not(content):
    history = file_checkpoint.trust((), vouched(), TRUST, "the list")
    with pytest.raises(Finding, match="it is not what was signed"):
        file_checkpoint.confirm(history, vouched(), content, "it")


def test_a_checkpoint_of_the_log_itself_vouches_for_no_file():
    history = file_checkpoint.trust((), vouched(), TRUST, "the list")
    with pytest.raises(Finding, match="is not what was signed"):
        file_checkpoint.confirm(history, note.sign(str(HEAD), SIGNER).encode(), b"content", "it")


def test_a_key_nobody_trusts_is_named():
    with pytest.raises(Finding, match="the list is signed by") as told:
        file_checkpoint.trust((), vouched(OTHER), TRUST, "the list")
    assert told.value.verdict is Verdict.UNTRUSTED_KEY
    assert OTHER.verifier.key_id.hex() in str(told.value)


@pytest.mark.parametrize("signer", [SIGNER, OTHER, THIRD])
def test_along_its_changes_any_key_leads_to_the_newest(signer):
    changes = (rotated(SIGNER, OTHER, 3), rotated(OTHER, THIRD, 5))
    given = Trust((signer.verifier,), "--key")
    history = file_checkpoint.trust(changes, vouched(THIRD), given, "the list")
    assert file_checkpoint.confirm(history, vouched(THIRD), b"content", "it") == HEAD
    with pytest.raises(Finding):
        file_checkpoint.confirm(history, vouched(SIGNER), b"content", "it")


def test_changes_of_key_must_follow_each_other():
    changes = (rotated(SIGNER, OTHER, 3), rotated(SIGNER, THIRD, 5))
    with pytest.raises(Finding, match="do not follow each other"):
        file_checkpoint.trust(changes, vouched(THIRD), TRUST, "the list")


@pytest.mark.parametrize("text", [b"", b"junk", b"\xff\xfe"])
def test_what_is_no_note_is_a_finding(text):
    with pytest.raises(Finding, match="the signature of the list"):
        file_checkpoint.trust((), text, TRUST, "the list")


def test_only_what_the_key_has_signed_is_a_head_to_vouch_for():
    assert file_checkpoint.head(note.sign(str(HEAD), SIGNER), SIGNER) == HEAD
    with pytest.raises(UsageError, match="has not signed its newest checkpoint"):
        file_checkpoint.head(note.sign(str(HEAD), OTHER), SIGNER)
