"""Trails, bundles and log files that earlier releases made, unpacked with their modes."""

from __future__ import annotations

import tarfile
from pathlib import Path

VECTORS = Path(__file__).parent / "vectors"


def unpack(directory: Path, name: str = "v1") -> Path:
    """The folder with `trail`, bundles, `tree`, `vkey` and what they once gave.

    Modes are kept: git would have dropped the keys' mode 0600.
    """
    [path] = VECTORS.glob(f"{name}.tar.*")
    with tarfile.open(path) as archive:
        archive.extractall(directory, filter="tar")
    return directory / name
