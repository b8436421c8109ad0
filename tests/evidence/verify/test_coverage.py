"""When a recorder was watching, by what it said itself."""

from __future__ import annotations

import pytest

from apitrail.evidence.verify import Finding, Verdict
from apitrail.evidence.verify.coverage import INTERVAL, MISSED, read
from apitrail.evidence.verify.segment import Book
from apitrail.trail.statements import Close, Gap, Open

START = Book(0, 1_000, Open(configuration={"heartbeat": 2}))


def test_silence_is_stale_after_two_intervals_as_promised():
    covered = read([START], [5_000])
    covered.check_fresh(9_000)
    with pytest.raises(Finding, match="promised a heartbeat every 2 s") as raised:
        covered.check_fresh(9_001)
    assert raised.value.verdict is Verdict.STALE


def test_a_start_without_a_promise_has_the_usual_one():
    covered = read([Book(0, 1_000, Open())], [])
    covered.check_fresh(1_000 + MISSED * INTERVAL)
    with pytest.raises(Finding, match="was last heard of"):
        covered.check_fresh(1_001 + MISSED * INTERVAL)


def test_after_a_stop_nobody_is_waited_for():
    read([START, Book(1, 2_000, Close())], []).check_fresh(10**12)


def test_a_start_after_a_start_was_a_crash():
    again = Book(3, 3_000, Open())
    assert read([START, again], []).crashes == 1
    assert read([START, Book(2, 2_000, Close()), again], []).crashes == 0


def test_a_gap_that_holds_no_checkpoint_is_a_finding():
    with pytest.raises(Finding, match="entry 4: malformed gap"):
        read([Book(4, 4_000, Gap(("no note",)))], [])
