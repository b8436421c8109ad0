"""How long entries took, and how long the oldest waits."""

from __future__ import annotations

import pytest

from apitrail.errors import RecordingError
from apitrail.recording.commits import BOUNDS, Commits


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def refuse(clock: Clock) -> None:
    """A disk that takes a second to say that it is full."""
    clock.now += 1
    raise RecordingError("full")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def commits(clock):
    return Commits(clock)


def test_each_entry_falls_into_the_bucket_of_its_time(commits, clock):
    for took in (0.0005, BOUNDS[0], 0.02, 60):
        with commits.timed("x"):
            clock.now += took
    counted = dict(commits.buckets)
    # 100 + 0.001 - 100 is a little more than 0.001.
    assert counted["0.0025"] == 2
    assert (counted["0.01"], counted["0.025"], counted["10.0"]) == (2, 3, 3)
    assert counted["+Inf"] == 4
    assert commits.seconds == pytest.approx(60.0215)


def test_the_oldest_that_waits_is_the_lag(commits, clock):
    assert commits.lag(0) == 0
    with commits.timed("old"):
        clock.now += 2
        with commits.timed("new"):
            clock.now += 1
            assert commits.lag(0) == 3
        assert commits.lag(0) == 3
    assert commits.lag(0) == 0


def test_what_is_owed_waits_until_the_next_is_written(commits, clock):
    for _ in range(2):
        with pytest.raises(RecordingError), commits.timed("x"):
            refuse(clock)
    clock.now += 5
    assert commits.lag(2) == 7
    with commits.timed("y"):
        pass
    assert commits.lag(0) == 0
    assert dict(commits.buckets)["+Inf"] == 1


def test_what_was_owed_long_ago_is_no_lag_of_today(commits, clock):
    with pytest.raises(RecordingError), commits.timed("x"):
        raise RecordingError("full")
    with commits.timed("y"):
        pass
    clock.now += 50
    with pytest.raises(RecordingError), commits.timed("z"):
        raise RecordingError("full")
    assert commits.lag(1) == 0
