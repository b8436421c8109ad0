"""Manual pages and the files by which shells complete, made of the commands and put into the wheel.

An installation puts them under its `share`. hatchling runs this file by its path; what the commands
import must be there, so pyproject.toml names it for this hook.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Where each shell looks below a `share` that it knows.
COMPLETIONS = {
    "bash": "share/bash-completion/completions/apitrail",
    "zsh": "share/zsh/site-functions/_apitrail",
    "fish": "share/fish/vendor_completions.d/apitrail.fish",
}
MANUAL = "share/man/man1"


def write(root: Path, made: Path) -> dict[str, str]:
    """Make the files in a directory with the commands of a checkout; gives where each belongs."""
    pages = made / "man1"
    _apitrail(root, "man", "--write", str(pages))
    found = {str(page): f"{MANUAL}/{page.name}" for page in sorted(pages.iterdir())}
    for shell, place in COMPLETIONS.items():
        script = made / shell
        script.write_text(_apitrail(root, "completion", shell), "utf-8")
        found[str(script)] = place
    return found


def _apitrail(root: Path, *arguments: str) -> str:
    # pip puts what a build needs on the path by PYTHONPATH, uv into an environment.
    path = os.pathsep.join([str(root / "src"), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "apitrail", *arguments],
        env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return done.stdout


class SharedDataHook(BuildHookInterface[Any]):
    """Adds the files to a wheel; an editable one is for those who have the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make them before the wheel is written."""
        if version == "editable":
            return
        self._made = TemporaryDirectory()
        build_data["shared_data"].update(write(Path(self.root), Path(self._made.name)))

    def finalize(self, version: str, _build_data: dict[str, Any], _artifact: str) -> None:
        """Take them away again."""
        if version != "editable":
            self._made.cleanup()
