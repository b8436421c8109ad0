"""The published checkpoint follows the log, and is whole at the end."""

from __future__ import annotations

import asyncio
from pathlib import Path

from apitrail import durable
from apitrail.trail.publish import Publisher


def test_the_last_checkpoint_is_published_when_it_closes(tmp_path: Path) -> None:
    notes: list[str] = []

    async def main() -> None:
        publisher = Publisher(tmp_path / "checkpoint", lambda: notes[-1] if notes else None)
        publisher.start()
        await publisher.now()
        assert not (tmp_path / "checkpoint").exists()
        for number in range(3):
            notes.append(f"note {number}")
            publisher.committed()
        await publisher.close()

    asyncio.run(main())
    assert (tmp_path / "checkpoint").read_text() == "note 2"


def test_a_directory_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        publisher = Publisher(tmp_path / "gone" / "checkpoint", lambda: "note")
        publisher.start()
        publisher.committed()
        await publisher.close()

    asyncio.run(main())
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_without_memory_is_published_later(tmp_path: Path, monkeypatch) -> None:
    real, tried = durable.write, asyncio.Event()

    def starved(*_: object) -> None:
        monkeypatch.setattr(durable, "write", real)
        loop.call_soon_threadsafe(tried.set)
        raise MemoryError

    async def main() -> None:
        nonlocal loop
        loop = asyncio.get_running_loop()
        publisher = Publisher(tmp_path / "checkpoint", lambda: "note")
        monkeypatch.setattr(durable, "write", starved)
        publisher.start()
        publisher.committed()
        await tried.wait()
        await publisher.close()

    loop: asyncio.AbstractEventLoop
    asyncio.run(main())
    assert (tmp_path / "checkpoint").read_text() == "note"
