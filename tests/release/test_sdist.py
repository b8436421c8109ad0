"""What the source distribution has is what the repository has, decided for each name at its root."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The first is git's own and hatchling adds it; the second an sdist has instead of a repository.
# Others that begin so are of tools that ran here.
DOTTED = {".ci", ".dockerignore", ".github", ".pre-commit-config.yaml"}
GIVEN = {".gitignore", "PKG-INFO"}


def at_the_root() -> set[str]:
    """Names that git knows, or all that are there where there is no git."""
    if not (ROOT / ".git").exists():
        return DOTTED | {path.name for path in ROOT.iterdir() if path.name[0] not in "._"}
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.partition("/")[0] for name in listed.stdout.split("\0") if name}


def test_everything_that_builds_or_tests_is_in_it_and_nothing_else():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    included = set(project["tool"]["hatch"]["build"]["targets"]["sdist"]["only-include"])
    assert at_the_root() - GIVEN == included
