"""CBOR (RFC 8949) as services use it, into the tree that JSON gives, bytes and times included.

Depth, lengths and item counts are bounded by what is really there.
"""

from __future__ import annotations

import math
import struct
from datetime import UTC, datetime, timedelta
from typing import Any

from apitrail.aws.call import Value
from apitrail.aws.read.scalars import Doubts

DEEPEST = 100

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BREAK = object()
_FLOATS = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}
_SIMPLE: dict[int, Any] = {20: False, 21: True, 22: None, 23: None}


def parse(data: bytes, doubts: Doubts) -> Value:
    """The value in `data`, {} where there is none; None with a doubt where it is not CBOR."""
    if not data:
        return {}
    try:
        decoder = _Decoder(data, doubts)
        value = decoder.item(0)
        if decoder.position != len(data):
            doubts.add("bytes after the CBOR value")
    except (ValueError, struct.error, OverflowError) as error:
        doubts.add(f"body is not CBOR: {error!s:.80}")
        return None
    return value


class _Decoder:
    def __init__(self, data: bytes, doubts: Doubts) -> None:
        self.data = data
        self.doubts = doubts
        self.position = 0

    def take(self, length: int) -> bytes:
        end = self.position + length
        if end > len(self.data):
            raise ValueError("cut off")
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def item(self, depth: int) -> Value:
        if depth > DEEPEST:
            raise ValueError("nested too deeply")
        initial = self.take(1)[0]
        major, info = initial >> 5, initial & 31
        if major == 7:
            return self._simple(info)
        if info == 31:
            return self._indefinite(major, depth)
        argument = self._argument(info)
        match major:
            case 0:
                return argument
            case 1:
                return -1 - argument
            case 2:
                return self.take(argument)
            case 3:
                return self.take(argument).decode("utf-8")
            case 4:
                # Every item takes a byte, so a length that lies runs out of data at once.
                return [self._value(depth) for _ in range(argument)]
            case 5:
                pairs = [(self._key(depth), self._value(depth)) for _ in range(argument)]
                return self.doubts.unique(pairs)
            case _:
                return self._tagged(argument, self.item(depth + 1))

    def _argument(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise ValueError("reserved length")
        return int.from_bytes(self.take(1 << (info - 24)))

    def _value(self, depth: int) -> Value:
        value = self.item(depth + 1)
        if value is _BREAK:
            raise ValueError("unexpected break")
        return value

    def _key(self, depth: int) -> str:
        key = self._value(depth)
        return key if isinstance(key, str) else str(key)

    def _simple(self, info: int) -> Value:
        if info == 31:
            return _BREAK
        if info in _FLOATS:
            form, size = _FLOATS[info]
            return struct.unpack(form, self.take(size))[0]
        if info in _SIMPLE:
            return _SIMPLE[info]
        raise ValueError("unknown simple value")

    def _indefinite(self, major: int, depth: int) -> Value:
        items: list[Value] = []
        while (item := self.item(depth + 1)) is not _BREAK:
            items.append(item)
        match major:
            case 2 if all(isinstance(item, bytes) for item in items):
                return b"".join(items)
            case 3 if all(isinstance(item, str) for item in items):
                return "".join(items)
            case 4:
                return items
            case 5 if len(items) % 2 == 0:
                pairs = zip(items[::2], items[1::2], strict=True)
                return self.doubts.unique([(str(key), value) for key, value in pairs])
        raise ValueError("malformed indefinite length")

    @staticmethod
    def _tagged(tag: int, value: Value) -> Value:
        if value is _BREAK:
            raise ValueError("unexpected break")
        match tag, value:
            case 1, bool():
                return value
            case 1, int() | float() if math.isfinite(value):
                return _EPOCH + timedelta(microseconds=round(value * 1_000_000))
            case 2, bytes():
                return int.from_bytes(value[:1024])
            case 3, bytes():
                return -1 - int.from_bytes(value[:1024])
            case _:
                return value
