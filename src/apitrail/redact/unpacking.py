"""Compression undone, to search in what was compressed: all members, and what lies behind them.

Most decoders stop at the end of the first member. What follows it passes the wire all the same.
"""

from __future__ import annotations

import zlib

from apitrail import zstd
from apitrail.aws.read.shortage import is_shortage
from apitrail.errors import FormatError

LARGEST = 16 * 1024 * 1024
"""Bytes of a decompressed body that are searched."""

_ANY = 32 + zlib.MAX_WBITS  # gzip's and zlib's framing alike
_RAW = -zlib.MAX_WBITS
# Content-Encodings that can be undone (RFC 9110 8.4.1, RFC 8878 7.2).
ENCODINGS = frozenset({"gzip", "x-gzip", "deflate", "zstd"})


class TooLargeError(FormatError):
    """More comes out than is searched."""


def unpacked(data: bytes, encoding: str) -> tuple[bytes, bytes]:
    """What was compressed in `data`, and what follows the end of its first member.

    The second is decompressed as well, as far as it is compressed itself.

    Raises:
        FormatError: it is not compressed as `encoding` says, or too much comes out.
    """
    first, rest = _member(data, encoding)
    behind = b""
    while rest:
        try:
            # Only with framing: raw deflate makes something of any bytes.
            member, rest = _frame(rest) if encoding == "zstd" else _inflated(rest, _ANY)
        except TooLargeError:
            raise
        except FormatError:
            return first, behind + rest
        behind += member
        if len(behind) > LARGEST:
            raise TooLargeError("more behind a compressed body than is searched")
    return first, behind


def _member(data: bytes, encoding: str) -> tuple[bytes, bytes]:
    if encoding == "zstd":
        return _frame(data)
    try:
        return _inflated(data, _ANY)
    except FormatError:
        # Many senders of `deflate` leave zlib's framing out.
        if encoding != "deflate":
            raise
        return _inflated(data, _RAW)


def _inflated(data: bytes, window: int) -> tuple[bytes, bytes]:
    inflater = zlib.decompressobj(window)
    try:
        found = inflater.decompress(data, LARGEST)
    except zlib.error as error:
        if is_shortage(error):
            raise MemoryError from error  # what is not searched may hold secrets
        raise FormatError(f"not compressed: {error!s:.80}") from error
    if inflater.unconsumed_tail:
        raise TooLargeError("a decompressed body is too large to search")
    return found, inflater.unused_data


def _frame(data: bytes) -> tuple[bytes, bytes]:
    try:
        found, rest = zstd.decompress(data, LARGEST)
    except zstd.Error as error:
        raise FormatError(f"not compressed: {error!s:.80}") from error
    if len(found) > LARGEST:
        raise TooLargeError("a decompressed body is too large to search")
    return found, rest or b""
