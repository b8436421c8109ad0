from __future__ import annotations

import pytest

from apitrail.reading import histogram

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("span", "most", "step"),
    [
        (30_000, 24, "2 seconds"),
        (HOUR, 24, "5 minutes"),
        (HOUR, 60, "2 minutes"),
        (400 * 24 * HOUR, 24, "28 days"),
    ],
)
def test_a_bar_has_a_length_that_people_can_name(span, most, step):
    found = histogram.bars([0], (), since=0, until=span, most=most)
    assert histogram.step(found) == step
    assert len(found) <= most


def test_bars_begin_at_whole_units_of_a_zone():
    [first, *_] = histogram.bars(
        [1], [1], since=10 * HOUR + 1, until=34 * HOUR, zone=HOUR // 2, most=24
    )
    assert (first.start + HOUR // 2) % (2 * HOUR) == 0


def test_calls_and_failures_are_in_the_bar_of_their_time():
    found = histogram.bars([0, 999, 1000], [1000], since=0, until=5000, most=24)
    assert [(bar.calls, bar.errors) for bar in found[:2]] == [(2, 0), (1, 1)]
    assert found[1].to_json()["from"] == "1970-01-01T00:00:01.000Z"
    assert histogram.step(()) == "nothing"
