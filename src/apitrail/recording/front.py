"""What stands between clients and a recorder's log: a proxy in this process, or in workers."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Mapping
from typing import Protocol

from apitrail.recording.proxy.admission import Guard
from apitrail.recording.proxy.destination import Upstream
from apitrail.recording.proxy.modes import Listener
from apitrail.recording.recorder import Recorder

# A streamed answer reaches its command a moment before the call is counted.
SETTLE = 5.0

type RunFacts = Mapping[str, object]
"""What calls tell of their run: `Run.about`."""


class Front(Protocol):
    """The proxy of one recorder, in whatever processes it runs."""

    @property
    def guard(self) -> Guard:
        """It has what was tunnelled past."""

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers that take clients."""

    @property
    def silent(self) -> list[int]:
        """The process ids of the workers that do not answer."""

    @property
    def listeners(self) -> list[Listener]:
        """Where each mode listens."""

    def is_of_run(self, port: int) -> bool:
        """Is this port a run's own?"""

    async def listen(self) -> None:
        """Open the ports; raises UsageError where one is in use."""

    async def close_doors(self) -> None:
        """Take no new connections; those that are open go on."""

    async def drained(self) -> None:
        """Wait until no call is in flight."""

    async def settle(self) -> None:
        """Take no more calls; those in flight end as `unknown`."""

    async def stop(self) -> None:
        """End the proxy."""

    async def begin_run(self, run: str, about: RunFacts, *, alone: bool) -> None:
        """Know a run, from now on as told; `alone` says that it has every call nobody else claims."""

    async def calm(self, run: str) -> None:
        """Wait until no call of a run is in flight, or for `SETTLE` seconds."""

    async def end_run(self, run: str) -> None:
        """Know a run no more."""

    async def admit(self, upstream: Upstream, base: str) -> None:
        """Let calls pass to an endpoint that a run was given."""

    async def cover(self, host: str, now: dt.datetime) -> None:
        """Have a certificate for a host that clients call by TLS; raises UsageError."""

    async def add(self, mode: str, run: str) -> Listener:
        """Listen in one more mode, for a run; raises UsageError."""

    async def remove(self, mode: str) -> None:
        """Stop listening in a mode that was added."""


def is_of(about: Mapping[str, object] | None, run: str) -> bool:
    """Is a call with these facts of its run one of this run?"""
    return about is not None and about["id"] == run


async def calm(recorder: Recorder, run: str) -> None:
    """Wait until this recorder has no call of a run in flight, or for `SETTLE` seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SETTLE):
            while any(is_of(each.run, run) for each in recorder.in_flight.values()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
