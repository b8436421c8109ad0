"""Files that go with the distributions: pages and completion for distributors, and checksums."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path


def share(wheel: Path, epoch: int) -> Path:
    """A tar with what the wheel puts under `share`, for those who package it themselves."""
    stem = "-".join(wheel.name.split("-")[:2])
    target = wheel.with_name(f"{stem}-share.tar.gz")
    held = io.BytesIO()
    with (
        zipfile.ZipFile(wheel) as archive,
        tarfile.open(fileobj=held, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name in sorted(archive.namelist()):
            _, found, place = name.partition(".data/data/")
            if found:
                info = tarfile.TarInfo(f"{stem}/{place}")
                info.size, info.mtime, info.mode = archive.getinfo(name).file_size, epoch, 0o644
                tar.addfile(info, archive.open(name))
    target.write_bytes(gzip.compress(held.getvalue(), mtime=0))
    return target


def checksums(files: Iterable[Path]) -> Path:
    """A file that `sha256sum --check` reads, beside the files."""
    listed = sorted(files)
    target = listed[0].with_name("SHA256SUMS")
    target.write_text("".join(f"{sha256(path)}  {path.name}\n" for path in listed), "utf-8")
    return target


def sha256(path: Path) -> str:
    """The hash of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
