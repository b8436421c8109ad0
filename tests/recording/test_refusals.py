"""Calls that could not be recorded are stated before the first call that passes again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import trails
from apitrail.entry import Entry
from apitrail.errors import RecordingError
from apitrail.evidence.verify import Verdict
from apitrail.recording.refusals import Refusals
from apitrail.trail import statements
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Refused
from apitrail.trail.writer import Trail
from trails import SIGNER, T0, check


class Told:
    """A clock that is told the time."""

    now = T0

    def __call__(self) -> int:
        return self.now


def test_they_are_counted_and_said_once(tmp_path: Path) -> None:
    clock = Told()

    async def main() -> None:
        async with await Trail.open(tmp_path, signer=SIGNER, clock=clock) as trail:
            refusals = Refusals(trail, clock)
            await refusals.state()
            assert trail.size == 0
            for number in range(3):
                clock.now = T0 + number * 100
                refusals.add(f"the disk is full ({number})")
            # Several callers come back at once: one statement, and each waits for it.
            await asyncio.gather(*(refusals.state() for _ in range(5)))
            assert trail.size == 1
            await refusals.state()
            assert trail.size == 1

    asyncio.run(main())
    with Reader(tmp_path) as reader:
        assert statements.of(reader, "refused", 0) == Refused(
            start=T0, end=T0 + 200, calls=3, reason="the disk is full (2)"
        )
    assert check(tmp_path).verdict is Verdict.OK


def test_what_the_trail_owes_is_said_before_anything_else(tmp_path: Path) -> None:
    async def main() -> None:
        async with await Trail.open(tmp_path, signer=SIGNER, clock=Told()) as trail:
            refusals = Refusals(trail, Told())
            await trail.append(trails.opening())
            refusals.add("the disk is full")
            await trails.sql(trail, "PRAGMA query_only=ON")
            with pytest.raises(RecordingError, match="cannot be written"):
                await refusals.state()
            await trails.sql(trail, "PRAGMA query_only=OFF")
            await trail.append(trails.draft(1))

    asyncio.run(main())
    with Reader(tmp_path) as reader:
        assert [Entry.kind_of(data) for data in reader.entries()] == ["open", "refused", "api"]
