"""`export --format cose`: a directory that needs nothing of ours to be checked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from scitt_cose import cli as scitt_cose

import trails
from apitrail.delivery import cose_directory
from apitrail.errors import UsageError
from apitrail.evidence.bundle import Bundle
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader
from evidence.bundle import evidence


@pytest.fixture
def trail(tmp_path: Path) -> Path:
    return trails.make(tmp_path / "trail", 12)


def write(trail: Path, out: Path, indexes: list[int]) -> int:
    with Reader(trail) as source:
        return cose_directory.write(source, indexes, out, signer=trails.SIGNER, issued=7)


def accepted(out: Path, index: int, leaf: bytes | None = None) -> bool:
    """What scitt-cose's command says, given the files and nothing else."""
    entry = (out / f"{index}.leaf").read_bytes() if leaf is None else leaf
    return scitt_cose.main([
        "--receipt", str(out / f"{index}.cose"), "--receipt-log-pubkey", str(out / "log.pem"),
        "--leaf-entry-hex", entry.hex(),
    ]) == 0  # fmt: skip


def test_a_foreign_verifier_accepts_each_receipt_and_no_edited_entry(
    trail: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "out"
    assert write(trail, out, [0, 7, 11]) == 3
    assert {path.name for path in out.iterdir()} == {
        *(f"{index}.{kind}" for index in (0, 7, 11) for kind in ("cose", "leaf")),
        "log.pem", "log.cosekey", "checkpoint",
    }  # fmt: skip
    assert all(accepted(out, index) for index in (0, 7, 11))
    leaf = (out / "7.leaf").read_bytes()
    assert not accepted(out, 7, leaf.replace(b'"k":"api"', b'"k":"run"'))
    assert not accepted(out, 7, (out / "0.leaf").read_bytes())


def test_something_that_is_there_is_left_alone(trail: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("mine")
    with pytest.raises(UsageError, match="is not a directory"):
        write(trail, tmp_path / "file", [0])
    with pytest.raises(UsageError, match="is not empty"):
        write(trail, tmp_path / "full", [0])
    assert (tmp_path / "full" / "mine").read_text() == (tmp_path / "file").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    assert write(trail, tmp_path / "empty", [0]) == 1


def test_the_key_signs_no_root_that_is_not_the_log_s(trail: Path, tmp_path: Path) -> None:
    with Reader(trail) as source, pytest.raises(UsageError, match="not by the log's key"):
        cose_directory.write(source, [0], tmp_path / "out", signer=trails.OTHER, issued=7)
    with trails.forge(trail) as database:
        database.execute("UPDATE entry SET data = CAST(data || ' ' AS BLOB) WHERE idx = 4")
    with pytest.raises(UsageError, match="leaf 0 is not what the tree of 16 holds there"):
        write(trail, tmp_path / "out", [0])
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def test_without_the_log_s_key_there_are_none(trail: Path, tmp_path: Path) -> None:
    with Reader(trail) as source, pytest.raises(UsageError, match="signed by the log's key"):
        cose_directory.signer(source, trail)
    assert not Keys.of(trail).exist
    path = tmp_path / "bundle.zip"
    path.write_bytes(evidence.bundle_of(trail, evidence.job(trail)))
    with Bundle.open(path) as bundle, pytest.raises(UsageError, match="signed by the log's key"):
        cose_directory.signer(bundle, trail)


def test_an_empty_trail_has_none(tmp_path: Path) -> None:
    trails.write(tmp_path / "trail", lambda trail: asyncio.sleep(0))
    with pytest.raises(UsageError, match="the trail is empty"):
        write(tmp_path / "trail", tmp_path / "out", [])
