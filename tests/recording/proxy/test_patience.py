"""The stages of a connection, and when its client is too slow in each; no clock runs here."""

from __future__ import annotations

from apitrail.recording.limits import Limits
from apitrail.recording.proxy.patience import Doors, Due, Pace

LIMITS = Limits(header=30, idle=60, body=50)


def test_a_head_is_timed_from_its_first_byte_however_it_trickles() -> None:
    pace = Pace(LIMITS, idle=0)
    assert pace.due() == Due(60, "idle")
    for second in range(10, 20):
        pace.received(second)
    assert pace.due() == Due(40, "header")


def test_each_piece_of_a_body_gives_time() -> None:
    pace = Pace(LIMITS, idle=0)
    pace.headed("a", 1)
    pace.received(20)
    assert pace.due() == Due(70, "body")


def test_who_waits_for_an_answer_may_be_silent() -> None:
    pace = Pace(LIMITS, idle=0)
    pace.headed("a", 1)
    pace.whole("a", 2)
    assert pace.due() is None
    pace.over("a", 900)
    assert pace.due() == Due(960, "idle")


def test_an_answer_before_the_end_of_the_body_ends_nothing_yet() -> None:
    pace = Pace(LIMITS, idle=0)
    pace.headed("a", 1)
    pace.over("a", 2)
    assert pace.due() == Due(51, "body")
    pace.whole("a", 3)
    assert pace.due() == Due(63, "idle")


def test_in_http2_a_stalled_body_is_not_kept_alive_by_other_frames() -> None:
    pace = Pace(LIMITS, idle=0)
    pace.settled(0, framed=True)
    pace.headed("a", 1)
    pace.received(40)  # a ping, or another stream
    assert pace.due() == Due(51, "body")
    pace.more("a", 41)
    assert pace.due() == Due(91, "body")


def test_pings_between_requests_are_no_heads() -> None:
    pace = Pace(LIMITS, idle=0)
    pace.settled(0, framed=True)
    pace.received(5)
    assert pace.due() == Due(60, "idle")


def test_time_in_which_the_recorder_does_not_read_is_not_the_clients() -> None:
    pace = Pace(LIMITS, idle=0)
    pace.headed("a", 0)
    pace.wait(10)
    pace.wait(11)
    pace.go_on(12)
    assert pace.due() is None
    pace.go_on(30)
    assert pace.due() == Due(70, "body")


def test_doors_count_each_address_apart_and_forget_who_left() -> None:
    doors = Doors(Limits(connections=1))
    here, there = "10.0.0.1", "10.0.0.2"
    with doors.entered(here) as first, doors.entered(here) as second, doors.entered(there) as other:
        assert (first, second, other) == (True, False, True)
    assert doors.inside == {}


def test_time_in_which_the_recorder_stood_still_is_not_the_clients() -> None:
    pace = Pace(LIMITS, idle=0)
    pace.headed("a", 1)
    pace.forgive(600)
    assert pace.due() == Due(651, "body")
