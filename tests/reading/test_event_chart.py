from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

import trails
from apitrail.query import Filter
from apitrail.reading import event_chart
from apitrail.reading.event_chart import Drawing
from apitrail.reading.histogram import Bar
from apitrail.trail.reader import Reader

NOW = datetime.fromtimestamp(trails.T0 / 1000 + 60, UTC)
HOUR = 3_600_000
AT = trails.T0 // HOUR * HOUR
BARS = (
    Bar(AT, AT + HOUR, 1000, 1),
    Bar(AT + HOUR, AT + 2 * HOUR, 0, 0),
    Bar(AT + 2 * HOUR, AT + 3 * HOUR, 1, 1),
)


def drawn(found=BARS, **look):
    return list(event_chart.lines(found, output="table", drawing=Drawing(now=NOW, **look)))


def test_every_call_and_every_failure_is_seen():
    first, second, third, said = drawn()
    assert first.endswith("█▒ 1000, 1 failed")
    assert "█" not in second
    assert "0" not in second.partition(":")[2].removeprefix("00")
    assert third.endswith("  ▒ 1, 1 failed")
    assert said == "1001 calls, 2 failed; a line is 1 hour"


@pytest.mark.parametrize("width", [16, 20, 28, 40, 200])
def test_lines_are_no_longer_than_the_screen_is_wide(width):
    assert max(map(len, drawn(width=width))) <= width


def test_colour_and_ascii_are_asked_for():
    assert "\x1b" not in "".join(drawn())
    assert "\x1b[31m▒\x1b[0m" in drawn(colour=True)[0]
    assert all(line.isascii() for line in drawn(plain=True))
    assert "#x" in drawn(plain=True)[0]


def test_days_and_seconds_are_told_as_far_as_it_takes():
    day = 24 * HOUR
    assert drawn((Bar(AT, AT + day, 1, 0),))[0].startswith("2026-11-22  ")
    assert drawn((Bar(AT + 1000, AT + 2000, 1, 0),))[0].startswith("06:00:01")
    there = timezone(timedelta(hours=5, minutes=30))
    look = Drawing(now=NOW.astimezone(there))
    assert next(event_chart.lines(BARS[:1], output="table", drawing=look)).startswith("11:30 ")


def test_a_log_is_counted_from_its_first_call_to_its_last(tmp_path):
    trails.make(tmp_path, 12)
    with Reader(tmp_path) as reader:
        found = event_chart.bars(reader, Filter(), NOW)
        assert sum(bar.calls for bar in found) == 12
        assert event_chart.bars(reader, Filter(event_name=("Never",)), NOW) == ()
        # Up to now, where only a beginning was asked for.
        [*_, last] = event_chart.bars(reader, Filter(since=trails.T0), NOW + timedelta(hours=3))
    assert last.end > trails.T0 + 3 * HOUR


def test_programs_get_numbers():
    look = Drawing(now=NOW)
    found = json.loads("".join(event_chart.lines(BARS, output="json", drawing=look)))
    assert found["step"] == "1 hour"
    assert [bar["calls"] for bar in found["bars"]] == [1000, 0, 1]
    assert len(list(event_chart.lines(BARS, output="jsonl", drawing=look))) == 3
    assert next(iter(event_chart.lines(BARS, output="csv", drawing=look))) == "from,to,calls,errors"
    assert next(event_chart.lines(BARS, output="text", drawing=look)).endswith("\t1000\t1")
