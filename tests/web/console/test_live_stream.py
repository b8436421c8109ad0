"""Live: calls as they are recorded, in order, once each, and until the server ends."""

from __future__ import annotations

import asyncio
import json

import pytest

import trails
from apitrail.errors import UsageError
from apitrail.query import Filter
from apitrail.trail.writer import Trail
from apitrail.web.console import event_rows, live_stream, templating
from apitrail.web.console.url_state import UrlState
from browsing import Pages


def calls(lines):
    return [json.loads(line.partition("data: ")[2]) for line in lines if "event: call" in line]


async def taken(stream, count):
    """So many calls of the stream."""
    found = []
    async for line in stream:
        found += calls([line])
        if len(found) >= count:
            return found
    return found


def test_a_call_comes_once_its_entry_is_written(tmp_path):
    path = trails.make(tmp_path / "trail", calls=3, close=False)
    console = Pages(path).console
    state = UrlState.parse([("event-name", "GetUser")])

    async def main():
        stream = live_stream.events(console, templating.environment(), state, None)
        assert (await anext(stream)).startswith("retry")
        coming = asyncio.ensure_future(taken(stream, 2))
        async with await Trail.open(
            path, signer=trails.SIGNER, clock=trails.Clock(trails.T0 + 99)
        ) as trail:
            await trails.append_each(trail, [trails.draft(number) for number in range(3, 9)])
            return await asyncio.wait_for(coming, 30)

    found = asyncio.run(main())
    assert [each["resource"] for each in found] == ["target4", "target7"]
    assert found[0]["html"].count("<td") == 6


@pytest.mark.parametrize(("at_once", "count"), [(2, 9), (100, 9)])
def test_who_comes_back_gets_what_it_missed(tmp_path, monkeypatch, at_once, count):
    monkeypatch.setattr(live_stream, "AT_ONCE", at_once)
    path = trails.make(tmp_path / "trail", calls=10)
    console = Pages(path).console

    async def main():
        stream = live_stream.events(console, templating.environment(), UrlState(), 2)
        return await asyncio.wait_for(taken(stream, count), 30)

    assert [each["entry"] for each in asyncio.run(main())] == list(range(3, 12))


def test_it_ends_with_the_server(pages):
    async def main():
        stream = live_stream.events(pages.console, templating.environment(), UrlState(), 0)
        return [line async for line in stream]

    pages.console.ending.set()
    try:
        assert asyncio.run(main()) == ["retry: 1000\n\n"]
    finally:
        pages.console.ending.clear()


def test_the_log_stays_open_while_a_thread_reads_it_for_nobody(pages, monkeypatch):
    has_read = []
    real = event_rows.rows

    async def main():
        loop = asyncio.get_running_loop()

        def rows(source, indexes, columns):
            loop.call_soon_threadsafe(stream.cancel)
            for _ in range(300):
                assert list(source.select(Filter()))
            has_read.append(True)
            return real(source, indexes, columns)

        async def streamed():
            return [
                line
                async for line in live_stream.events(
                    pages.console, templating.environment(), UrlState(), 0
                )
            ]

        monkeypatch.setattr(event_rows, "rows", rows)
        stream = asyncio.create_task(streamed())
        with pytest.raises(asyncio.CancelledError):
            await stream

    asyncio.run(main())
    assert has_read == [True]


def test_a_thread_that_comes_too_late_reads_nothing():
    with live_stream.Readers() as readers:
        assert asyncio.run(readers.read(len, "ab")) == 2
    with pytest.raises(UsageError, match="has ended"):
        asyncio.run(readers.read(len, "ab"))


def test_a_stream_says_what_it_is(pages):
    pages.console.ending.set()
    try:
        answer = pages.get("/live/events?event-name=GetUser&after=3")
    finally:
        pages.console.ending.clear()
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert pages.get("/live/events?after=soon").status == 400
    assert pages.get("/live/events?since=soon").status == 400
