"""The table of a lake, and tables and catalogs that are none."""

from __future__ import annotations

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.schema import Schema

from apitrail.delivery.lake import iceberg_table, lake_columns
from apitrail.errors import UsageError


def opened(tmp_path, catalog=None, **about):
    catalog = catalog or f"sqlite:///{tmp_path}/catalog.db"
    about = {"name": "apitrail.events", "location": f"file://{tmp_path}/lake"} | about
    return iceberg_table.open_table(catalog, properties={}, **about)


def test_its_columns_are_those_of_the_files(tmp_path):
    made = opened(tmp_path).table
    assert made.schema().column_names == list(lake_columns.NAMES)
    assert (
        made.schema().as_arrow().field("eventtime").type
        == lake_columns.schema().field("eventtime").type
    )
    assert str(made.spec().fields[0]) == "1000: eventday: day(3)"
    assert opened(tmp_path).names() == set()


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"name": "events"}, "not a table's name: 'events'"),
        ({"catalog": "nosuch"}, "no catalog 'nosuch' is configured"),
        ({"catalog": "sqlite:////nosuch/dir/catalog.db"}, "cannot open 'sqlite:////nosuch"),
    ],
)
def test_what_cannot_be_opened_is_said_in_one_line(tmp_path, monkeypatch, about, says):
    monkeypatch.setenv("PYICEBERG_HOME", str(tmp_path))
    with pytest.raises(UsageError, match=says) as raised:
        opened(tmp_path, **about)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "about",
    [
        {"type": "rest", "uri": "http://127.0.0.1:1"},
        {"type": "nosuch", "uri": "x"},
        {"type": "hive", "uri": "thrift://127.0.0.1:1"},
        {"type": "glue", "uri": "x", "glue.profile-name": "nosuch"},
    ],
)
def test_a_catalog_that_is_not_reached_is_said_in_one_line(tmp_path, monkeypatch, about):
    monkeypatch.setenv("NO_PROXY", "*")
    with pytest.raises(UsageError, match="cannot open 'elsewhere'") as raised:
        iceberg_table.open_table("elsewhere", location=f"file://{tmp_path}", properties=about)
    assert "\n" not in str(raised.value)


def test_a_table_of_others_is_left_alone(tmp_path):
    catalog = SqlCatalog(
        "apitrail", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=f"file://{tmp_path}"
    )
    catalog.create_namespace("apitrail")
    catalog.create_table("apitrail.events", Schema())
    with pytest.raises(UsageError, match="was not made by `apitrail lake commit`"):
        opened(tmp_path)
