"""Somebody else's tests, that the plugin records."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from machine import TIMEOUT


@dataclass(frozen=True)
class Suite:
    """Somebody's tests, and how they are run."""

    directory: Path
    environment: Mapping[str, str]

    def write(self, name: str, text: str) -> None:
        """A file of it."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, *options: str, status: int = 0, **environment: str) -> str:
        """Run pytest; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
            cwd=self.directory, env={**self.environment, **environment},
            capture_output=True, text=True, timeout=TIMEOUT, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def apitrail(self, *arguments: str) -> str:
        """Run `apitrail`; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "apitrail", *arguments], cwd=self.directory,
            env=dict(self.environment), capture_output=True, text=True, timeout=TIMEOUT, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def bundles(self) -> list[Path]:
        """The bundles of its sessions, oldest first."""
        return sorted(self.directory.glob(".apitrail/*.zip"))


def bundle_of(said: str) -> str:
    """The bundle that a session names at its end."""
    found = re.search(r"failed: (.+\.zip)$", said, re.MULTILINE)
    assert found is not None, said
    return found[1]
