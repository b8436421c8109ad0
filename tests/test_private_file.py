"""Secrets are read from files that nobody else may read."""

from __future__ import annotations

import pytest

from apitrail import private_file
from apitrail.errors import UsageError


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_the_owners_file_is_read(tmp_path, mode):
    path = tmp_path / "key"
    path.write_bytes(b"secret")
    path.chmod(mode)
    assert private_file.read(path) == b"secret"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o610])
def test_a_file_that_others_may_open_is_refused(tmp_path, mode):
    path = tmp_path / "key"
    path.write_bytes(b"secret")
    path.chmod(mode)
    with pytest.raises(
        UsageError, match=rf"the key can be read by others \(mode {mode:04o}\)"
    ) as told:
        private_file.read(path, "the key")
    assert told.value.hint == f"chmod 600 {path}"


def test_a_file_that_is_not_there_is_named_with_what_to_do(tmp_path):
    with pytest.raises(UsageError, match=r"cannot read .*key.: No such file") as told:
        private_file.read(tmp_path / "key", hint="make one")
    assert told.value.hint == "make one"
