"""A log that asks for a cosignature: honest witnesses, and others."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import witnessing
from apitrail.evidence.witness import submission
from apitrail.evidence.witness.asking import Answered
from apitrail.evidence.witness.submission import ConflictError, Head, RefusedError, submit
from apitrail.evidence.witness.witness import Witness
from apitrail.tlog import add_checkpoint, merkle, note
from apitrail.tlog.cosignature import Cosigner
from apitrail.tlog.mldsa_cosignature import parse_verifier
from apitrail.tlog.policy import PolicyWitness
from tlog import logs

LIAR = Cosigner("liar.example", bytes(32))
NOW = 2_000_000_000


def prove(old: int, new: int) -> list[bytes]:
    return merkle.prove_consistency(old, new, logs.reader(new))


def of(witness: Witness, key: int = 0) -> PolicyWitness:
    return PolicyWitness("w", parse_verifier(witness.vkeys[key]))


def asked(
    size: int, witness: PolicyWitness, post: submission.Post, *, old: int = 0
) -> note.Signature:
    head = Head.of(logs.signed_head(size))
    return submit(head, witness, old=old, post=post, prove=prove, now=NOW)


def through(witness: Witness) -> submission.Post:
    def post(body: bytes) -> Answered:
        answer = witness.add(body)
        return Answered(answer.status, answer.kind, answer.body.encode())

    return post


@pytest.mark.parametrize("key", [0, 1])
@pytest.mark.parametrize("old", [0, 5, 300, 301, 10**9])
def test_whatever_was_known_before_the_newest_head_is_cosigned(
    tmp_path: Path, key: int, old: int
) -> None:
    with closing(witnessing.opened(tmp_path)) as witness:
        witness.add(witnessing.request(0, 300))
        line = asked(700, of(witness, key), through(witness), old=old)
        signed = note.Note.parse(logs.signed_head(700))
        assert of(witness, key).verifier.verify(signed.text.encode(), line.data)
        # The same head once more is no conflict.
        asked(700, of(witness), through(witness), old=700)


def test_a_witness_that_has_seen_more_is_believed(tmp_path: Path) -> None:
    with closing(witnessing.opened(tmp_path)) as witness:
        witness.add(witnessing.request(0, 300))
        with pytest.raises(
            ConflictError, match="w has seen 300 entries of this log, which has 200"
        ):
            asked(200, of(witness), through(witness))


@pytest.mark.parametrize(
    ("size", "problem"),
    [(300, "422: it has seen another history"), (301, "422: it has seen another history")],
)
def test_a_rewritten_log_is_refused(tmp_path: Path, size: int, problem: str) -> None:
    with closing(witnessing.opened(tmp_path)) as witness:
        witness.add(witnessing.forged(0, 300))
        with pytest.raises(ConflictError, match=problem):
            asked(size, of(witness), through(witness))


def test_a_witness_of_version_1_0_answers_409_to_another_tree_of_its_size() -> None:
    witness = PolicyWitness("w", LIAR.verifier)
    with pytest.raises(ConflictError, match="has seen another log of 300 entries"):
        asked(300, witness, lambda _: Answered(409, add_checkpoint.SIZE_TYPE, b"300\n"), old=300)


def signed_by(cosigner: Cosigner, text: str, time: int = 1) -> bytes:
    return f"{cosigner.cosign(text, time=time)}\n".encode()


HEAD = note.Note.parse(logs.signed_head(300)).text
OTHER = note.Note.parse(logs.signed_head(299)).text


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, b"", "malformed"),
        (200, b"hello\n", "malformed"),
        (200, signed_by(Cosigner("stranger", bytes(32)), HEAD), "no trusted key has signed"),
        (200, signed_by(LIAR, OTHER), "has not signed what it was sent"),
        (200, signed_by(LIAR, HEAD, 0), "liar says no time"),
        (200, signed_by(LIAR, HEAD, NOW + 61), "the clock of liar is 61 s ahead of ours"),
        (200, signed_by(LIAR, HEAD, 2**63 - 1), "s ahead of ours"),
        (409, b"", "malformed"),
        (409, b"-3\n", "malformed"),
        (409, b"7\n", "409 again and again"),
        (400, b"", "takes the request for malformed"),
        (403, b"", "does not trust the key"),
        (404, b"", "does not know this log"),
        (302, b"", "302: no status of a witness"),
        (503, b"", "503: no status of a witness"),
    ],
)
def test_a_witness_that_lies_or_refuses_is_named(status: int, body: bytes, problem: str) -> None:
    witness = PolicyWitness("liar", LIAR.verifier)
    with pytest.raises(RefusedError, match=problem):
        asked(300, witness, lambda _: Answered(status, "text/plain", body))


def test_lines_of_other_keys_beside_its_own_are_ignored() -> None:
    body = signed_by(Cosigner("stranger", bytes(32)), HEAD) + signed_by(LIAR, HEAD)
    line = asked(300, PolicyWitness("w", LIAR.verifier), lambda _: Answered(200, "", body))
    assert line.name == "liar.example"


def test_clocks_may_differ_by_a_minute() -> None:
    body = signed_by(LIAR, HEAD, NOW + 60)
    asked(300, PolicyWitness("w", LIAR.verifier), lambda _: Answered(200, "", body))


def test_a_witness_that_answers_409_for_ever_is_asked_three_times() -> None:
    bodies: list[bytes] = []

    def conflict(count: Callable[[], int]) -> submission.Post:
        def post(body: bytes) -> Answered:
            bodies.append(body)
            return Answered(409, add_checkpoint.SIZE_TYPE, f"{count()}\n".encode())

        return post

    with pytest.raises(RefusedError, match="again and again"):
        asked(300, PolicyWitness("w", LIAR.verifier), conflict(lambda: 10 + len(bodies)))
    assert [body.split(b"\n")[0] for body in bodies] == [b"old 0", b"old 11", b"old 12"]
