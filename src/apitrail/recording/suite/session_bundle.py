"""The bundle of a test session: its calls, and the proof that it made no others."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from apitrail.errors import UsageError
from apitrail.when import iso


def write(directory: Path, label: str, *, since: int) -> Path:
    """Write the calls of the runs with this label since then (Unix milliseconds); the bundle's path.

    Raises:
        UsageError: it cannot be written.
    """
    name = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    path = directory / f"{name}-{label.partition('=')[2]}.zip"
    done = subprocess.run(
        [
            sys.executable, "-m", "apitrail", "export", "--trail", str(directory / "trail"),
            "--label", label, "--since", iso(since), "--prove-complete", "-o", str(path),
        ],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        lines = [x for x in done.stderr.splitlines() if not x.startswith("hint: ")] or ["no reason"]
        raise UsageError(lines[-1].removeprefix("apitrail: "))
    return path
