"""Who has seen a checkpoint: kept beside it, outside of the log."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

import old_trails
import trails
from apitrail.evidence.verify import Verdict
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.note import Note
from apitrail.trail import database
from apitrail.trail.anchor import COSIGNATURE, Anchor
from apitrail.trail.audit import Audit, expected_schema
from apitrail.trail.writer import Trail


def anchored(directory: Path, *found: tuple[str, bytes]) -> int:
    """Keep these beside the newest checkpoint of a trail; gives its size."""

    async def work() -> int:
        async with await Trail.open(directory, signer=trails.SIGNER, clock=trails.Clock()) as trail:
            assert trail.newest is not None
            size = Checkpoint.parse(Note.parse(trail.newest).text).size
            made: Iterable[Anchor] = [Anchor(size, COSIGNATURE, *each) for each in found]
            await trail.anchor(size, trail.newest, list(made))
            return size

    return asyncio.run(work())


@pytest.fixture
def trail(tmp_path: Path) -> Path:
    return trails.make(tmp_path / "trail", 5)


def test_an_anchor_is_kept_with_its_checkpoint_and_makes_no_entry(trail: Path) -> None:
    with Audit(trail) as reader:
        before = reader.size
    size = anchored(trail, ("w.example+01020304", b"a line"), ("v.example+01020304", b"another"))
    with Audit(trail) as reader:
        assert reader.size == before
        assert [each.name for each in reader.anchors()] == [
            "v.example+01020304",
            "w.example+01020304",
        ]
        assert reader.kept(size) == reader.tail()
        assert reader.kept(size + 1) is None
    assert trails.check(trail, trails.TRUST).verdict is Verdict.OK


def test_what_was_seen_first_stays(trail: Path) -> None:
    anchored(trail, ("w", b"first"))
    anchored(trail, ("w", b"second"))
    with Audit(trail) as reader:
        assert [each.data for each in reader.anchors()] == [b"first"]


def test_a_trail_of_format_1_has_none_until_its_next_writer_comes(
    trail: Path, tmp_path: Path
) -> None:
    old = old_trails.unpack(tmp_path) / "trail"
    with Audit(old) as audit:
        assert (audit.version, list(audit.anchors())) == (1, [])
        assert audit.schema() == expected_schema(audit.derived, 1)
    database.bring_up(old / database.FILE)
    database.bring_up(old / database.FILE)  # a second time changes nothing
    with Audit(old) as audit:
        assert (audit.version, list(audit.anchors())) == (2, [])
        assert audit.schema() == expected_schema(audit.derived)


def test_a_table_of_anchors_in_a_trail_of_format_1_does_not_belong_there(trail: Path) -> None:
    with closing(sqlite3.connect(trail / database.FILE)) as connection:
        connection.execute("PRAGMA user_version=1")
    report = trails.check(trail, trails.TRUST)
    assert report.verdict is Verdict.TAMPERED
    assert "table 'anchor' does not belong in a trail" in report.message
