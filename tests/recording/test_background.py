"""Waiting for a recorder that may be starting."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from apitrail.errors import UsageError
from apitrail.recording import background
from apitrail.trail.control import Door


def test_a_recorder_that_comes_later_is_waited_for(tmp_path: Path) -> None:
    told = asyncio.Event()

    async def status(_: dict[str, Any]) -> dict[str, Any]:
        return {"pid": 1}

    async def run() -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        waiting = asyncio.create_task(
            asyncio.to_thread(
                background.wait_for,
                tmp_path,
                lambda _: loop.call_soon_threadsafe(told.set),
                seconds=60,
            )
        )
        await told.wait()
        door = Door(tmp_path, {"status": status})
        await door.open()
        try:
            return await waiting
        finally:
            await door.close()

    assert asyncio.run(run()) == {"pid": 1}


def test_without_one_it_is_told_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no recorder is running on") as told:
        background.wait_for(tmp_path, lambda _: None, seconds=0)
    assert told.value.hint == "`apitrail record --detach` starts one"
