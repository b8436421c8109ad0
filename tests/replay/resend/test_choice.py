"""Which calls are sent again."""

import pytest

import trails
from apitrail.errors import UsageError
from apitrail.query import Filter
from apitrail.replay.resend.choice import choose
from apitrail.trail.reader import Reader


@pytest.fixture
def reader(tmp_path):
    with Reader(trails.make(tmp_path / "trail", 6)) as reader:
        yield reader


def test_those_that_match_in_the_order_they_were_made(reader):
    assert choose(reader, Filter(event_name=("CreateUser",))) == [2, 5]


def test_those_with_these_ids(reader):
    ids = ("00000000-0000-0000-0000-000000000003", "00000000-0000-0000-0000-000000000001")
    assert choose(reader, Filter(), ids) == [2, 4]


def test_ids_and_a_filter_are_two_questions(reader):
    with pytest.raises(UsageError, match="two questions"):
        choose(reader, Filter(event_name=("X",)), ("0000",))
