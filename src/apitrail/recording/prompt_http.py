"""uvicorn's HTTP for clients that ask in time: a connection on which no request comes is ended.

uvicorn waits for the first request for ever. Some connections that say nothing would take the place of
all others.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

# How long a client may take to its first request, in seconds.
PATIENCE = 10.0


class PromptHTTP(H11Protocol):
    """For `uvicorn.Config(http=…)`."""

    _late: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there."""
        super().connection_made(transport)
        self._late = self.loop.call_later(PATIENCE, self._end)

    def connection_lost(self, exc: Exception | None) -> None:
        """It has left."""
        self._late.cancel()
        super().connection_lost(exc)

    def _end(self) -> None:
        if self.cycle is None:
            self.transport.close()
