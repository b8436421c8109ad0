"""The content of a facet as it is stored: one zstd frame, made with a dictionary that we ship.

Small contents are much alike: names of members, headers, hosts. A dictionary holds what is common
to them, so that a frame need not. A frame says which dictionary it needs by its number (RFC 8878,
section 3.1.1.1.3); those that were shipped once stay, and are never changed.
"""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path

import zstandard

from apitrail.errors import FormatError

# One facet's content, at the most; a larger frame is refused unread.
CONTENT_LIMIT = 1 << 30
# How zstd_errors.h words ZSTD_error_memory_allocation; the package has no class for it.
_NO_MEMORY = "not enough memory"

NEWEST = 1
"""The dictionary that new frames are made with. 0 is none, as of trails of format 1."""
LEVEL = 3
# How frames begin of which the size is written in one or two bytes: made with the newest dictionary,
# or with none.
_MAGIC = b"\x28\xb5\x2f\xfd"
_OURS = frozenset(_MAGIC + bytes((descriptor, NEWEST)) for descriptor in (0x21, 0x61))
_PLAIN = frozenset(_MAGIC + bytes((descriptor,)) for descriptor in (0x20, 0x60))


def exact(value: object) -> bytes:
    """A value that must be bytes; raises FormatError."""
    if not isinstance(value, bytes):
        raise FormatError("a value in the database is not bytes")
    return value


def compressor() -> zstandard.ZstdCompressor:
    """What makes frames; it must not be shared between threads."""
    dictionary = _dictionary(NEWEST)
    dictionary.precompute_compress(level=LEVEL)
    return zstandard.ZstdCompressor(level=LEVEL, dict_data=dictionary)


def compress(compressor: zstandard.ZstdCompressor, content: bytes) -> bytes:
    """Content as it is stored.

    Raises:
        MemoryError: also where it is zstd that has too little.
    """
    try:
        return compressor.compress(content)
    except zstandard.ZstdError as error:
        if _NO_MEMORY in str(error):
            raise MemoryError(str(error)) from error
        raise


def decompress(frame: object) -> bytes:
    """The content of one stored facet.

    Raises:
        FormatError: not just one zstd frame that states a sane size, or one with a dictionary that
            is not known here.
        MemoryError: also where it is zstd that has too little.
    """
    data = exact(frame)
    try:
        # As our own frames begin: one segment, no number of a dictionary or one of a byte, the
        # size in one byte or two (RFC 8878, section 3.1.1.1). `get_frame_parameters` takes longer than all else.
        if data[:6] in _OURS:
            return _OWN.newest.decompress(data, allow_extra_data=False)
        if data[:5] in _PLAIN:
            return _OWN.plain.decompress(data, allow_extra_data=False)
        said = zstandard.get_frame_parameters(data)
        if not 0 <= said.content_size <= CONTENT_LIMIT:
            raise FormatError("a facet states no size, or too large a one")
        if not 0 <= said.dict_id <= NEWEST:
            raise FormatError(f"a facet needs dictionary {said.dict_id}, which is not known here")
        return bytes(_OWN.of(said.dict_id).decompress(data, allow_extra_data=False))
    except zstandard.ZstdError as error:
        if _NO_MEMORY in str(error):
            raise MemoryError(str(error)) from error
        raise FormatError("a facet is not zstd") from error


def path(number: int) -> Path:
    """The file of a dictionary."""
    return Path(__file__).with_name(f"facets_{number}.zdict")


@cache
def _dictionary(number: int) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(path(number).read_bytes())


class _Own(threading.local):
    """What each thread must have for itself: two that share a decompressor get garbage."""

    def __init__(self) -> None:
        self._made: dict[int, zstandard.ZstdDecompressor] = {}
        self.newest, self.plain = self.of(NEWEST), self.of(0)

    def of(self, number: int) -> zstandard.ZstdDecompressor:
        """The decompressor for frames of a dictionary."""
        if number not in self._made:
            dictionary = _dictionary(number) if number else None
            self._made[number] = zstandard.ZstdDecompressor(dict_data=dictionary)
        return self._made[number]


_OWN = _Own()
