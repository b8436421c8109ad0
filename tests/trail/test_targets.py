"""Erasing: what it takes, what stays, and that not a byte of it is left."""

from __future__ import annotations

import asyncio
import uuid

import pytest

import trails
from apitrail.entry import TAGS
from apitrail.errors import UsageError
from apitrail.evidence import maintenance
from apitrail.evidence.verify import Verdict
from apitrail.query import Filter
from apitrail.trail import keys, targets
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Target
from apitrail.trail.writer import Trail
from trails import T0, check, make


def test_ids_and_facets_are_checked(tmp_path):
    with Reader(make(tmp_path / "trail", 3)) as reader:
        whole = str(uuid.UUID(int=2))
        assert targets.by_id(reader, [whole]) == [Target(3, TAGS)]
        assert targets.by_id(reader, [whole], ["who"]) == [Target(3, ("who",))]
        with pytest.raises(UsageError, match="no event 'ffff'"):
            targets.by_id(reader, ["ffff"])
        with pytest.raises(UsageError, match="3 events begin with '0000'"):
            targets.by_id(reader, ["0000"])
        with pytest.raises(UsageError, match="no facet 'body'"):
            targets.by_id(reader, [whole], ["body"])


def test_retention_takes_calls_and_runs_before_a_time_once(tmp_path):
    clock = trails.Clock()
    trail = make(tmp_path / "trail", 3, clock=clock)
    clock.now = T0 + 5_000
    make(trail, 3, first=3, clock=clock)
    with Reader(trail) as reader:
        found = list(targets.before(reader, T0 + 5_000))
        assert [target.index for target in found] == [1, 2, 3, 4]
        assert list(targets.before(reader, T0)) == []

    async def work(opened: Trail) -> None:
        await opened.erase(found)

    trails.write(trail, work)
    with Reader(trail) as reader:
        assert list(targets.before(reader, T0 + 5_000)) == []
        assert sorted(reader.select(Filter(event_source=("iam.amazonaws.com",)))) == [9, 10, 11]
    assert check(trail).verdict is Verdict.OK


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))
    return tmp_path


def test_without_a_recorder_the_command_takes_the_lock(home):
    trail = home / "trail"
    signer = keys.Keys.of(trail).generate("example.com/log")
    make(trail, 3, signer=signer)
    assert maintenance.erase(trail, [Target(2, TAGS)], "why") == (6, False)
    with Reader(trail) as reader:
        assert b'"reason":"why"' in reader.facets(reader.size - 1)["what"]
    with pytest.raises(UsageError, match="no trail at"):
        maintenance.erase(home / "other", [Target(2, TAGS)], None)


def test_beside_a_writer_without_a_door_it_is_refused(home):
    trail = home / "trail"
    signer = keys.Keys.of(trail).generate("example.com/log")

    async def main() -> None:
        async with await Trail.open(trail, signer=signer, clock=trails.Clock()) as opened:
            await opened.append(trails.opening())
            with pytest.raises(UsageError, match="another recorder is writing"):
                await asyncio.to_thread(maintenance.erase, trail, [Target(0, TAGS)], None)

    asyncio.run(main())
