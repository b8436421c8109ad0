"""The pages, laid out for Zensical as they lie in the repository."""

from __future__ import annotations

import re
import shutil
from pathlib import Path, PurePosixPath
from posixpath import normpath

PAGES = ("*.md", "docs/**/*.md", "examples/**/*.md", "benchmarks/README.md")
# `[text](target)` and `![text](target)`, with or without an anchor.
TARGET = re.compile(r"\]\((?P<target>[^)\s#]+)(#[^)\s]*)?\)")
# What the package's own README calls our files by, where it is read far from them.
REPOSITORY = re.compile(r"\]\(https://github\.com/apitrail/apitrail/(?:blob|raw|tree)/main/")


def pages(root: Path) -> set[str]:
    """The paths of all pages."""
    return {path.relative_to(root).as_posix() for glob in PAGES for path in root.glob(glob)}


def lay_out(root: Path, into: Path) -> None:
    """Copy every page."""
    shutil.rmtree(into, ignore_errors=True)
    for page in pages(root):
        text = near((root / page).read_text(encoding="utf-8"), page)
        target = into / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    copy(root / "docs/site/look.css", into / "docs/site/look.css")


def bring(root: Path, laid: Path, site: Path) -> None:
    """Put every file that a page links to beside the built pages, also those that begin with a dot."""
    for page in pages(root):
        for path in linked((laid / page).read_text(encoding="utf-8"), page):
            copy(root / path, site / path)


def near(text: str, page: str) -> str:
    """A page whose links to our own repository are paths."""
    up = "../" * page.count("/")
    return REPOSITORY.sub(f"]({up}", text)


def linked(text: str, page: str) -> list[str]:
    """The files beside the pages that a page links to or shows."""
    targets = {found["target"] for found in TARGET.finditer(text)}
    here = PurePosixPath(page).parent
    paths = [normpath(str(here / target)) for target in targets if "://" not in target]
    return [path for path in paths if not path.endswith(".md") and not path.startswith("..")]


def copy(source: Path, target: Path) -> None:
    """One file; what is not there is told when the links are checked."""
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
