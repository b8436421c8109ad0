"""Trust on first record, as ssh does with hosts."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from apitrail.errors import FormatError, UsageError
from apitrail.evidence.known_logs import FILE, KnownLogs, given
from apitrail.evidence.verify import Verdict
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from trails import OTHER, SIGNER, check, make


def signed(size: int, signer: note.Signer = SIGNER) -> str:
    return note.sign(str(Checkpoint(signer.name, size, bytes(32))), signer)


def test_what_is_trusted_is_known_again(tmp_path):
    KnownLogs(tmp_path).trust(SIGNER.verifier)
    assert KnownLogs(tmp_path).trusted().verifiers == (SIGNER.verifier,)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_another_key_for_a_known_log_is_refused(tmp_path):
    known = KnownLogs(tmp_path)
    known.trust(SIGNER.verifier)
    known.trust(SIGNER.verifier)
    with pytest.raises(UsageError, match="another key is known"):
        known.trust(OTHER.verifier)


def test_the_largest_checkpoint_seen_stays(tmp_path):
    known = KnownLogs(tmp_path)
    known.trust(SIGNER.verifier)
    for size in (5, 9, 7):
        known.saw(SIGNER.verifier, signed(size))
    assert known.seen(SIGNER.name) == (signed(9),)
    known.saw(SIGNER.verifier, signed(7), anew=True)
    assert known.seen(SIGNER.name) == (signed(7),)


def test_a_log_that_is_not_known_stays_unknown(tmp_path):
    known = KnownLogs(tmp_path)
    known.saw(SIGNER.verifier, signed(5))
    assert known.all() == []


def test_commands_at_the_same_time_lose_nothing(tmp_path):
    signers = [note.Signer(f"log{number}", bytes([number]) * 32) for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda s: KnownLogs(tmp_path).trust(s.verifier), signers))
    assert {log.origin for log in KnownLogs(tmp_path).all()} == {s.name for s in signers}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 99_999,
        b'{"a": 1}',
        b'{"a": {"key": "x", "checkpoint": null}}',
        json.dumps({"other": {"key": str(SIGNER.verifier), "checkpoint": None}}).encode(),
        json.dumps({SIGNER.name: {"key": str(SIGNER.verifier), "checkpoint": "x"}}).encode(),
    ],
)
def test_a_damaged_file_is_never_taken_for_an_empty_one(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(UsageError, match="known_logs"):
        KnownLogs(tmp_path).trusted()
    with pytest.raises(UsageError, match="known_logs"):
        KnownLogs(tmp_path).trust(SIGNER.verifier)


def test_what_is_written_of_other_logs_neither_hinders_nor_changes(tmp_path):
    known = KnownLogs(tmp_path)
    known.trust(SIGNER.verifier)
    document = json.loads((tmp_path / FILE).read_text())
    document["other"] = {"key": "damaged"}
    (tmp_path / FILE).write_text(json.dumps(document))
    known.saw(SIGNER.verifier, signed(5))
    assert known.seen(SIGNER.name) == (signed(5),)
    assert json.loads((tmp_path / FILE).read_text())["other"] == {"key": "damaged"}


def test_a_key_is_given_as_text_or_in_a_file(tmp_path):
    path = tmp_path / "log.vkey"
    path.write_text(f"{OTHER.verifier}\n")
    assert given([str(SIGNER.verifier), str(path)]).verifiers == (SIGNER.verifier, OTHER.verifier)
    with pytest.raises(FormatError):
        given(["hello"])


def test_verification_remembers_what_held_and_notices_less(tmp_path):
    known = KnownLogs(tmp_path / "config")
    trail = make(tmp_path / "trail", 4)
    assert check(trail, known.trusted()).verdict is Verdict.UNTRUSTED_KEY
    known.trust(SIGNER.verifier)
    report = check(trail, known.trusted())
    assert (report.verdict, report.trusted_by) == (Verdict.OK, "known_logs")
    known.remember(report)
    assert known.seen(SIGNER.name) == (report.checkpoint,)
    known.saw(SIGNER.verifier, signed(99))
    assert check(trail, known.trusted()).verdict is Verdict.TRUNCATED
    known.saw(SIGNER.verifier, signed(5), anew=True)
    assert check(trail, known.trusted()).verdict is Verdict.FORK


def test_what_did_not_hold_is_not_remembered(tmp_path):
    known = KnownLogs(tmp_path / "config")
    known.trust(SIGNER.verifier)
    trail = make(tmp_path / "trail", 4, close=False)
    report = check(trail, known.trusted(), now=10**15)
    assert report.verdict is Verdict.STALE
    known.remember(report)
    assert known.seen(SIGNER.name) == ()
