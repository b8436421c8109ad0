"""Zstandard: Python's own library from 3.14, its backport before, which mitmproxy brings as well.

These make a context for each frame, which asks the processor what it can do (CPUID). A hypervisor takes each
such question: 8 µs in all, where the rest of a small frame takes half of one. Trails have millions of small
frames, so those are unpacked by a library that uses its context again: `Unpackers`.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Mapping

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Compressor = zstd.ZstdCompressor
Decompressor = zstd.ZstdDecompressor
Dictionary = zstd.ZstdDict
Error = zstd.ZstdError

# More than the encoders of HTTP bodies take (RFC 8878 recommends 8 MB), and no more than we have.
_WINDOW: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 27}
# ZSTD_error_memory_allocation as zstd_errors.h words it, and what the library says where zstd makes it
# no context; neither has a class of its own.
_NO_MEMORY = ("not enough memory", "Unable to create")


def compress(compressor: Compressor, content: bytes) -> bytes:
    """One frame that has all of the content and states its size.

    Raises:
        MemoryError: also where it is zstd that has too little.
    """
    try:
        return compressor.compress(content, Compressor.FLUSH_FRAME)
    except Error as error:
        raise _shortage(error) or error from None


def decompress(
    data: bytes, most: int, dictionary: Dictionary | None = None
) -> tuple[bytes, bytes | None]:
    """What the first frame has, and what follows it; None where the frame does not end.

    It does not end in data that is cut off, and where it has more than `most` bytes: then one more
    than that is given.

    Raises:
        Error: it is no frame.
        MemoryError: also where it is zstd that has too little.
    """
    try:
        undo = Decompressor(dictionary, _WINDOW)
        content = undo.decompress(data, most + 1)
    except Error as error:
        raise _shortage(error) or error from None
    return content, undo.unused_data if undo.eof else None


type Unpack = Callable[[bytes], bytes | None]
"""Gives the content of a frame that states its size; None where the bytes are anything but one such frame. It gives
nothing of a frame that states a size of 0, whatever follows. It raises MemoryError where there is too little."""


class Unpackers(threading.local):
    """What unpacks small frames, `by_start` of them; dictionaries come with how frames begin that need them.

    Each thread has its own, since they use a context again.
    """

    def __init__(self, starts: Mapping[bytes | None, Iterable[bytes]]) -> None:
        self.by_start: dict[bytes, Unpack] = {}
        for dictionary, each in starts.items():
            self.by_start |= dict.fromkeys(each, _unpack(dictionary))


def _unpack(dictionary: bytes | None) -> Unpack:
    # Most commands read no trail, and it takes 10 ms.
    import zstandard

    made = None if dictionary is None else zstandard.ZstdCompressionDict(dictionary)
    whole, wrong = zstandard.ZstdDecompressor(dict_data=made).decompress, zstandard.ZstdError

    def unpack(frame: bytes) -> bytes | None:
        try:
            # No limit but the stated size, no further frame, and nothing after the first. Names of arguments
            # would take as long again.
            return whole(frame, 0, False, False)
        except wrong:
            return None

    return unpack


def stated(data: bytes) -> tuple[int | None, int]:
    """The size that a frame states, if it does, and the number of its dictionary, 0 for none.

    Raises:
        Error: it is no frame.
    """
    info = zstd.get_frame_info(data)
    return info.decompressed_size, info.dictionary_id


def _shortage(error: Error) -> MemoryError | None:
    said = str(error)
    return MemoryError(said) if any(words in said for words in _NO_MEMORY) else None
