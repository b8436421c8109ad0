"""What the writer's thread does with a batch: which checkpoints it keeps, what it settles."""

from __future__ import annotations

import pytest

import trails
from apitrail.evidence.verify import heads
from apitrail.trail import appender
from apitrail.trail.reader import Reader
from apitrail.trail.writer import Trail


def kept(directory) -> list[int]:
    with Reader(directory) as reader:
        return [size for size, _ in reader.checkpoints()]


def test_a_checkpoint_is_kept_when_a_minute_has_passed(tmp_path):
    clock = trails.Clock()

    async def work(trail: Trail) -> None:
        for number, seconds in enumerate((0, 1, 57, 1, 1, 0, 60, 0)):
            clock.now += seconds * 1000
            await trail.append(trails.draft(number))

    trails.write(tmp_path / "trail", work, clock=clock)
    assert kept(tmp_path / "trail") == [1, 5, 7]


def test_a_checkpoint_is_kept_after_so_many_entries(tmp_path, monkeypatch):
    monkeypatch.setattr(appender, "KEEP_ENTRIES", 10)
    monkeypatch.setattr(appender, "KEEP_MILLISECONDS", 1 << 60)
    trails.write(
        tmp_path / "trail", lambda t: trails.append_each(t, [trails.draft(n) for n in range(35)])
    )
    assert kept(tmp_path / "trail") == [10, 20, 30]


def test_verification_allows_what_the_writer_does():
    # A batch, and what was owed, may come on top.
    assert 2 * appender.KEEP_ENTRIES <= heads.KEPT_EVERY


@pytest.mark.parametrize("kind", ["close", "gap"])
def test_a_checkpoint_is_kept_after_a_stop_and_a_gap(tmp_path, kind):
    about = {"lost": []} if kind == "gap" else {}

    async def work(trail: Trail) -> None:
        await trail.append(trails.draft(0))
        await trail.append(trails.draft(1))
        await trail.append(trails.book(kind, **about))
        await trail.append(trails.draft(2))

    trails.write(tmp_path / "trail", work)
    assert kept(tmp_path / "trail") == [1, 3]
