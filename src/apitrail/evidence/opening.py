"""Opens evidence by its path: a trail's directory, or a bundle."""

from __future__ import annotations

from pathlib import Path

from apitrail.evidence.bundle import Bundle, is_archive
from apitrail.trail.reader import Reader


def open_source(path: Path) -> Reader | Bundle:
    """The log at `path`, for reading; a context manager.

    Raises:
        UsageError: there is none.
        FormatError: it looks like a bundle and is not whole.
    """
    return Bundle.open(path) if is_archive(path) else Reader(path)
