"""The configuration file: what it says, and what is told where it cannot be used."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from apitrail.errors import UsageError
from apitrail.recording.config_file import Configuration, Signatures

KEYRING = '[signatures]\nverify = true\nkeyring = "keys.toml"\nprofiles = false\n'


def read(path: Path, text: str) -> Configuration:
    path.write_text(text)
    return Configuration.read(path)


def test_a_file_that_is_not_there_says_nothing_unless_it_was_named(tmp_path: Path) -> None:
    found = Configuration.read(tmp_path / "none.toml")
    assert (found.identities, found.signatures, found.sha256) == ({}, Signatures(), None)
    with pytest.raises(UsageError, match="no configuration at"):
        Configuration.read(tmp_path / "none.toml", must=True)


def test_the_keyring_lies_beside_the_file_whose_digest_is_told(tmp_path: Path) -> None:
    found = read(tmp_path / "config.toml", KEYRING)
    keyring = tmp_path / "keys.toml"
    assert found.signatures == Signatures(verify=True, keyring=keyring, profiles=False)
    assert found.sha256 == hashlib.sha256(KEYRING.encode()).hexdigest()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nonsense", "is not TOML"),
        ("[colour]\n", "unknown setting 'colour'"),
        ("identities = 1\n", "identities is not a table"),
        ("signatures = 1\n", "signatures is not a table"),
        ("[signatures]\nveryfy = true\n", "signatures: unknown field 'veryfy'"),
        ("[signatures]\nverify = 1\n", "signatures.verify cannot be 1"),
    ],
)
def test_what_is_not_understood_is_told_with_the_file(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError) as error:
        read(tmp_path / "config.toml", text)
    assert told in str(error.value)
    assert "config.toml" in str(error.value)
