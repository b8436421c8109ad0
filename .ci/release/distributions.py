"""The wheel and the source distribution, which the wheel is built of."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_BIN = Path(sys.executable).parent
# Tools of a release alone, in an environment of their own.
TOOLS = Path(__file__).parents[2] / ".venv-release" / "bin"


def build(source: Path, target: Path) -> tuple[Path, Path]:
    """Build both in an isolated environment, as installers do; gives the sdist and the wheel."""
    uv("build", "--quiet", "--no-create-gitignore", "--python", sys.executable, "--out-dir", str(target), str(source))  # fmt: skip
    [sdist], [wheel] = target.glob("apitrail-*.tar.gz"), target.glob("apitrail-*.whl")
    return sdist, wheel


def check(files: Sequence[Path]) -> None:
    """What a package index would refuse or warn of ends it."""
    done = subprocess.run([TOOLS / "twine", "check", "--strict", *files], capture_output=True, text=True, check=False)  # fmt: skip
    if done.returncode:
        sys.exit(f"twine check: {done.stdout}{done.stderr}")


def uv(*arguments: str) -> None:
    """Run uv."""
    subprocess.run([_BIN / "uv", *arguments], check=True)
