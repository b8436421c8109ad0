"""The bill of materials: what an installation with every extra has, as CycloneDX.

The versions are those of requirements.lock, with which the tests ran.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from release import checkout
from release.distributions import TOOLS, uv

SPECIFICATION = "1.6"


def write(wheel: Path, source: Path, installed: Path) -> Path:
    """Install the wheel and write what came of it, held to the schema of CycloneDX."""
    python = installed / "bin" / "python"
    uv("venv", "--quiet", "--no-project", "--python", sys.executable, str(installed))
    uv("pip", "install", "--quiet", "--python", str(python), "--constraint", str(source / "requirements.lock"), f"apitrail[all] @ {wheel.absolute().as_uri()}")  # fmt: skip
    # Says in which directory of this machine the wheel lay.
    for told in installed.glob("lib/*/site-packages/apitrail-*.dist-info/direct_url.json"):
        told.unlink()
    about = installed / "pyproject.toml"
    about.write_text(_with_version(source), "utf-8")
    target = wheel.with_name(f"{'-'.join(wheel.name.split('-')[:2])}.cdx.json")
    subprocess.run(
        [
            TOOLS / "cyclonedx-py", "environment", "--pyproject", about,
            "--mc-type", "application", "--spec-version", SPECIFICATION, "--output-reproducible",
            "--validate", "--output-file", target, python,
        ],
        check=True,
    )  # fmt: skip
    return target


def _with_version(source: Path) -> str:
    """What is told of apitrail itself; the tool reads no version that a build finds out."""
    text = (source / "pyproject.toml").read_text("utf-8")
    told = f'version = "{checkout.version(source)}"'
    return re.sub(r"^dynamic = .*$", told, text, count=1, flags=re.MULTILINE)
