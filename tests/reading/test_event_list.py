"""Lists of events."""

import json

import pytest

import trails
from apitrail.errors import UsageError
from apitrail.query import Filter
from apitrail.reading import event_list
from apitrail.trail.reader import Reader


@pytest.fixture
def reader(tmp_path):
    with Reader(trails.make(tmp_path / "trail", 6)) as reader:
        yield reader


def test_the_newest_run_is_the_one_that_was_started_last(reader):
    assert event_list.resolve(reader, Filter(run=("last",))).run == ("run0",)
    assert event_list.resolve(reader, Filter(run=("other",))).run == ("other",)


def test_events_are_presented_in_the_order_they_are_given_in(reader):
    indexes = list(reader.select(Filter(), limit=2))
    lines = list(event_list.present(reader, indexes, output="jsonl"))
    assert [json.loads(line)["eventName"] for line in lines] == ["DeleteUser", "GetUser"]


def test_a_query_that_is_none_is_refused():
    assert event_list.compile_query(None) is None
    with pytest.raises(UsageError, match="not a JMESPath expression"):
        event_list.compile_query("[[[")
