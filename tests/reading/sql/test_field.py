"""Fields of events by path."""

import pytest

from apitrail.reading.sql.field import at, cell


@pytest.mark.parametrize(
    ("path", "expected"),
    [("a.b", 1), ("a", {"b": 1}), ("a.c", None), ("x.y", None), ("a.b.c", None)],
)
def test_a_path_finds_a_value_or_nothing(path, expected):
    assert at({"a": {"b": 1}}, path) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, None), ("x", "x"), (1, 1), (1.5, 1.5), ({"a": [1]}, '{"a":[1]}'), ([1], "[1]")],
)
def test_a_cell_is_what_sqlite_has(value, expected):
    assert cell(value) == expected
