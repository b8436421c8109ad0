"""Programs of others that want other versions than our lock, each in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BIN = Path(sys.executable).parent


def install(factory: pytest.TempPathFactory, *packages: str) -> Path:
    """The directory with the programs of a new environment; a skip where it cannot be made."""
    name = packages[0].partition("==")[0]
    home = factory.mktemp(name)
    python = home / "venv" / "bin" / "python"
    environment = {**os.environ, "UV_CACHE_DIR": str(home / "cache")}
    for command in (
        ["uv", "venv", "--quiet", "--python", sys.executable, str(home / "venv")],
        ["uv", "pip", "install", "--quiet", "--python", str(python), *packages],
    ):
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            capture_output=True, text=True, timeout=110, check=False, env=environment,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"{name} cannot be installed here: {done.stderr[-200:]}")
    return python.parent
