"""A fork, shown to a third person."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import trails
from apitrail.errors import FormatError, VerificationError
from apitrail.evidence import misbehaviour
from apitrail.evidence.bundle import Bundle
from apitrail.evidence.misbehaviour import Misbehaviour
from apitrail.evidence.verify import Trust, Verdict
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail.audit import Audit
from evidence.bundle import evidence

KEYS = [trails.SIGNER.verifier]


def tail(trail: Path) -> str:
    with Audit(trail) as audit:
        return str(audit.tail())


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two histories that one key has signed, of 13 and of 307 entries."""
    folder = tmp_path_factory.mktemp("fork")
    return trails.make(folder / "a", 9), trails.make(folder / "b", 303)


def shown(two: tuple[Path, Path]) -> Misbehaviour:
    found = misbehaviour.of_trail(two[1], tail(two[0]))
    assert found is not None
    return found


def test_two_histories_of_one_key_are_shown(two: tuple[Path, Path], tmp_path: Path) -> None:
    found = shown(two)
    assert Misbehaviour.parse(str(found).encode()) == found
    smaller, larger = found.check(KEYS)
    assert (smaller.size, larger.size) == (13, 307)
    path = tmp_path / "fork.json"
    path.write_text(str(found))
    assert misbehaviour.is_misbehaviour(path)
    report = misbehaviour.verify_file(path, trails.TRUST, step=lambda _: None)
    assert report.verdict is Verdict.OK
    assert "has signed two histories: one of 13 entries, and one of 307 whose first 13" in str(
        report
    )
    stranger = Trust((trails.OTHER.verifier,), "--key")
    assert misbehaviour.verify_file(path, stranger, step=print).verdict is Verdict.UNTRUSTED_KEY


def test_two_of_one_size_need_no_proof(tmp_path: Path) -> None:
    a, b = trails.make(tmp_path / "a", 5), trails.make(tmp_path / "b", 5)
    found = misbehaviour.of_trail(a, tail(b))
    assert found is not None
    assert found.proof == ()
    found.check(KEYS)


def test_a_log_that_grew_shows_nothing(two: tuple[Path, Path]) -> None:
    with Audit(two[1]) as audit:
        kept = [text for _, text in audit.checkpoints()]
    for text in (*kept, tail(two[1])):
        assert misbehaviour.of_trail(two[1], text) is None


def test_a_log_that_is_shorter_shows_nothing(two: tuple[Path, Path]) -> None:
    assert misbehaviour.of_trail(two[0], tail(two[1])) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda found: replace(found, root=bytes(32)),
        lambda found: replace(found, proof=found.proof[1:]),
        lambda found: replace(found, smaller=found.larger, larger=found.smaller),
        lambda found: replace(found, smaller=found.larger),
        lambda found: replace(found, smaller=found.smaller.replace("\n13\n", "\n14\n")),
        lambda found: replace(
            found, larger=note.sign("example.com/log\n307\n" + "A" * 43 + "=\n", trails.OTHER)
        ),
    ],
)
def test_a_log_is_not_accused_by_what_does_not_show_it(
    two: tuple[Path, Path], change: Callable[[Misbehaviour], Misbehaviour]
) -> None:
    with pytest.raises((VerificationError, FormatError)):
        change(shown(two)).check(KEYS)


def test_an_honest_log_cannot_be_accused(two: tuple[Path, Path]) -> None:
    with Audit(two[1]) as audit:
        text = next(text for size, text in audit.checkpoints() if size < audit.size)
        size = Checkpoint.unverified(text).size
        proof = tuple(audit.consistency(size, audit.size))
        honest = Misbehaviour(text, str(audit.tail()), audit.root_at(size), proof)
    with pytest.raises(VerificationError, match="of one tree: there is no misbehaviour"):
        honest.check(KEYS)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"\xff", b'{"format": "apitrail.misbehaviour@v1"}', b"[" * 9000]
)
def test_junk_is_malformed(data: bytes) -> None:
    with pytest.raises(FormatError):
        Misbehaviour.parse(data)


def test_types_are_held_to(two: tuple[Path, Path]) -> None:
    said = json.loads(str(shown(two)))
    for name in said:
        with pytest.raises(FormatError):
            Misbehaviour.parse(json.dumps(said | {name: 7}).encode())


def test_a_bundle_shows_it_by_a_checkpoint_of_the_same_size(tmp_path: Path) -> None:
    signer = evidence.morning().write(tmp_path / "a")
    path = tmp_path / "b.zip"
    path.write_bytes(evidence.bundle_of(tmp_path / "a", evidence.job(tmp_path / "a")))
    with Bundle.open(path) as bundle:
        lie = note.sign(f"{bundle.checkpoint.origin}\n{bundle.size}\n{'A' * 43}=\n", signer)
        found = misbehaviour.of_bundle(bundle, lie)
        assert found is not None
        found.check([signer.verifier])
        assert misbehaviour.of_bundle(bundle, bundle.checkpoint_note) is None
