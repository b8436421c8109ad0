"""What a worker knows of the calls it has let through, in a file that it alone writes: `pending-N.journal`.

Frames follow one another: the length of the content (four bytes, big-endian), its CRC-32, and the content, a
CBOR array. What follows the last frame is zeros. A frame that a power cut left in parts ends the file, as
nothing after it was ever told to be durable. docs/format.md has the arrays.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cbor2

from apitrail import durable

# A file has so many bytes at least, all of which are there from the start: a disk makes a change of content
# durable sooner than a change of length.
SIZE = 1 << 20
_PREFIX, _SUFFIX = "pending-", ".journal"
_HEAD = struct.Struct("!II")

# macOS has only the former.
_sync = getattr(os, "fdatasync", os.fsync)


@dataclass(frozen=True, slots=True)
class Left:
    """A call in a journal: what is known of it, and of what kind its entry is, where it has ended."""

    key: str
    facets: Mapping[str, bytes]
    kind: str | None = None


def path_of(directory: Path, number: int) -> Path:
    """The journal of this number in a trail's directory."""
    return directory / f"{_PREFIX}{number}{_SUFFIX}"


def paths(directory: Path) -> list[Path]:
    """The journals that are there, in no order."""
    return [*directory.glob(f"{_PREFIX}*{_SUFFIX}")]


def tidy(directory: Path) -> None:
    """Remove what a crash left of a journal that was to take another's place."""
    for path in directory.glob(f".{_PREFIX}*{_SUFFIX}.*.tmp"):
        path.unlink(missing_ok=True)


# -- frames --------------------------------------------------------------------------------------


def begun(key: str, facets: Mapping[str, bytes]) -> bytes:
    """The frame of a call that is about to leave, with what is known of it."""
    return _frame(["begun", key, dict(facets)])


def ended(key: str, kind: str, facets: Mapping[str, bytes]) -> bytes:
    """The frame of a call whose entry is of this `kind`; of its facets only what is new."""
    return _frame(["ended", key, kind, dict(facets)])


def gone(key: str) -> bytes:
    """The frame of a call that has its entry, or was not let through after all."""
    return _frame(["gone", key])


def _frame(content: Sequence[object]) -> bytes:
    data = cbor2.dumps(content)
    return _HEAD.pack(len(data), zlib.crc32(data)) + data


def frames(data: bytes) -> Iterator[Any]:
    """The contents of whole frames, up to the first that is none."""
    at = 0
    while len(data) - at >= _HEAD.size:
        length, checksum = _HEAD.unpack_from(data, at)
        start, at = at + _HEAD.size, at + _HEAD.size + length
        content = data[start:at]
        if not length or len(content) < length or zlib.crc32(content) != checksum:
            return
        try:
            yield cbor2.loads(content)
        except cbor2.CBORDecodeError:
            return


def left(data: bytes) -> list[Left]:
    """The calls of a journal that are not `gone`, in the order in which they began."""
    found: dict[str, Left] = {}
    for content in frames(data):
        match content:
            case ["begun", str(key), dict(facets)]:
                found[key] = Left(key, facets)
            case ["ended", str(key), str(kind), dict(facets)] if key in found:
                found[key] = Left(key, {**found[key].facets, **facets}, kind)
            case ["gone", str(key)]:
                found.pop(key, None)
    return [*found.values()]


# -- files ---------------------------------------------------------------------------------------


def read(path: Path) -> list[Left]:
    """The calls that a journal still has; none where there is no such file."""
    with contextlib.suppress(FileNotFoundError):
        return left(path.read_bytes())
    return []


def scrub(path: Path, keys: Iterable[str]) -> None:
    """Write a journal that nobody has open anew, without the calls of these `keys`."""
    unwanted = set(keys)
    kept = [each for each in read(path) if each.key not in unwanted]
    with durable.replacing(path) as file:
        for each in kept:
            file.write(begun(each.key, each.facets))
            if each.kind is not None:
                file.write(ended(each.key, each.kind, {}))


class Journal:
    """A journal that is open for writing, by one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Nothing is made before the first `write`."""
        self._path = path
        self._file = -1
        self._at = self._size = 0

    def has_room(self, data: bytes) -> bool:
        """Can this be written without writing the file anew?"""
        return self._at + len(data) <= self._size

    def write(self, data: bytes, kept: Iterable[bytes] = ()) -> None:
        """Make frames durable.

        Args:
            kept: the frames that are still wanted, where the file has no room for more.

        Raises:
            OSError: they count as not written; what was durable still is.
        """
        if not self.has_room(data):
            self.renew(kept, len(data))
        try:
            written = os.pwrite(self._file, data, self._at)
            while written < len(data):
                written += os.pwrite(self._file, data[written:], self._at + written)
            _sync(self._file)
        except BaseException:
            # Nobody knows what is there now: the next one is written into a new file.
            self._size = 0
            raise
        self._at += len(data)

    def renew(self, kept: Iterable[bytes], room: int = 0) -> None:
        """Let a new file take the place of this one, with these frames alone; raises OSError."""
        content = b"".join(kept)
        size = max(SIZE, 2 * (len(content) + room))
        # Where this fails halfway, the old file may have lost its name: nothing more goes into it.
        self._size = 0
        with durable.replacing(self._path) as file:
            file.write(content)
            file.write(bytes(size - len(content)))
            opened = os.dup(file.fileno())
        self.close()
        self._file, self._at, self._size = opened, len(content), size

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
