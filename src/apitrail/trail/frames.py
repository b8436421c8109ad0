"""The content of a facet as it is stored: one zstd frame, made with a dictionary that we ship.

Small contents are much alike: names of members, headers, hosts. A dictionary holds what is common
to them, so that a frame need not. A frame says which dictionary it needs by its number (RFC 8878,
section 3.1.1.1.3); those that were shipped once stay, and are never changed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from apitrail import zstd
from apitrail.errors import FormatError

# One facet's content, at the most; a larger frame is refused unread.
CONTENT_LIMIT = 1 << 30

NEWEST = 1
"""The dictionary that new frames are made with. 0 is none, as of trails of format 1."""
LEVEL = 3
# How small frames begin, of which the size is written in one or two bytes: one segment, no number of a
# dictionary or one of a byte (RFC 8878, section 3.1.1.1).
_MAGIC = b"\x28\xb5\x2f\xfd"
_OURS = [_MAGIC + bytes((descriptor, NEWEST)) for descriptor in (0x21, 0x61)]
_PLAIN = [_MAGIC + bytes((descriptor, size)) for descriptor in (0x20, 0x60) for size in range(256)]


def exact(value: object) -> bytes:
    """A value that must be bytes; raises FormatError."""
    if not isinstance(value, bytes):
        raise FormatError("a value in the database is not bytes")
    return value


def compressor() -> zstd.Compressor:
    """What makes frames."""
    return zstd.Compressor(level=LEVEL, zstd_dict=_dictionary(NEWEST).as_digested_dict)


def compress(compressor: zstd.Compressor, content: bytes) -> bytes:
    """Content as it is stored.

    Raises:
        MemoryError: also where it is zstd that has too little.
    """
    return zstd.compress(compressor, content)


def decompress(frame: object) -> bytes:
    """The content of one stored facet.

    Raises:
        FormatError: not just one zstd frame that states a sane size, or one with a dictionary that
            is not known here.
        MemoryError: also where it is zstd that has too little.
    """
    if (
        type(frame) is bytes
        and (unpack := _small().by_start.get(frame[:6]))
        and (content := unpack(frame))
    ):
        return content
    data = exact(frame)
    try:
        whole, rest = zstd.decompress(data, CONTENT_LIMIT, _dictionary_of(data))
    except zstd.Error as error:
        raise FormatError("a facet is not zstd") from error
    if rest != b"":
        raise FormatError("a facet is not zstd")
    return whole


def _dictionary_of(data: bytes) -> zstd.Dictionary | None:
    """What a frame needs; raises FormatError where it states no sane size."""
    size, number = zstd.stated(data)
    if size is None or size > CONTENT_LIMIT:
        raise FormatError("a facet states no size, or too large a one")
    if number > NEWEST:
        raise FormatError(f"a facet needs dictionary {number}, which is not known here")
    return _dictionary(number) if number else None


def path(number: int) -> Path:
    """The file of a dictionary."""
    return Path(__file__).with_name(f"facets_{number}.zdict")


@cache
def _dictionary(number: int) -> zstd.Dictionary:
    return zstd.Dictionary(path(number).read_bytes())


@cache
def _small() -> zstd.Unpackers:
    return zstd.Unpackers({path(NEWEST).read_bytes(): _OURS, None: _PLAIN})
