from __future__ import annotations

import pytest

from apitrail.errors import UsageError
from apitrail.insights.thresholds import HOUR, Thresholds
from watched import AFTER, call, routine, starts


def test_numbers_and_durations_are_read():
    found = Thresholds.parse({"first_seen": 9, "memory": "2h", "retries": 7})
    assert (found.first_seen, found.memory, found.retries) == (9, 2 * HOUR, 7)


@pytest.mark.parametrize(
    ("table", "match"),
    [
        ({"firstseen": 1}, "unknown threshold 'firstseen'"),
        ({"retries": 1.5}, "retries cannot be 1.5"),
        ({"retries": True}, "retries cannot be True"),
        ({"first_seen": -1}, "first_seen cannot be -1"),
        ({"memory": 5}, "memory cannot be 5"),
        ({"memory": "soon"}, "not a duration"),
        ([], "not a table"),
    ],
)
def test_what_is_not_understood_is_refused(table, match):
    with pytest.raises(UsageError, match=match):
        Thresholds.parse(table)


def test_they_decide():
    attack = [call(AFTER, "StopLogging", service="cloudtrail")]
    assert not starts(routine(9), attack, thresholds=Thresholds.parse({"first_seen": 30.0}))
