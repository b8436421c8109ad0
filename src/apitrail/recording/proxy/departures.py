"""Clients that leave while a call of theirs is held: mitmproxy tells its hooks only afterwards."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

_WAITED: dict[str, asyncio.Future[None]] = {}


@contextlib.contextmanager
def watched(flow: str) -> Iterator[asyncio.Future[None]]:
    """A future that is done when the client of this flow (its id) leaves."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    _WAITED[flow] = future
    try:
        yield future
    finally:
        _WAITED.pop(flow, None)
        future.cancel()


def is_watched(flow: str) -> bool:
    """Does anybody wait for the client of this flow to leave?"""
    return flow in _WAITED


def gone(flow: str) -> None:
    """The client of this flow has left, or failed."""
    future = _WAITED.get(flow)
    if future is not None and not future.done():
        future.set_result(None)
