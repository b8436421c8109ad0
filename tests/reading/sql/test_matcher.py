"""Patterns in a process of their own, which ends when the question must."""

import threading

import pytest

from apitrail.errors import UsageError
from apitrail.reading.sql.matcher import Matcher, Patience

YEARS = ("(a+)+$", "a" * 64 + "!")


def test_patterns_are_pythons():
    matcher = Matcher(Patience.of(60, None))
    assert [matcher.search("^Get", name) for name in ("GetUser", "PutUser", "Get\n")] == [True, False, True]  # fmt: skip
    with pytest.raises(UsageError, match=r"not a regular expression: '\('"):
        matcher.search("(", "a")
    matcher.close()


def test_time_that_is_over_ends_a_match_that_would_take_years():
    matcher = Matcher(Patience.of(0.2, None))
    with pytest.raises(UsageError, match="took too long"):
        matcher.search(*YEARS)


def test_being_stopped_ends_it_too():
    stop = threading.Event()
    matcher = Matcher(Patience.of(None, stop))
    assert matcher.search("a", "a")
    stop.set()
    with pytest.raises(UsageError, match="took too long"):
        matcher.search(*YEARS)


def test_a_question_without_an_end_needs_no_process():
    assert Patience.of(None, None).is_endless
    assert not Patience.of(None, threading.Event()).is_endless
    assert not Patience.of(0, None).is_endless
