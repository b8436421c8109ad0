"""A trail, bundles and log files that were made by format 1, unpacked with their modes."""

from __future__ import annotations

import tarfile
from pathlib import Path

ARCHIVE = Path(__file__).parent / "vectors" / "v1.tar.gz"


def unpack(directory: Path) -> Path:
    """The folder with `trail`, `mary.zip`, `complete.zip`, `tree`, `vkey` and what they once gave."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(directory, filter="tar")
    return directory / "v1"
