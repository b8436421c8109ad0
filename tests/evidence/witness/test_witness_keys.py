"""The private keys of a witness."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.errors import UsageError
from apitrail.evidence.witness import witness_keys
from apitrail.tlog import note


def test_the_keys_that_were_made_are_read(tmp_path: Path) -> None:
    made = witness_keys.make(tmp_path, "w.example/x")
    assert witness_keys.read(tmp_path) == made
    assert witness_keys.read(tmp_path, "w.example/x") == made
    assert (tmp_path / witness_keys.FILE).stat().st_mode & 0o777 == 0o600
    assert made[0].verifier.public_key != made[1].verifier.public_key


def test_a_witness_keeps_its_name(tmp_path: Path) -> None:
    witness_keys.make(tmp_path, "a.example")
    with pytest.raises(UsageError, match=r"is called 'a\.example', not 'b\.example'"):
        witness_keys.read(tmp_path, "b.example")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "x" * 256])
def test_a_name_that_no_key_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        witness_keys.make(tmp_path, name)
    assert not (tmp_path / witness_keys.FILE).exists()


def test_the_default_name_is_one(tmp_path: Path) -> None:
    name = witness_keys.default_name()
    note.check_name(name)
    assert "/witness/" in name
    assert "://" not in name
    assert name != witness_keys.default_name()
    witness_keys.make(tmp_path, name)


@pytest.mark.parametrize(
    "content", [b"", b"junk\n", b"a\nb\n", b"PRIVATE+KEY+a+00+AA==\nb\n", b"\xff\n\xff\n"]
)
def test_a_damaged_file_is_told_and_its_content_is_not(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / witness_keys.FILE
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(UsageError, match=r"does not hold a witness's keys$"):
        witness_keys.read(tmp_path)


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    witness_keys.make(tmp_path, "w")
    (tmp_path / witness_keys.FILE).chmod(0o644)
    with pytest.raises(UsageError, match="can be read by others"):
        witness_keys.read(tmp_path)
