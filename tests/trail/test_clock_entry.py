import pytest

from apitrail.errors import FormatError
from apitrail.trail.clock_entry import Clock


def test_parse_and_what_are_inverses():
    assert Clock.parse(Clock(before=2, after=1).what()) == Clock(before=2, after=1)


def test_a_boolean_is_no_time():
    with pytest.raises(FormatError, match="malformed clock"):
        Clock.parse({"from": True, "to": 1})
