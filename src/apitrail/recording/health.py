"""`--health`: whether a recorder lives and can record, and what it counts, over plain HTTP."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import Self

from apitrail.address import Address
from apitrail.errors import UsageError
from apitrail.recording.recorder import Recorder

# Seconds and bytes that a question may take.
PATIENCE = 5.0
LONGEST = 8 * 1024

# Prometheus' text format, version 0.0.4 (its documentation, "Exposition formats").
TEXT = "text/plain; version=0.0.4; charset=utf-8"

# Name, type, and help of each metric, in the order of `values`.
METRICS = (
    ("apitrail_calls_total", "counter", "Calls whose entry was written or is owed."),
    ("apitrail_refused_total", "counter", "Calls refused because they could not be recorded."),
    ("apitrail_rejected_total", "counter", "Calls refused because their signature is wrong."),
    ("apitrail_ambiguous_total", "counter", "Calls refused because they can be read in two ways."),
    ("apitrail_doubts_total", "counter", "Calls that were recorded with a doubt."),
    ("apitrail_in_flight", "gauge", "Calls that were let through and are not answered yet."),
    ("apitrail_queue", "gauge", "Intents and entries that wait for the disk."),
    ("apitrail_owed", "gauge", "Entries that the disk has refused and that are to be written."),
    ("apitrail_entries", "gauge", "Entries of the log."),
    ("apitrail_commit_seconds_sum", "counter", "Seconds that entries took to become durable."),
    ("apitrail_commit_seconds_count", "counter", "Entries that became durable."),
)


def values(recorder: Recorder) -> tuple[float, ...]:
    """What the recorder counts, in the order of METRICS."""
    trail = recorder.trail
    return (
        recorder.calls, recorder.refusals.total, recorder.rejected, recorder.ambiguous,
        recorder.doubts, len(recorder.in_flight), trail.queued, trail.owed, trail.size,
        recorder.commit_seconds, recorder.commits,
    )  # fmt: skip


def metrics(recorder: Recorder) -> str:
    """All of it as Prometheus reads it."""
    return "".join(
        f"# HELP {name} {text}\n# TYPE {name} {kind}\n{name} {value:.10g}\n"
        for (name, kind, text), value in zip(METRICS, values(recorder), strict=True)
    )


def answer(recorder: Recorder, line: bytes) -> tuple[HTTPStatus, str]:
    """What a request line gets."""
    match line.split():
        case [b"GET" | b"HEAD", b"/healthz", _]:
            return HTTPStatus.OK, "ok\n"
        case [b"GET" | b"HEAD", b"/readyz", _]:
            if (reason := recorder.unready) is not None:
                return HTTPStatus.SERVICE_UNAVAILABLE, f"{reason}\n"
            return HTTPStatus.OK, "ok\n"
        case [b"GET" | b"HEAD", b"/metrics", _]:
            return HTTPStatus.OK, metrics(recorder)
        case [_, _, _]:
            return HTTPStatus.NOT_FOUND, "there are /healthz, /readyz and /metrics\n"
        case _:
            return HTTPStatus.BAD_REQUEST, "not an HTTP request\n"


class Health:
    """The port; open one with `start`."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._server: asyncio.Server

    @classmethod
    async def start(cls, recorder: Recorder, address: Address) -> Self:
        """Listen.

        Raises:
            UsageError: the address is not this machine's own, or something listens there.
        """
        check(address)
        health = cls(recorder)
        try:
            health._server = await asyncio.start_server(
                health._serve, address.host, address.port, limit=LONGEST
            )
        except OSError as error:
            raise UsageError(
                f"cannot listen on {str(address)!r}: {error.strerror}",
                hint="name another port with --health",
            ) from error
        return health

    @property
    def address(self) -> Address:
        """Where it listens."""
        return Address.of(self._server.sockets[0])

    async def close(self) -> None:
        """Answer no more."""
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(
            OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_message(head, *answer(self._recorder, head.split(b"\r\n")[0])))
                await writer.drain()
        writer.close()


def _message(head: bytes, status: HTTPStatus, text: str) -> bytes:
    fields = (
        f"HTTP/1.1 {status.value} {status.phrase}", f"Content-Type: {TEXT}",
        f"Content-Length: {len(text.encode())}", "Cache-Control: no-store", "Connection: close",
    )  # fmt: skip
    body = "" if head.startswith(b"HEAD ") else text
    return ("\r\n".join(fields) + "\r\n\r\n" + body).encode()


def check(address: Address) -> None:
    """Raise UsageError unless it is an address of the loopback."""
    if not address.is_loopback:
        raise UsageError(
            f"--health listens on this machine alone, not on {str(address)!r}",
            hint="write --health 127.0.0.1:PORT, and have an agent on this machine ask it",
        )
