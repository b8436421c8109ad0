"""A clock that was set is said in the log, which itself never goes back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

import trails
from apitrail.entry import Entry
from apitrail.errors import RecordingError
from apitrail.evidence.verify import Verdict
from apitrail.trail import statements
from apitrail.trail.clock_entry import Clock
from apitrail.trail.clock_steps import ClockSteps
from apitrail.trail.reader import Reader
from apitrail.trail.writer import Trail
from trails import SIGNER, T0, check


@pytest.mark.parametrize(
    ("time", "steady", "step"),
    [
        (10_500, 500, None),
        (9_600, 500, None),  # a correction
        (9_400, 500, Clock(10_500, 9_400)),
        (70_500, 500, None),
        (70_501, 500, Clock(10_500, 70_501)),
        (200_000, 190_000, None),  # nothing happened for long
        (9_000, None, None),
        (8_999, None, Clock(10_000, 8_999)),
        (900_000, None, None),  # without a steady clock nobody can tell
    ],
)
def test_a_step_is_told_from_time_that_went_by(time, steady, step):
    assert ClockSteps(10_000, 0).between(time, steady) == step


@dataclass
class Set:
    """Two clocks, one of which is set by hand."""

    wall: int = T0
    still: int = 0

    def __call__(self) -> int:
        return self.wall

    def steady(self) -> int:
        return self.still


def said(directory: Path) -> list[tuple[str, object]]:
    with Reader(directory) as reader:
        kinds = [Entry.kind_of(data) for data in reader.entries()]
        return [
            (kind, statements.of(reader, kind, index) if kind == "clock" else None)
            for index, kind in enumerate(kinds)
        ]


def test_the_writer_says_it_before_what_comes_after(tmp_path: Path) -> None:
    clock = Set()

    async def main() -> None:
        async with await Trail.open(
            tmp_path, signer=SIGNER, clock=clock, steady=clock.steady
        ) as trail:
            assert await trail.append(trails.opening()) == 0
            clock.wall, clock.still = T0 - 3_600_000, 10
            assert await trail.append(trails.draft(1)) == 2
            clock.wall, clock.still = clock.wall + 3_700_000, 20
            assert await trail.append(trails.book("close", reason="x", calls=1)) == 4

    asyncio.run(main())
    assert said(tmp_path) == [
        ("open", None),
        ("clock", Clock(T0 + 10, T0 - 3_600_000)),
        ("api", None),
        ("clock", Clock(T0 - 3_599_990, T0 + 100_000)),
        ("close", None),
    ]
    assert check(tmp_path, now=T0 + 10_000_000).verdict is Verdict.OK


def test_a_step_that_the_disk_refused_is_said_with_what_is_owed(tmp_path: Path) -> None:
    clock = Set()

    async def main() -> None:
        async with await Trail.open(
            tmp_path, signer=SIGNER, clock=clock, steady=clock.steady
        ) as trail:
            await trail.append(trails.opening())
            clock.wall -= 3_600_000
            await trails.sql(trail, "PRAGMA query_only=ON")
            with pytest.raises(RecordingError):
                await trail.append(trails.draft(1))
            await trails.sql(trail, "PRAGMA query_only=OFF")
            assert await trail.append(trails.draft(2)) == 3

    asyncio.run(main())
    assert [kind for kind, _ in said(tmp_path)] == ["open", "clock", "api", "api"]


def test_a_clock_that_was_set_back_between_two_recorders_is_said(tmp_path: Path) -> None:
    trails.make(tmp_path, 2, clock=trails.Clock(T0 + 500_000))
    trails.make(tmp_path, 2, first=10, clock=trails.Clock(T0))
    assert [kind for kind, _ in said(tmp_path)].count("clock") == 1
    assert check(tmp_path).verdict is Verdict.OK
