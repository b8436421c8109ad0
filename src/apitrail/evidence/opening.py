"""Opens evidence by its path: a trail's directory, or a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from apitrail.evidence.bundle.archive import is_archive
from apitrail.trail.reader import Reader

if TYPE_CHECKING:
    from apitrail.evidence.bundle import Bundle


def open_source(path: Path) -> Reader | Bundle:
    """The log at `path`, for reading; a context manager.

    Raises:
        UsageError: there is none.
        FormatError: it looks like a bundle and is not whole.
    """
    if not is_archive(path):
        return Reader(path)
    from apitrail.evidence.bundle import Bundle

    return Bundle.open(path)
