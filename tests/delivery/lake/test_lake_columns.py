"""A row says what the record says, typed, and where its entry is."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest

import delivering
from apitrail.delivery.lake import lake_columns
from apitrail.event import RECORD_TAGS, Event
from apitrail.trail.reader import Reader


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    trail = delivering.record(
        tmp_path_factory.mktemp("t") / "trail", [delivering.at(delivering.HOUR, 1)]
    )
    with Reader(trail) as source:
        [index] = [i for i in range(source.size) if source.entry(i).kind == "api"]
        link, facets = source.entry(index), source.facets(index, RECORD_TAGS)
    return lake_columns.row("example.com/log", link, facets), link, Event.parse(facets)


def test_a_row_has_every_column_and_its_entrys_place(made):
    row, link, _ = made
    assert tuple(row) == lake_columns.NAMES
    assert (row["log"], row["idx"], row["leaf_hash"]) == (
        "example.com/log",
        link.index,
        link.hash.hex(),
    )


def test_what_the_record_says_is_typed_and_what_is_nested_is_json(made):
    row, _, event = made
    record = event.record()
    assert row["eventtime"] == datetime.strptime(record["eventTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)  # fmt: skip
    assert row["readonly"] is record["readOnly"]
    assert json.loads(row["useridentity"]) == record["userIdentity"]
    assert row["useridentity_accesskeyid"] == record["userIdentity"]["accessKeyId"]
    assert row["eventname"] == record["eventName"]


def test_every_row_fits_the_schema(made):
    table = pa.table(lake_columns.columns_of([made[0]]), schema=lake_columns.schema())
    assert table.to_pylist() == [made[0]]
    assert all(name == name.lower() for name in table.schema.names)


def test_an_erased_call_is_of_its_entrys_time(made):
    _, link, _ = made
    row = lake_columns.row("log", link, {})
    assert row["eventtime"] == lake_columns.moment(link.time)
    assert row["eventname"] is None


@pytest.mark.parametrize(
    ("said", "column", "value"),
    [
        ({"readOnly": "yes"}, "readonly", None),
        ({"apiVersion": 20140328}, "apiversion", "20140328"),
        ({"errorMessage": "half \ud83d"}, "errormessage", "half \\ud83d"),
        ({"userIdentity": "odd"}, "useridentity_arn", None),
        ({"requestParameters": {"k": "é\ud83d"}}, "requestparameters", '{"k":"é\\ud83d"}'),
    ],
)
def test_whatever_a_record_says_has_a_value(said, column, value):
    assert lake_columns.of_record(said)[column] == value


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "soon", None])
def test_a_time_that_no_event_can_be_of_counts_as_none(said):
    assert lake_columns.happened({"eventTime": said}, 5) == 5
