"""Calls as they are recorded, as server-sent events, each as the row that a page puts on top."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Self

from jinja2 import Environment
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import StreamingResponse

from apitrail.errors import UsageError
from apitrail.query import Filter
from apitrail.reading import event_list
from apitrail.source import Source
from apitrail.web.console import event_rows, headers
from apitrail.web.console.console import Console
from apitrail.web.console.url_state import UrlState

# Seconds between two looks, which cost little where there is nothing new: a call is on a screen
# within a quarter of a second after its entry.
POLL = 0.04
# Looks without a call after which a sign of life is sent, so that who went away is noticed.
SILENT = 250
# At one look; what is more comes with the next.
AT_ONCE = 100


class Readers:
    """Threads that read what is open within the block; it is left once none of them does.

    Who waits for a thread may be cancelled, and the thread goes on: SQLite ends the process where its
    connection is closed under somebody who reads.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._has_ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._turn:
            self._has_ended = True

    async def read[**P, T](self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` gives or raises, in a thread; one at a time."""

        def alone() -> T:
            with self._turn:
                if self._has_ended:  # nobody waits any more
                    raise UsageError("this stream has ended")
                return work(*args, **kwargs)

        return await run_in_threadpool(alone)


@dataclass(slots=True)
class Follower:
    """Where one reader is in the log; `source` is open as long as it reads."""

    source: Source
    where: Filter
    after: int

    @property
    def is_behind(self) -> bool:
        """Is there an entry that was not looked at?"""
        return self.source.size - 1 > self.after

    def more(self, columns: tuple[str, ...]) -> list[event_rows.EventRow]:
        """The calls since the last look, oldest first."""
        end = self.source.size
        found = list(
            self.source.select(self.where, after=self.after, limit=AT_ONCE, ascending=True)
        )
        self.after = found[-1] if len(found) == AT_ONCE else max([end - 1, self.after, *found])
        return event_rows.rows(self.source, found, columns)


def answer(console: Console, templates: Environment, request: Request) -> StreamingResponse:
    """The stream that the URL asks for: a filter, and the entry after which it begins.

    Raises:
        UsageError: it asks for what there is not.
    """
    pairs = request.query_params.multi_items()
    # A browser that comes back says what it saw last.
    seen = request.headers.get("last-event-id") or request.query_params.get("after", "")
    if seen and not (seen.isascii() and seen.isdigit() and len(seen) < 16):
        raise UsageError(f"after is the number of an entry, not {seen!r}")
    state = UrlState.parse(pair for pair in pairs if pair[0] != "after")
    state.filter(console.now())
    told = {**headers.FRESH, "X-Accel-Buffering": "no"}
    lines = events(console, templates, state, int(seen) if seen else None)
    return StreamingResponse(lines, media_type="text/event-stream", headers=told)


async def events(
    console: Console, templates: Environment, state: UrlState, after: int | None
) -> AsyncIterator[str]:
    """Without end, but that of the server."""
    silent = 0
    with console.source() as source, Readers() as readers:
        where = await readers.read(event_list.resolve, source, state.filter(console.now()))
        follower = Follower(source, where, source.size - 1 if after is None else after)
        yield "retry: 1000\n\n"
        while not console.ending.is_set():
            # Told at once, by the end of an index; to read what is new takes a thread.
            rows = []
            if follower.is_behind:
                rows = await readers.read(follower.more, state.columns)
            for row in rows:
                yield _event(row, templates, state.columns, console.served.clock())
            silent = 0 if rows else silent + 1
            if silent >= SILENT:
                silent = 0
                yield ": still here\n\n"
            if len(rows) < AT_ONCE:
                await asyncio.sleep(POLL)


def _event(
    row: event_rows.EventRow, templates: Environment, columns: tuple[str, ...], now: int
) -> str:
    html = templates.get_template("row.html").render(
        row=row, columns=columns, figures=event_rows.FIGURES, now=now
    )
    data = {**row.to_json(columns), "html": html}
    return f"id: {row.index}\nevent: call\ndata: {json.dumps(data)}\n\n"
