"""The content of a facet as it is stored: one zstd frame."""

from __future__ import annotations

import threading

import zstandard

from apitrail.errors import FormatError

# One facet's content, at the most; a larger frame is refused unread.
CONTENT_LIMIT = 1 << 30
# How zstd_errors.h words ZSTD_error_memory_allocation; the package has no class for it.
_NO_MEMORY = "not enough memory"


def exact(value: object) -> bytes:
    """A value that must be bytes; raises FormatError."""
    if not isinstance(value, bytes):
        raise FormatError("a value in the database is not bytes")
    return value


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
        FormatError: not just one zstd frame that states a sane size.
        MemoryError: also where it is zstd that has too little.
    """
    data = exact(frame)
    try:
        if not 0 <= zstandard.frame_content_size(data) <= CONTENT_LIMIT:
            raise FormatError("a facet states no size, or too large a one")
        return bytes(_decompressor().decompress(data, allow_extra_data=False))
    except zstandard.ZstdError as error:
        if _NO_MEMORY in str(error):
            raise MemoryError(str(error)) from error
        raise FormatError("a facet is not zstd") from error


class _Own(threading.local):
    """What each thread must have for itself: two that share a decompressor get garbage."""

    def __init__(self) -> None:
        self.decompressor = zstandard.ZstdDecompressor()


_OWN = _Own()


def _decompressor() -> zstandard.ZstdDecompressor:
    return _OWN.decompressor
