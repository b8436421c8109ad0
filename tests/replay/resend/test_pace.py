"""When a call is due."""

from apitrail.replay.resend.pace import Pace


def test_at_once_unless_told():
    slept = []
    pace = Pace(None, clock=lambda: 0.0, sleep=slept.append)
    pace.wait(1000)
    pace.wait(9000)
    assert slept == []


def test_as_far_apart_as_recorded_or_so_many_times_faster():
    slept = []
    pace = Pace(10, clock=lambda: 0.0, sleep=slept.append)
    pace.wait(1000)
    pace.wait(6000)
    assert slept[-1] == 0.5
