"""What a log says of itself: gaps, and where its entries are that are no calls."""

from __future__ import annotations

import trails
from apitrail.trail.reader import Reader
from apitrail.web.console import books
from apitrail.web.console.books import Books
from browsing import Pages


def sessions(path):
    """Two sessions a day apart."""
    trails.make(path, calls=2, clock=trails.Clock())
    trails.make(path, calls=2, first=2, clock=trails.Clock(trails.T0 + 86_400_000))
    return path


def test_the_time_between_two_sessions_is_a_gap_clipped_to_what_is_asked(tmp_path):
    path = sessions(tmp_path / "trail")
    with Reader(path) as reader:
        found = Books(lambda: Reader(path))
        [gap, _] = found.between(reader, trails.T0, trails.T0 + 90_000_000)
        assert gap.reason == "no recorder was running"
        [clipped] = found.between(reader, trails.T0 + 1_000_000, trails.T0 + 2_000_000)
        assert (clipped.start, clipped.end) == (trails.T0 + 1_000_000, trails.T0 + 2_000_000)
        assert found.of_kind(reader, "open") == [0, 6]


def test_a_recorder_that_was_heard_of_just_now_is_no_gap(tmp_path):
    path = trails.make(tmp_path / "trail", calls=2, close=False)
    with Reader(path) as reader:
        found = Books(lambda: Reader(path))
        assert found.between(reader, trails.T0, trails.T0 + 60_000) == []
        [gap] = found.between(reader, trails.T0, trails.T0 + 600_000)
        assert "after the newest entry" in gap.reason


def test_a_log_that_grows_is_read_on_from_where_it_was(tmp_path):
    path = trails.make(tmp_path / "trail", calls=2)
    with Reader(path) as reader:
        found = Books(lambda: Reader(path))
        assert found.of_kind(reader, "close") == [5]
        trails.make(path, calls=1, first=5)
        assert found.of_kind(reader, "close") == [5, 10]


def test_pages_do_not_wait_for_a_large_log(tmp_path, monkeypatch):
    monkeypatch.setattr(books, "AT_ONCE", 3)
    path = sessions(tmp_path / "trail")
    with Reader(path) as reader:
        found = Books(lambda: Reader(path))
        monkeypatch.setattr(found, "read", lambda: None)
        assert found.between(reader, 0, 1 << 50) is None
        monkeypatch.undo()
        found.read()
        assert len(found.between(reader, 0, 1 << 50)) == 2


def test_the_chart_shows_gaps_where_they_lie(tmp_path):
    found = (
        Pages(sessions(tmp_path / "trail"), now=trails.T0 + 87_000_000)
        .get("/events.json?since=36h")
        .json
    )
    assert found["volume"]["unwatched"][0]["reason"] == "no recorder was running"


def test_pages_are_shown_of_a_log_that_is_damaged(tmp_path):
    path = sessions(tmp_path / "trail")
    with trails.forge(path) as database:
        database.execute("UPDATE entry SET data = x'00' WHERE idx = 3")
    pages = Pages(path)
    assert pages.get("/").status == 200
    pages.verdict.run()
    assert "TAMPERED" in pages.get("/trust").text
