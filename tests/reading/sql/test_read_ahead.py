"""Rows that are computed ahead of whoever reads them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from apitrail.reading.sql import read_ahead
from apitrail.reading.sql.read_ahead import ReadAhead

ROWS = [(number, "x" * number, None, 0.5, bytes(3)) for number in range(400)]


def started(computed: Iterator[read_ahead.Row]) -> ReadAhead:
    rows = ReadAhead(computed)
    rows.start()
    return rows


@pytest.mark.parametrize("in_memory", [0, 1_000, 1 << 30])
def test_rows_come_as_they_are_and_in_order(
    in_memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_ahead, "IN_MEMORY", in_memory)
    rows = started(iter(ROWS))
    first = [next(rows) for _ in range(10)]
    assert [*first, *rows] == ROWS
    rows.close()


def test_a_file_that_was_read_to_its_end_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "IN_MEMORY", 0)
    further = threading.Event()

    def computed() -> Iterator[read_ahead.Row]:
        yield from ROWS[:50]
        further.wait()
        yield from ROWS[50:]

    rows = started(computed())
    first = [next(rows) for _ in range(50)]
    further.set()
    assert [*first, *rows] == ROWS
    rows.close()


def test_all_is_computed_though_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "IN_MEMORY", 100)
    ended = threading.Event()

    def computed() -> Iterator[read_ahead.Row]:
        yield from ROWS
        ended.set()

    rows = started(computed())
    assert ended.wait(60)
    rows.close()


def test_it_waits_where_there_is_no_room_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "IN_MEMORY", 100)
    monkeypatch.setattr(read_ahead, "IN_FILE", 1_000)
    rows = started(iter(ROWS))
    assert list(rows) == ROWS
    rows.close()


def test_it_waits_where_no_file_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "IN_MEMORY", 100)
    monkeypatch.setattr(read_ahead.tempfile, "tempdir", "/nowhere")
    rows = started(iter(ROWS))
    assert list(rows) == ROWS
    rows.close()


def test_what_fails_comes_after_the_rows_before() -> None:
    def computed() -> Iterator[read_ahead.Row]:
        yield (1,)
        raise ValueError("broken")

    rows = started(computed())
    assert next(rows) == (1,)
    with pytest.raises(ValueError, match="broken"):
        next(rows)
    rows.close()


def test_no_more_is_computed_once_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "IN_MEMORY", 100)
    monkeypatch.setattr(read_ahead, "IN_FILE", 100)

    def endless() -> Iterator[read_ahead.Row]:
        while True:
            yield ("row",)

    rows = started(endless())
    assert next(rows) == ("row",)
    rows.close()


def test_nothing_is_computed_where_it_is_closed_before() -> None:
    rows = ReadAhead(iter(ROWS))
    rows.close()
    rows.start()
    assert list(rows) == []


def test_who_is_interrupted_once_more_still_waits_for_the_thread() -> None:
    interrupted, has_ended = threading.Event(), []

    def interrupt(*_: object) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    def computed() -> Iterator[read_ahead.Row]:
        while not rows._is_closed:
            pass
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        interrupted.wait()
        has_ended.append(sum(range(1_000_000)))
        yield from ()

    rows = ReadAhead(computed())
    rows.start()
    before = signal.signal(signal.SIGINT, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            rows.close()
        assert has_ended
    finally:
        signal.signal(signal.SIGINT, before)
