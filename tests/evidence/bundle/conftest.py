"""All judges at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.bundle import judges
from evidence.bundle.edits import Case
from evidence.bundle.judges import Standalone


@pytest.fixture
def judge(case: Case, standalone: Standalone, tmp_path: Path) -> Callable[[bytes], tuple[str, str]]:
    """All verdicts on a zip's bytes, which must be one; and the package's message."""

    def judged(data: bytes) -> tuple[str, str]:
        path = tmp_path / "bundle.zip"
        path.write_bytes(data)
        report = judges.agreed(path, standalone, case.signer.verifier)
        return str(report.verdict), report.message

    return judged
