"""Event stream frames (`application/vnd.amazon.eventstream`), read and counted by type."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from apitrail.aws.call import EventStream, Map
from apitrail.errors import FormatError

# Amazon Transcribe developer guide, "Event stream encoding"; the sizes are botocore's and Smithy's:
# at most 128 KiB of headers and 24 MiB in all (16 MiB of payload for most services).
_PRELUDE = struct.Struct(">III")
_MOST_HEADERS = 128 * 1024
_MOST_MESSAGE = 24 * 1024 * 1024
_SMALLEST = 16
_MOST_TYPES = 100

# Header value type → size in bytes; 6 (bytes) and 7 (string) carry their own length.
_FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
_STRING = 7
_SIZED = (6, _STRING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One frame: its string headers and its payload."""

    headers: dict[str, str]
    payload: bytes

    @property
    def type(self) -> str:
        """The event's, exception's or error's type; `unknown` where no header says."""
        for name in (":event-type", ":exception-type", ":error-code"):
            if name in self.headers:
                return self.headers[name]
        return "unknown"


def messages(data: bytes) -> Iterator[Message]:
    """Each frame of `data` in order; FormatError at the first that does not hold."""
    at = 0
    while at < len(data):
        if len(data) - at < _PRELUDE.size:
            raise FormatError("event stream ends inside a frame")
        length, headers_length, crc = _PRELUDE.unpack_from(data, at)
        if zlib.crc32(data[at : at + 8]) != crc:
            raise FormatError("event stream prelude checksum does not match")
        if headers_length > min(_MOST_HEADERS, length - _SMALLEST) or length > _MOST_MESSAGE:
            raise FormatError("event stream frame has impossible lengths")
        if length > len(data) - at:
            raise FormatError("event stream ends inside a frame")
        yield _message(data[at : at + length], headers_length)
        at += length


def _message(frame: bytes, headers_length: int) -> Message:
    if zlib.crc32(frame[:-4]) != int.from_bytes(frame[-4:]):
        raise FormatError("event stream message checksum does not match")
    split = _PRELUDE.size + headers_length
    return Message(headers=dict(_headers(frame[_PRELUDE.size : split])), payload=frame[split:-4])


def _headers(data: bytes) -> Iterator[tuple[str, str]]:
    at = 0
    try:
        while at < len(data):
            name_end = at + 1 + data[at]
            name = data[at + 1 : name_end].decode()
            kind = data[name_end]
            at = name_end + 1
            if kind in _SIZED:
                size = int.from_bytes(data[at : at + 2])
                at += 2
            else:
                size = _FIXED[kind]
            if at + size > len(data):
                raise FormatError("event stream header is cut off")
            if kind == _STRING:
                yield name, data[at : at + size].decode()
            at += size
    except (IndexError, KeyError, UnicodeDecodeError):
        raise FormatError("malformed event stream header") from None


def count(data: bytes) -> tuple[EventStream, Message | None, tuple[str, ...]]:
    """The number of events of each type, the initial response if one came, and problems.

    A prefix of a stream is counted as far as it goes, with a problem.
    """
    counts = Map()
    initial: Message | None = None
    problems: tuple[str, ...] = ()
    try:
        for message in messages(data):
            kind = message.type
            if kind == "initial-response" and initial is None:
                initial = message
            elif kind in counts or len(counts) < _MOST_TYPES:
                counts[kind] = counts.get(kind, 0) + 1
    except FormatError as error:
        problems = (str(error),)
    return EventStream(counts=counts), initial, problems
