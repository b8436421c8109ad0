"""What a release is made of: files that git knows, without anything that lies about beside them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

# Of a source distribution, which knows no commit: what hatchling takes too.
_NO_COMMIT = 1580601600


def epoch(root: Path) -> int:
    """When the files of a release were made, as far as they say so: SOURCE_DATE_EPOCH, or the commit's time."""
    if said := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(said)
    return int(_git(root, "log", "-1", "--format=%ct")) if _is_clone(root) else _NO_COMMIT


def version(root: Path) -> str:
    """The version that the package says it is."""
    text = (root / "src/apitrail/__init__.py").read_text("utf-8")
    found: list[str] = re.findall(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    return found[0]


def doubts(root: Path) -> Iterator[str]:
    """Why this checkout is not what a release should be made of."""
    if not _is_clone(root):
        return
    tag = f"v{version(root)}"
    if _changed(root):
        yield "there are changes that are not committed: they are in it"
    if tag not in _git(root, "tag", "--points-at", "HEAD").split():
        yield f"the commit has no tag {tag!r}: this is a rehearsal"
    if f"## [{version(root)}]" not in (root / "CHANGELOG.md").read_text("utf-8"):
        yield f"CHANGELOG.md has no section {version(root)!r}"


def export(root: Path, target: Path) -> Path:
    """The files that git knows, as they are, in a directory of their own."""
    target.mkdir(parents=True)
    if not _is_clone(root):
        return Path(shutil.copytree(root, target, dirs_exist_ok=True))
    archive = subprocess.run(
        ["git", "archive", _changed(root) or "HEAD"], cwd=root, stdout=subprocess.PIPE, check=True
    )
    subprocess.run(["tar", "-x", "-C", str(target)], input=archive.stdout, check=True)
    return target


def _changed(root: Path) -> str:
    """A commit of what is changed and not committed; empty where nothing is. It changes nothing."""
    return _git(root, "stash", "create")


def _is_clone(root: Path) -> bool:
    return (root / ".git").exists()


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.strip()
