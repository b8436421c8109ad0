"""What was let through is known until its outcome is in the log."""

from __future__ import annotations

import uuid

import trails
from apitrail.trail import intents
from apitrail.trail.reader import Reader
from apitrail.trail.writer import Trail


def test_an_intent_is_durable_and_gone_once_settled(tmp_path):
    key = str(uuid.UUID(int=1))

    async def work(trail: Trail) -> None:
        await trail.begin(key, trails.call(0))
        assert intents.count(tmp_path / "trail") == 1
        await trail.append(trails.draft(0), settles=key)

    trails.write(tmp_path / "trail", work)
    assert intents.count(tmp_path / "trail") == 0


def test_an_intent_without_outcome_becomes_unknown_once(tmp_path):
    key = str(uuid.UUID(int=1))

    async def begin(trail: Trail) -> None:
        await trail.begin(key, trails.call(0))

    async def recover(trail: Trail) -> int:
        return await trail.recover()

    trails.write(tmp_path / "trail", begin)
    assert trails.write(tmp_path / "trail", recover) == 1
    assert trails.write(tmp_path / "trail", recover) == 0
    with Reader(tmp_path / "trail") as reader:
        link = reader.entry(reader.find(key)[0])
        assert link is not None
        assert link.kind == "unknown"


def test_an_intent_whose_entry_made_it_is_not_told_twice(tmp_path):
    """A crash between the two transactions leaves both."""
    key = str(uuid.UUID(int=1))

    async def begin(trail: Trail) -> None:
        await trail.begin(key, trails.call(0))
        await trail.append(trails.draft(0))  # settles nothing, as if the crash came then

    async def recover(trail: Trail) -> int:
        return await trail.recover()

    trails.write(tmp_path / "trail", begin)
    assert trails.write(tmp_path / "trail", recover) == 0
    assert intents.count(tmp_path / "trail") == 0
