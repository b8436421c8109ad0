"""The outbox: an alert is kept once, waits until it is taken, and survives the process."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from apitrail.errors import RecordingError, UsageError
from apitrail.trail import outbox
from apitrail.trail.outbox import DELIVERED, GIVEN_UP, WAITING, Cursor, Kept, Outbox

NOW = 1_000_000


def kept(number: int) -> Kept:
    return Kept(
        id=f"id{number}", name="a", title="t", level="high", rule="r", entries=(number,), count=1,
        time=number,
    )  # fmt: skip


@pytest.fixture
def box(tmp_path):
    with closing(Outbox.open(tmp_path)) as found:
        found.sinks({"file:1": "file x", "webhook:2": "webhook y"})
        yield found


def test_what_is_found_twice_is_kept_once(box):
    both = [(kept(1), ["file:1", "webhook:2"])]
    assert box.add(both, Cursor(2, "aa"), now=NOW) == 2
    assert box.add(both, Cursor(3, "bb"), now=NOW) == 0
    assert box.cursor() == Cursor(3, "bb")
    assert box.waiting() == 2


def test_it_waits_until_it_is_taken_the_oldest_first(box, tmp_path):
    box.add([(kept(number), ["file:1"]) for number in (1, 2)], Cursor(3, ""), now=NOW)
    number, first, delivery = box.due("file:1", NOW)
    assert (first, delivery.tries, delivery.state) == (kept(1), 0, WAITING)
    box.mark(number, "file:1", WAITING, due=NOW + 5, now=NOW, problem="it is busy")
    assert box.due("file:1", NOW)[1] == kept(2)
    assert box.next_due("file:1") == NOW
    box.mark(box.due("file:1", NOW)[0], "file:1", DELIVERED, due=NOW, now=NOW, problem=None)
    assert box.due("file:1", NOW) is None
    with closing(Outbox.open(tmp_path)) as again:
        _, found, delivery = again.due("file:1", NOW + 5)
        assert (found, delivery.tries, delivery.problem) == (kept(1), 1, "it is busy")


def test_a_clock_that_was_set_back_puts_nothing_off_for_ever(box):
    box.add([(kept(1), ["file:1"])], Cursor(2, ""), now=NOW + outbox.LONGEST + 1)
    assert box.due("file:1", NOW) is not None
    assert box.due("file:1", NOW + 2) is None


def test_a_sink_that_is_gone_waits_for_nothing_and_comes_back_when_asked(box):
    box.add([(kept(1), ["file:1", "webhook:2"])], Cursor(2, ""), now=NOW)
    box.sinks({"file:1": "file x"})
    [(_, [of_file, of_hook])] = box.newest(5)
    assert (of_file.state, of_hook.state) == (WAITING, GIVEN_UP)
    assert of_hook.problem == "it is not configured any more"
    assert box.retry(NOW) == 0
    box.sinks({"webhook:2": "webhook y"})
    assert box.retry(NOW) == 1
    assert box.states() == [
        ("file:1", "file x", False, {GIVEN_UP: 1}),
        ("webhook:2", "webhook y", True, {WAITING: 1}),
    ]


def test_what_a_rule_has_seen_is_kept_with_the_cursor(box):
    assert box.known("new-region") is None
    box.add((), Cursor(1, ""), now=NOW, known={"new-region": set()})
    assert box.known("new-region") == set()
    box.add((), Cursor(2, ""), now=NOW, known={"new-region": {"eu-west-1"}})
    assert box.known("new-region") == {"eu-west-1"}


def test_only_what_nothing_waits_for_is_forgotten(box, monkeypatch):
    monkeypatch.setattr(outbox, "KEPT", 2)
    box.add([(kept(number), ["file:1"]) for number in range(6)], Cursor(6, ""), now=NOW)
    for number in (1, 3, 6):
        box.mark(number, "file:1", DELIVERED, due=NOW, now=NOW, problem=None)
    box.prune()
    assert [each.id for each, _ in box.newest(9)] == ["id5", "id4", "id3", "id1"]


def test_without_alerts_the_log_is_not_judged_later(box, tmp_path):
    box.add([(kept(1), ["file:1"])], Cursor(2, "aa"), now=NOW)
    outbox.forget(tmp_path)
    assert box.cursor() is None
    assert box.waiting() == 1
    (tmp_path / "other").mkdir()
    outbox.forget(tmp_path / "other")
    assert not (tmp_path / "other" / outbox.FILE).exists()


def test_it_is_private_and_can_be_looked_at(box, tmp_path):
    assert (tmp_path / outbox.FILE).stat().st_mode & 0o777 == 0o600
    with closing(Outbox.look(tmp_path)) as looked:
        assert looked.newest(1) == []
        with pytest.raises(RecordingError, match="cannot be written"):
            looked.rewind()
    (tmp_path / "other").mkdir()
    assert Outbox.look(tmp_path / "other") is None


def test_a_file_of_another_version_is_refused(box, tmp_path):
    with closing(sqlite3.connect(tmp_path / outbox.FILE)) as database:
        database.execute("PRAGMA user_version=9")
    with pytest.raises(RecordingError, match="is of version 9"):
        Outbox.open(tmp_path)
    with pytest.raises(UsageError, match="is of version 9"):
        Outbox.look(tmp_path)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / outbox.FILE).write_bytes(b"not a database, but long enough to be read" * 50)
    with pytest.raises(RecordingError, match="cannot be opened"):
        Outbox.open(tmp_path / "bad")
