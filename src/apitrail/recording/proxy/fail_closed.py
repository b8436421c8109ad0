"""The decorator of mitmproxy's hooks: where one raises, what it was asked about is stopped.

mitmproxy logs an exception in a hook and goes on, so that the call would pass unrecorded.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable

type Hook[Owner, Subject] = Callable[[Owner, Subject], Awaitable[None]]
type Stop[Owner, Subject] = Callable[[Owner, Subject, Exception], Awaitable[None]]


def closed[Owner, Subject](
    stop: Stop[Owner, Subject],
) -> Callable[[Hook[Owner, Subject]], Hook[Owner, Subject]]:
    """Make a hook call `stop` with whatever it raises, and raise nothing itself."""

    def decorate(hook: Hook[Owner, Subject]) -> Hook[Owner, Subject]:
        @functools.wraps(hook)
        async def guarded(owner: Owner, subject: Subject) -> None:
            try:
                await hook(owner, subject)
            except Exception as error:  # noqa: BLE001 - whatever it is, nothing may pass
                await stop(owner, subject, error)

        return guarded

    return decorate
