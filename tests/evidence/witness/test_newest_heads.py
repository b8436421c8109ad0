"""What witnesses say of a log when they are asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.responses import Response

import witnessing
from apitrail.evidence.witness.newest_heads import NewestHead, ask_all
from apitrail.tlog import note
from apitrail.tlog.cosignature import Cosigner
from apitrail.tlog.policy import Policy
from tlog import logs

LIAR = Cosigner("c.example", b"k" * 32)


def policy(*lines: str) -> Policy:
    return Policy.parse("\n".join([*lines, "quorum none", ""]).encode())


def test_each_answers_with_its_newest_head_in_the_policy_s_order(tmp_path: Path) -> None:
    with witnessing.witness(tmp_path) as (ours, url):
        ours.add(witnessing.request(0, 300))
        found = list(
            ask_all(
                policy(
                    f"witness nobody {witnessing.vkey('x.example')} http://127.0.0.1:1/",
                    f"witness quiet {ours.vkeys[0]}",
                    f"witness w {ours.vkeys[1]} {url}",
                ),
                logs.ORIGIN,
            )
        )
    assert [each.witness for each in found] == ["nobody", "quiet", "w"]
    assert "did not answer" in str(found[0].problem)
    assert found[1].problem == "quiet was not asked: the policy has no URL for it"
    text = note.Note.parse(str(found[2].note)).text
    assert text == note.Note.parse(logs.signed_head(300)).text


def test_of_a_log_that_it_does_not_know_it_has_seen_nothing(tmp_path: Path) -> None:
    with witnessing.witness(tmp_path) as (ours, url):
        found = list(ask_all(policy(f"witness w {ours.vkeys[0]} {url}"), "example.org/other"))
    assert found == [NewestHead("w", problem="w has seen nothing of this log")]


HEAD = note.Note.parse(logs.signed_head(300))
COSIGNED = str(note.Note(HEAD.text, (*HEAD.signatures, LIAR.cosign(HEAD.text, time=1))))


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (500, b"", "c answers 500"),
        (200, b"hello", "the answer of c is none: malformed note"),
        (200, b"\xff", "the answer of c is none"),
        (200, logs.signed_head(300).encode(), "no trusted key has signed this"),
        (200, COSIGNED.replace("\n300\n", "\n301\n").encode(), "is not good"),
    ],
)
def test_a_witness_that_lies_is_named(status: int, body: bytes, problem: str) -> None:
    with witnessing.serving(Response(body, status)) as url:
        [found] = ask_all(policy(f"witness c {LIAR.verifier} {url}"), logs.ORIGIN)
    assert found.note is None
    assert problem in str(found.problem)


def test_a_head_of_another_log_is_no_answer() -> None:
    with witnessing.serving(Response(COSIGNED)) as url:
        [found] = ask_all(policy(f"witness c {LIAR.verifier} {url}"), "example.org/other")
    assert found.problem == "c answers for another log"
