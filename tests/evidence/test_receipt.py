"""Receipts: the proof of one call, for whoever made it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import trails
from apitrail.evidence import receipt
from apitrail.evidence.verify import Report, Trust, Verdict
from apitrail.tlog import merkle
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.cosignature import Cosigner
from apitrail.tlog.note import Note
from apitrail.tlog.policy import Policy
from apitrail.tlog.proof import Proof
from apitrail.trail.anchor import COSIGNATURE, Anchor
from apitrail.trail.reader import Reader
from apitrail.trail.writer import Trail

WITNESS = Cosigner("w.example", b"w" * 32)
POLICY = Policy.parse(f"witness w {WITNESS.verifier}\nquorum w\n".encode())


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 calls, of which a witness has seen the first 270."""

    async def work(trail: Trail) -> None:
        await trails.append_all(trail, [trails.draft(number) for number in range(270)])
        assert trail.newest is not None
        line = WITNESS.cosign(Note.parse(trail.newest).text, time=trails.T0 // 1000)
        found = Anchor(270, COSIGNATURE, f"{line.name}+{line.key_id.hex()}", str(line).encode())
        await trail.anchor(270, trail.newest, [found])
        await trails.append_all(trail, [trails.draft(number) for number in range(270, 300)])

    directory = tmp_path_factory.mktemp("receipts") / "trail"
    trails.write(directory, work)
    return directory


def proof(trail: Path, index: int) -> Proof:
    found = receipt.of_trail(trail, index)
    assert found is not None
    return found


def judged(found: Proof | str, folder: Path, trust: Trust = trails.TRUST) -> Report:
    path = folder / "receipt.tlog-proof"
    path.write_text(str(found))
    assert receipt.is_receipt(path)
    return receipt.verify_file(path, trust, step=lambda _: None)


@pytest.mark.parametrize("index", [0, 1, 255, 256, 269, 270, 299])
def test_a_receipt_holds_by_itself(trail: Path, tmp_path: Path, index: int) -> None:
    found = proof(trail, index)
    assert found.extra is not None
    head = found.check(merkle.leaf_hash(found.extra), [trails.SIGNER.verifier])
    assert head.size == (270 if index < 270 else 300)
    report = judged(found, tmp_path)
    assert report.verdict is Verdict.OK
    assert report.message.startswith(f"entry {index}, api at ")
    with Reader(trail) as reader:
        assert [found.extra] == list(reader.entries(index, index + 1))


@pytest.mark.parametrize("index", [-1, 300, 10**12])
def test_of_what_is_not_there_is_none(trail: Path, index: int) -> None:
    assert receipt.of_trail(trail, index) is None


def test_it_brings_the_cosignatures_of_its_head(trail: Path, tmp_path: Path) -> None:
    trust = replace(trails.TRUST, policy=POLICY)
    report = judged(proof(trail, 7), tmp_path, trust)
    assert report.message.endswith("; it cannot be rewritten unless the witness w lies")
    assert judged(proof(trail, 280), tmp_path, trust).verdict is Verdict.UNWITNESSED


def test_it_is_under_the_head_that_most_witnesses_have_signed(tmp_path: Path) -> None:
    """The newest one may have been signed by one alone: others were away, or late."""

    async def work(trail: Trail) -> None:
        for who in ("ab", "abc", "a", "a"):
            await trail.append(trails.draft(trail.size))
            assert trail.newest is not None
            text = Note.parse(trail.newest).text
            lines = [Cosigner(f"{name}.example", b"w" * 32).cosign(text, time=1) for name in who]
            found = [
                Anchor(
                    trail.size, COSIGNATURE, f"{line.name}+{line.key_id.hex()}", str(line).encode()
                )
                for line in lines
            ]
            await trail.anchor(trail.size, trail.newest, found)

    trails.write(tmp_path / "trail", work)
    sizes = [
        Checkpoint.unverified(proof(tmp_path / "trail", at).checkpoint_note).size for at in range(4)
    ]
    assert sizes == [2, 2, 4, 4]


def test_its_checkpoint_is_an_older_head_of_the_log(trail: Path) -> None:
    found = proof(trail, 7)
    assert receipt.checkpoint_of(str(found)) == found.checkpoint_note
    assert receipt.checkpoint_of(found.checkpoint_note) == found.checkpoint_note


def test_another_key_is_not_trusted(trail: Path, tmp_path: Path) -> None:
    trust = Trust((trails.OTHER.verifier,), "--key")
    assert judged(proof(trail, 7), tmp_path, trust).verdict is Verdict.UNTRUSTED_KEY


@pytest.mark.parametrize(
    "change",
    [
        lambda found: replace(found, index=found.index + 1),
        lambda found: replace(found, extra=None),
        lambda found: replace(found, extra=found.extra + b" "),
        lambda found: replace(found, extra=found.extra.replace(b'"i":7', b'"i":8')),
        lambda found: replace(found, hashes=found.hashes[:-1]),
        lambda found: replace(found, hashes=(bytes(32), *found.hashes[1:])),
        lambda found: replace(
            found, checkpoint_note=found.checkpoint_note.replace("\n270\n", "\n271\n")
        ),
    ],
)
def test_an_altered_receipt_does_not_hold(
    trail: Path, tmp_path: Path, change: Callable[[Proof], Proof]
) -> None:
    assert judged(change(proof(trail, 7)), tmp_path).verdict is Verdict.TAMPERED


def test_no_flipped_byte_passes(trail: Path, tmp_path: Path) -> None:
    text = str(proof(trail, 7)).partition("— w.example")[0]  # a witness's line may be anybody's
    data = text.encode()
    for at in range(24, len(data), 7):
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        report = judged(flipped.decode("utf-8", "replace"), tmp_path)
        assert not report.holds, (at, flipped)


def test_it_is_what_other_programs_read(trail: Path) -> None:
    found = Proof.parse(str(proof(trail, 3)))
    head = Checkpoint.parse(Note.parse(found.checkpoint_note).text)
    assert (head.origin, head.size, found.index) == (trails.ORIGIN, 270, 3)
