"""A witness's memory: durable, bounded, and no other program's."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from apitrail.errors import UsageError
from apitrail.evidence.witness.sizes import FILE, FORK, MOST_REFUSED, PROOF, Refused, Seen, Sizes


def test_before_the_first_head_a_log_is_the_empty_tree(tmp_path: Path) -> None:
    with closing(Sizes(tmp_path)) as sizes:
        assert sizes.seen("o") == Seen()
        assert Seen().root.hex().startswith("e3b0c44298fc1c14")


def test_what_is_kept_is_there_the_next_time(tmp_path: Path) -> None:
    seen = Seen(7, bytes(32), "note", 99)
    with closing(Sizes(tmp_path)) as sizes, sizes.turn():
        sizes.keep("o", seen)
    with closing(Sizes(tmp_path)) as sizes:
        assert sizes.seen("o") == seen
        assert sizes.seen("other") == Seen()


def test_a_turn_that_fails_keeps_nothing(tmp_path: Path) -> None:
    with closing(Sizes(tmp_path)) as sizes:
        with pytest.raises(sqlite3.IntegrityError), sizes.turn():  # noqa: PT012
            sizes.keep("o", Seen(7, bytes(32), "note", 99))
            sizes.keep("o", Seen(8, bytes(32), None, 99))
        assert sizes.seen("o") == Seen()


def test_commits_reach_the_disk_before_they_return(tmp_path: Path) -> None:
    with closing(Sizes(tmp_path)) as sizes:
        assert sizes._database.execute("PRAGMA synchronous").fetchone() == (2,)
        assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_evidence_is_kept_once_and_not_without_end(tmp_path: Path) -> None:
    with closing(Sizes(tmp_path)) as sizes:
        for number in range(MOST_REFUSED + 5):
            for _ in range(2):
                sizes.refuse(Refused("o", 1, PROOF, "held", f"note {number}"), "request")
        sizes.refuse(Refused("o", 1, FORK, "held", "proof"), "request")
        found = list(sizes.refused())
    assert len(found) == MOST_REFUSED + 1
    assert found[-1].note == "proof"


def test_another_program_s_database_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as other:
        other.execute("PRAGMA user_version=7")
    with pytest.raises(UsageError, match="is no witness's memory"):
        Sizes(tmp_path)
    (tmp_path / FILE).write_bytes(b"no database at all" * 100)
    with pytest.raises(UsageError, match="is no witness's memory"):
        Sizes(tmp_path)
