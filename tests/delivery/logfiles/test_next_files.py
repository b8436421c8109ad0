"""Which log files and digests come next."""

from __future__ import annotations

import pytest

import delivering
from apitrail.delivery.logfiles import next_files
from apitrail.delivery.logfiles.store import Store
from delivering import HOUR, MINUTE


@pytest.fixture
def trail(tmp_path):
    return tmp_path / "trail"


def test_an_hour_is_a_digest_and_what_is_fresh_counts(trail):
    delivering.record(
        trail, [delivering.at(HOUR + minute * MINUTE, minute) for minute in (1, 59, 61, 130)]
    )
    made = Store.local(trail).close_up(HOUR + 140 * MINUTE)
    assert delivering.spans(made) == [(0, 3600, 1), (3600, 7200, 1), (7200, 8400, 1)]


def test_the_next_digest_begins_where_an_early_one_ended(trail):
    delivering.record(trail, [delivering.at(HOUR + MINUTE, 1)])
    of = Store.local(trail)
    first = of.close_up(HOUR + 2 * MINUTE)
    delivering.record(trail, [delivering.at(HOUR + 3 * MINUTE, 2)])
    second = of.close_up(HOUR + 100 * MINUTE)
    assert second.digests[0] == first.digests[0]
    assert delivering.spans(second) == [(0, 120, 1), (120, 3600, 1)]


def test_two_digests_in_one_second_have_two_names(trail):
    of = Store.local(trail)
    for number in range(3):
        delivering.record(trail, [delivering.at(HOUR + MINUTE, number)])
        made = of.close_up(HOUR + MINUTE)
    assert delivering.spans(made) == [(0, 60, 1), (60, 61, 1), (61, 62, 1)]


def test_silent_hours_are_stated(trail):
    delivering.record(
        trail, [delivering.at(HOUR, 1), delivering.at(HOUR + 3 * delivering.HOURS, 2)]
    )
    made = Store.local(trail).close_up(HOUR + 3 * delivering.HOURS + MINUTE)
    assert delivering.spans(made) == [
        (0, 3600, 1), (3600, 7200, 0), (7200, 10800, 0), (10800, 10860, 1),
    ]  # fmt: skip


def test_a_long_silence_is_one_digest(trail):
    last = next_files.SILENT + 3
    delivering.record(
        trail, [delivering.at(HOUR, 1), delivering.at(HOUR + last * delivering.HOURS, 2)]
    )
    made = Store.local(trail).close_up(HOUR + last * delivering.HOURS + MINUTE)
    assert delivering.spans(made) == [
        (0, 3600, 1), (3600, last * 3600, 0), (last * 3600, last * 3600 + 60, 1),
    ]  # fmt: skip


def test_large_deliveries_are_several_files(trail, monkeypatch):
    monkeypatch.setattr(next_files, "RECORDS", 2)
    delivering.record(trail, [delivering.at(HOUR + n, n) for n in range(5)])
    made = Store.local(trail).close_up(HOUR + MINUTE)
    assert [log.indexes for log in made.logs] == [(0, 1), (2, 3), (4,)]
    assert made.digests[0].logs == tuple(log.key for log in made.logs)
