"""A stream that hands on what comes while its reader waits, without waking the reader up for it.

A call comes in pieces on two connections. For each of them asyncio makes a future, copies the bytes
twice and turns its loop once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

LONGEST = 65535
"""Bytes that are handed on at once; mitmproxy reads no more at a time either."""

type Take = Callable[[bytes], bool | None]
"""Deals with bytes; None where it cannot now, and False where the reader must wait before it reads on."""


class Direct(asyncio.StreamReader):
    """A stream as any, until `hand` says who takes what comes."""

    take: Take | None = None
    settle: Callable[[], Awaitable[None]]
    _owes = False

    def feed_data(self, data: bytes) -> None:  # type: ignore[override]
        """Bytes have come."""
        waiter = self._waiter  # type: ignore[attr-defined]
        # Without one the reader is awake, and with one that is done it is to end.
        if self.take is None or waiter is None or waiter.done() or len(data) > LONGEST:
            super().feed_data(data)
            return
        goes_on = self.take(data)
        if goes_on is None:
            super().feed_data(data)
        elif not goes_on and not waiter.done():
            self._owes = True
            self._wakeup_waiter()  # type: ignore[attr-defined]

    async def read(self, n: int = -1) -> bytes:
        """Wait for bytes that were not taken, or for the end."""
        while not self._buffer and not self._eof and self._exception is None:  # type: ignore[attr-defined]
            await self._wait_for_data("read")  # type: ignore[attr-defined]
            if self._owes:
                self._owes = False
                await self.settle()
        return await super().read(n)


def hand(stream: asyncio.StreamReader, take: Take, settle: Callable[[], Awaitable[None]]) -> None:
    """From now on `take` gets what comes while `read` waits; `read` awaits `settle` where it says so."""
    stream.__class__ = Direct
    assert isinstance(stream, Direct)
    stream.take, stream.settle = take, settle
