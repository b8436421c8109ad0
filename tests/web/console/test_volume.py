"""The bars of a chart."""

from __future__ import annotations

import pytest

import trails
from apitrail.evidence.bundle.watched import Unwatched
from apitrail.reading import histogram
from apitrail.web.console import volume

HOUR = 3_600_000
DAY = 24 * HOUR
START = 1_795_305_600_000  # a midnight in UTC


def test_every_call_is_in_one_bar_and_every_failure_is_a_call():
    times = [START + n * 7 * 60_000 for n in range(100)]
    made = volume.of(times, times[::5], since=times[0], until=times[-1] + 1)
    assert sum(bar.calls for bar in made.bars) == 100
    assert sum(bar.errors for bar in made.bars) == 20
    assert all(one.end == two.start for one, two in zip(made.bars, made.bars[1:], strict=False))


@pytest.mark.parametrize(
    ("span", "step"),
    [
        (30_000, "1 second"),
        (HOUR, "2 minutes"),
        (DAY, "30 minutes"),
        (30 * DAY, "1 day"),
        (400 * DAY, "7 days"),
    ],
)
def test_bars_are_as_long_as_people_say_and_not_too_many(span, step):
    made = volume.of([START], [], since=START, until=START + span)
    assert made.step == step
    assert 10 < len(made.bars) <= histogram.MOST + 1


def test_days_begin_at_midnight_where_the_reader_is():
    made = volume.of([START], [], since=START + HOUR, until=START + 30 * DAY, zone=2 * HOUR)
    assert made.bars[0].start == START - 2 * HOUR


def test_a_call_is_seen_beside_any_number_of_others():
    times = [*([START] * 100_000), START + 90_000]
    heights = [
        each["high"] for each in volume.of(times, [], since=START, until=times[-1] + 1).drawn()
    ]
    assert min(high for high in heights if high) == 2.0
    assert max(heights) == volume.HEIGHT


def test_gaps_lie_where_they_were():
    gap = Unwatched(START + 6 * HOUR, START + 12 * HOUR, "no recorder was running")
    made = volume.of([START, START + DAY], [], since=START, until=START + DAY, gaps=[gap])
    [band] = made.bands()
    assert band["x"] == pytest.approx(volume.WIDTH / 4, rel=0.05)
    assert band["wide"] == pytest.approx(volume.WIDTH / 4, rel=0.05)


def test_gaps_that_are_still_looked_for_are_not_called_none():
    made = volume.of([trails.T0], [], since=trails.T0, until=trails.T0 + 1, gaps=None)
    assert made.sought
    assert made.to_json()["unwatched"] is None
