"""The files of a bundle: a zip, a page that carries one, or the folder it was unpacked into.

They are read within bounds.
"""

from __future__ import annotations

import io
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Protocol, Self

from apitrail.errors import FormatError, UsageError
from apitrail.evidence.bundle import layout, page_file
from apitrail.trail import database

MAGIC = b"PK\x03\x04"
MARK = "manifest.json"
"""The file that makes a folder a bundle."""

# A bundle that says it holds more is refused before anything is unpacked.
MOST_FILES = 2_000_000
LARGEST_FILE = 1 << 30
LARGEST_TOTAL = 1 << 34
LONGEST_NAME = 200

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
# PKWARE's APPNOTE, 4.3.16 and 4.3.7: the end of the table of contents, a file's header.
# Info-ZIP's Unicode path: newer Pythons go by this name, older ones by the other.
_SECOND_NAME = 0x7075
_END, _END_SIZE, _HEADER_SIZE = b"PK\x05\x06", 22, 30


class Archive(Protocol):
    """Named files; `names` are plain relative paths, each once."""

    @property
    def names(self) -> frozenset[str]: ...

    def read(self, name: str) -> bytes:
        """Raises FormatError where there is no such file or it is not what was promised."""
        ...

    def close(self) -> None: ...


def is_archive(path: Path) -> bool:
    """Does this look like a bundle, whole or not?

    A trail is none, whatever else somebody has put into its directory.
    """
    if path.is_dir():
        return (path / MARK).is_file() and not (path / database.FILE).exists()
    try:
        with path.open("rb") as file:
            return file.read(4) == MAGIC or page_file.is_page(path) or zipfile.is_zipfile(file)
    except OSError:
        return False


def open_archive(path: Path) -> Archive:
    """The files in a zip, a page or a folder.

    Raises:
        UsageError: there is nothing to read.
        FormatError: it is no whole zip, or one that no honest exporter writes.
    """
    if path.is_dir():
        return Folder(path)
    try:
        return _of_page(path.read_bytes()) if page_file.is_page(path) else Zip(path)
    except OSError as error:
        raise UsageError(f"cannot read {str(path)!r}: {error.strerror}") from error


def _of_page(page: bytes) -> Zip:
    """The bundle in a page, which must tell what the bundle's report tells."""
    archive = Zip(io.BytesIO(page_file.bundle_in(page)))
    if page_file.report_in(archive.read(layout.REPORT)) != page_file.report_in(page):
        raise FormatError("the report on this page is not the one in its bundle")
    return archive


class Zip:
    """A zip file whose table of contents was checked."""

    def __init__(self, file: Path | BinaryIO) -> None:
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise FormatError(f"not a whole zip file: {error}") from error
        try:
            size = _check_order(self._zip)
            self._files = _contents(self._zip, size)
        except FormatError:
            self._zip.close()
            raise
        self._names = frozenset(self._files)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    @property
    def names(self) -> frozenset[str]:
        """What is in it."""
        return self._names

    def read(self, name: str) -> bytes:
        """One file; its checksum is checked on the way."""
        if (info := self._files.get(name)) is None:
            raise FormatError(f"the bundle has no file {name!r}")
        try:
            with self._zip.open(info) as file:
                # Never more than the table of contents says, whatever the stream unpacks to.
                data = file.read(info.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError) as error:
            raise FormatError(f"{name} cannot be unpacked: {error}") from error
        if len(data) != info.file_size:
            raise FormatError(f"{name} is not as long as the zip says")
        return data


def _check_order(archive: zipfile.ZipFile) -> int:
    """One file after the other from the first byte on, and nothing after the table of contents:
    what is hidden in between is shown by some programs and not by others. Gives the zip's size."""
    listed = sorted(archive.infolist(), key=lambda info: info.header_offset)
    file = archive.fp
    if file is None:
        raise FormatError("the zip is closed")
    end = file.seek(-_END_SIZE, os.SEEK_END)
    whole = file.read(4) == _END and not archive.comment
    if not whole or (listed and listed[0].header_offset != 0):
        raise FormatError("the zip holds bytes that belong to no file")
    for before, after in pairwise(listed):
        size = _HEADER_SIZE + len(before.filename.encode()) + before.compress_size
        if before.header_offset + size > after.header_offset:
            raise FormatError("the zip's files overlap")
    return end + _END_SIZE


def _contents(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    listed = archive.infolist()
    if len(listed) > MOST_FILES:
        raise FormatError(f"the zip lists {len(listed)} files")
    files: dict[str, zipfile.ZipInfo] = {}
    for info in listed:
        check_name(info.filename)
        if info.filename in files:
            raise FormatError(f"the zip holds {info.filename!r} twice")
        if _SECOND_NAME in _extra_fields(info.extra):
            raise FormatError(f"the zip gives {info.filename!r} a second name")
        if info.flag_bits & _ENCRYPTED or info.compress_type not in _METHODS:
            raise FormatError(f"the zip holds {info.filename!r} in a way we do not read")
        if info.file_size > LARGEST_FILE:
            raise FormatError(f"{info.filename} would unpack to {info.file_size} bytes")
        files[info.filename] = info
    if sum(info.file_size for info in listed) > LARGEST_TOTAL:
        raise FormatError("the zip would unpack to more than we read")
    # Files that share bytes are how a small zip becomes a large one.
    if sum(info.compress_size for info in listed) > size:
        raise FormatError("the zip's files overlap")
    return files


def _extra_fields(extra: bytes) -> Iterator[int]:
    """The types of the fields that the zip has of a file."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        yield kind
        at += 4 + size


def check_name(name: str) -> None:
    """Refuse a name that could lead anywhere but into the bundle; raises FormatError."""
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise FormatError(f"the zip holds a file with a name that is not a bundle's: {name[:60]!r}")


class Folder:
    """An unpacked bundle; links are not followed out of it, files of others are not seen."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._names = frozenset(
            name
            for file in path.rglob("*")
            if file.is_file() and not file.is_symlink()
            if _NAME.fullmatch(name := file.relative_to(path).as_posix())
            if len(name) <= LONGEST_NAME and "__pycache__" not in name
        )

    @property
    def names(self) -> frozenset[str]:
        """What is in it."""
        return self._names

    def read(self, name: str) -> bytes:
        """One file."""
        if name not in self._names:
            raise FormatError(f"the bundle has no file {name!r}")
        try:
            with (self._path / name).open("rb") as file:
                data = file.read(LARGEST_FILE + 1)
        except OSError as error:
            raise FormatError(f"{name} cannot be read: {error.strerror}") from error
        if len(data) > LARGEST_FILE:
            raise FormatError(f"{name} has more than {LARGEST_FILE} bytes")
        return data

    def close(self) -> None:
        """Nothing is held."""
