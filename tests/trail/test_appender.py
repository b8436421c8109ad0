"""What the writer's thread does with a batch: which checkpoints it keeps, what it settles."""

from __future__ import annotations

import pytest

import trails
from apitrail.evidence.verify import heads
from apitrail.trail import appender, intents
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


def test_an_intent_whose_entry_is_there_is_settled_and_not_recovered(tmp_path):
    """A crash came between the log and the intents."""
    directory = trails.make(tmp_path / "trail", 3)
    entered, lost = trails.draft(1), trails.draft(9)
    assert entered.row is not None
    assert lost.row is not None
    pending = intents.Pending.open(directory)
    pending.commit([(each.row.id, each.facets) for each in (entered, lost) if each.row], ())
    pending.close()
    with Reader(directory) as reader:
        before = reader.size

    assert trails.write(directory, Trail.recover) == 1
    assert intents.count(directory) == 0
    with Reader(directory) as reader:
        [added] = [reader.entry(index) for index in range(before, reader.size)]
        assert added is not None
        assert added.kind == "unknown"
        assert reader.find(lost.row.id) == [added.index]
        assert len(reader.find(entered.row.id)) == 1
