"""The payload of an aws-chunked upload, taken out of its framing while it passes."""

from __future__ import annotations

import hashlib

from apitrail.exchange import Body

_LONGEST_HEAD = 1024


class Unframer:
    """Fed with a framed body piece by piece; keeps `limit` bytes of the payload.

    Memory stays flat: of the framing only the head of a chunk is held.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()
        self._digest = hashlib.sha256()
        self._length = 0
        self._head = bytearray()
        self._left = 0
        self._between = False
        self._state = "open"

    def feed(self, data: bytes) -> None:
        """The next piece; what follows the last chunk is not payload."""
        view = memoryview(data)
        while view and self._state == "open":
            view = self._content(view) if self._left else self._framing(view)

    def body(self) -> Body | None:
        """The payload; None where the framing is not whole, or none."""
        if self._state != "done":
            return None
        return Body(data=bytes(self._kept), length=self._length, sha256=self._digest.digest())

    def _content(self, view: memoryview) -> memoryview:
        piece = view[: self._left]
        self._digest.update(piece)
        self._length += len(piece)
        self._left -= len(piece)
        if (room := self._limit - len(self._kept)) > 0:
            self._kept += piece[:room]
        self._between = self._left == 0
        return view[len(piece) :]

    def _framing(self, view: memoryview) -> memoryview:
        """A byte at a time: heads are short."""
        self._head.append(view[0])
        if self._head.endswith(b"\r\n"):
            line = bytes(self._head[:-2])
            self._head.clear()
            # The line end after a chunk's content does not end a head.
            if not (self._between and not line):
                self._chunk(line)
            self._between = False
        elif len(self._head) > _LONGEST_HEAD:
            self._state = "broken"
        return view[1:]

    def _chunk(self, line: bytes) -> None:
        size = line.partition(b";")[0].strip()
        if (
            not size
            or len(size) > 16
            or not all(digit in b"0123456789abcdefABCDEF" for digit in size)
        ):
            self._state = "broken"
            return
        self._left = int(size, 16)
        if self._left == 0:
            self._state = "done"


def unframed(data: bytes) -> Body | None:
    """The payload of a framed body that is here whole; None where it is not framed so."""
    unframer = Unframer(len(data))
    unframer.feed(data)
    return unframer.body()
