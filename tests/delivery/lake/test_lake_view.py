"""The statement that makes a lake's table `events`."""

from __future__ import annotations

import duckdb
import pytest

from apitrail.delivery.lake import lake_view
from apitrail.delivery.lake.dialects import ALWAYS, Period
from apitrail.errors import UsageError

NOON = 1_795_780_800_000


def test_a_period_and_a_log_are_conditions_on_every_question():
    text = lake_view.view("files", (), Period(NOON), "it's.example/log")
    assert "WHERE eventday >= '20261127' AND eventTime >= '2026-11-27T12:00:00Z'" in text
    assert text.endswith("AND log = 'it''s.example/log'")
    assert "WHERE" not in lake_view.view("files", (), ALWAYS, None)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("requestParameters.a.b", "1"),
        ("requestParameters.a.c", '["x","y"]'),
        ("requestParameters.l.k", '["1","2"]'),
        ("requestParameters.l.m", "only"),
        ("requestParameters.none", None),
        ("requestParameters.it's", "quoted"),
        ('requestParameters.say "x"', "double"),
        ("responseElements.any", None),
    ],
)
def test_a_path_is_a_column_whatever_it_leads_through(path, found):
    asked = """{"a": {"b": 1, "c": ["x", "y"]}, "l": [{"k": "1"}, {"k": "2", "m": "only"}], "it's": "quoted", "say \\"x\\"": "double"}"""
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE files AS SELECT * FROM " + lake_view.nothing())
        connection.execute(
            "INSERT INTO files(requestparameters, responseelements) VALUES (?, 'no JSON')", [asked]
        )
        connection.execute(lake_view.view("files", (path,), ALWAYS, None))
        name = path.replace('"', '""')
        assert connection.execute(f'SELECT "{name}" FROM events').fetchall() == [(found,)]


def test_a_record_as_a_whole_is_not_in_a_lake():
    with pytest.raises(UsageError, match="no column 'record'"):
        lake_view.view("files", ("record",), ALWAYS, None)
