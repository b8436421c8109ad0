"""The environment of engines that are not ours, which `make lake` makes; where it is not, a test is skipped."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PYTHON = REPOSITORY / ".venv-engines" / "bin" / "python"


def require(*, java: bool = False) -> None:
    """Skip where the engines are not installed, or no JVM is."""
    if java and shutil.which("java") is None:
        pytest.skip("there is no JVM here")
    if not PYTHON.exists():
        pytest.skip("the engines are not installed here")
