"""What the watchdog of a connection takes for silence."""

from __future__ import annotations

import asyncio
import time

from apitrail.recording.proxy.silence import Watchdog


def test_a_connection_without_a_byte_is_told() -> None:
    async def scenario() -> None:
        told = asyncio.Event()

        async def tell() -> None:
            told.set()

        watchdog = Watchdog(0.01, tell)  # type: ignore[arg-type]
        watchdog.register_activity()
        await watchdog.watch()
        assert told.is_set()

    asyncio.run(scenario())


def test_a_step_of_the_time_of_day_is_no_silence(monkeypatch) -> None:
    async def scenario() -> None:
        told = []

        async def tell() -> None:
            told.append(1)

        watchdog = Watchdog(1_000, tell)
        watchdog.register_activity()
        later = time.time() + 1_000_000
        monkeypatch.setattr(time, "time", lambda: later)
        watching = asyncio.create_task(watchdog.watch())
        for _ in range(10):
            await asyncio.sleep(0)
        assert not watching.done()
        watching.cancel()
        await watching
        assert told == []

    asyncio.run(scenario())


def test_the_time_that_a_hook_takes_does_not_count() -> None:
    async def scenario() -> None:
        told = asyncio.Event()

        async def tell() -> None:
            told.set()

        watchdog = Watchdog(0.01, tell)  # type: ignore[arg-type]
        watchdog.register_activity()
        with watchdog.disarm():
            watching = asyncio.create_task(watchdog.watch())
            while time.monotonic() < watchdog.last_activity + 0.02:  # noqa: ASYNC110
                await asyncio.sleep(0)
            assert not told.is_set()
        await watching
        assert told.is_set()

    asyncio.run(scenario())
