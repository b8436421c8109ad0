"""A policy in a file: read, or refused with its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.errors import UsageError
from apitrail.evidence.witness import policy_file


def test_a_policy_is_read(tmp_path: Path) -> None:
    (tmp_path / "policy").write_text("quorum none\n")
    assert policy_file.read(tmp_path / "policy").quorum == "none"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot read the policy '.*gone': No such file"),
        (b"x\n", "'.*gone': policy, line 1: not a log"),
    ],
)
def test_what_cannot_be_one_is_refused(tmp_path: Path, content: bytes | None, problem: str) -> None:
    path = tmp_path / "gone"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=problem):
        policy_file.read(path)
    with pytest.raises(UsageError, match="cannot read the policy"):
        policy_file.read(tmp_path)
