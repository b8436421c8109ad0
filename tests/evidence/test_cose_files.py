"""`verify` on COSE Receipts: one file, or a directory of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import trails
from apitrail.delivery import cose_directory
from apitrail.errors import UsageError
from apitrail.evidence import cose_files
from apitrail.evidence.verify import Report, Trust, Verdict
from apitrail.tlog.cosignature import Cosigner
from apitrail.tlog.note import Note
from apitrail.tlog.policy import Policy
from apitrail.trail.anchor import COSIGNATURE, Anchor
from apitrail.trail.reader import Reader
from apitrail.trail.writer import Trail

WITNESS = Cosigner("w.example", b"w" * 32)
POLICY = Policy.parse(f"witness w {WITNESS.verifier}\nquorum w\n".encode())
JUDGED = replace(trails.TRUST, policy=POLICY)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Receipts of three of nine calls; a witness has seen the newest head."""

    async def work(trail: Trail) -> None:
        await trails.append_all(trail, [trails.draft(number) for number in range(9)])
        assert trail.newest is not None
        line = WITNESS.cosign(Note.parse(trail.newest).text, time=trails.T0 // 1000)
        found = Anchor(9, COSIGNATURE, f"{line.name}+{line.key_id.hex()}", str(line).encode())
        await trail.anchor(9, trail.newest, [found])

    directory = tmp_path_factory.mktemp("cose")
    trails.write(directory / "trail", work)
    with Reader(directory / "trail") as source:
        cose_directory.write(source, [0, 4, 8], directory / "out", signer=trails.SIGNER, issued=1)
    return directory / "out"


@pytest.fixture
def out(pristine: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "out"
    copy.mkdir()
    for path in pristine.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    return copy


def judged(path: Path, trust: Trust = trails.TRUST) -> Report:
    return cose_files.verify_files(cose_files.receipts(path), trust, step=lambda _: None)


def test_a_receipt_and_its_entry_need_nothing_else(out: Path) -> None:
    for name in ("checkpoint", "log.pem", "log.cosekey", "0.cose", "8.leaf"):
        (out / name).unlink()
    report = judged(out / "4.cose")
    assert report.verdict is Verdict.OK
    assert report.message.startswith("entry 4, api at 2026-11-")
    assert report.message.endswith(" is in a log of 9 entries")
    assert (report.index, report.entries, report.origin) == (4, 9, trails.ORIGIN)


def test_all_of_a_directory(out: Path) -> None:
    report = judged(out)
    assert report.verdict is Verdict.OK
    assert report.message == "3 receipts hold, of entries 0 to 8 of a log of 9 entries"
    assert report.calls == 3
    (out / "4.leaf").write_bytes((out / "8.leaf").read_bytes())
    report = judged(out)
    assert report.verdict is Verdict.TAMPERED
    assert report.message.startswith("4.cose: leaf 4 is not what the tree of 9 holds there")


def test_the_entry_must_be_there(out: Path) -> None:
    (out / "4.leaf").unlink()
    with pytest.raises(UsageError, match=r"cannot read '.*4\.leaf'"):
        judged(out / "4.cose")


def test_another_key_is_not_trusted(out: Path) -> None:
    report = judged(out / "4.cose", Trust((trails.OTHER.verifier,), "--key"))
    assert report.verdict is Verdict.UNTRUSTED_KEY


@pytest.mark.parametrize("change", [
    lambda data: data[:-1],
    lambda data: data + b"\x00",
    lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    lambda data: data.replace(b"log#4", b"log#5"),
])  # fmt: skip
def test_an_altered_receipt_does_not_hold(out: Path, change: Callable[[bytes], bytes]) -> None:
    path = out / "4.cose"
    path.write_bytes(change(path.read_bytes()))
    assert judged(path).verdict is Verdict.TAMPERED


def test_witnesses_are_those_of_the_head_beside_it(out: Path) -> None:
    report = judged(out / "4.cose", JUDGED)
    assert report.message.endswith("; it cannot be rewritten unless the witness w lies")
    assert judged(out, JUDGED).message.endswith(
        "; they cannot be rewritten unless the witness w lies"
    )
    path = out / "checkpoint"
    signed = path.read_text()
    path.write_text("".join(line for line in signed.splitlines(True) if "w.example" not in line))
    assert judged(out / "4.cose", JUDGED).verdict is Verdict.UNWITNESSED
    path.write_text(signed.replace("\n9\n", "\n8\n"))
    assert judged(out / "4.cose", JUDGED).verdict is Verdict.TAMPERED
    path.unlink()
    assert judged(out / "4.cose", JUDGED).verdict is Verdict.UNWITNESSED


def test_receipts_are_under_the_head_that_most_witnesses_have_signed(
    pristine: Path, tmp_path: Path
) -> None:
    trail, out = tmp_path / "trail", tmp_path / "out"
    shutil.copytree(pristine.with_name("trail"), trail)
    trails.write(trail, lambda opened: opened.append(trails.draft(9)))
    for index, size in ((8, 9), (9, 10)):
        with Reader(trail) as source:
            cose_directory.write(source, [index], out, signer=trails.SIGNER, issued=1)
        report = judged(out, JUDGED if index == 8 else trails.TRUST)
        assert (report.verdict, report.entries) == (Verdict.OK, size)
        shutil.rmtree(out)


def test_a_head_of_another_size_is_no_witness_of_this_one(out: Path, tmp_path: Path) -> None:
    trails.write(tmp_path / "trail", lambda trail: trail.append(trails.draft(1)))
    with Reader(tmp_path / "trail") as source:
        (out / "checkpoint").write_text(str(source.tail()))
    report = judged(out / "4.cose", JUDGED)
    assert report.verdict is Verdict.TAMPERED
    assert report.message == "'checkpoint' is of another head than the receipt"


def test_what_is_no_receipt_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"PK\x03\x04")
    assert cose_files.receipts(tmp_path / "file") == []
    assert cose_files.receipts(tmp_path / "nothing") == []
    assert cose_files.receipts(tmp_path) == []
    (tmp_path / "log.cosekey").write_bytes(b"")
    with pytest.raises(UsageError, match="there is no receipt in"):
        cose_files.receipts(tmp_path)
