"""Lists in headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.aws.read import commalist


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("a", ["a"]),
        ("a,b , c", ["a", "b", "c"]),
        ("", [""]),
        ("a,,b", ["a", "", "b"]),
        ('"b,c", "\\"def\\"", a', ["b,c", '"def"', "a"]),
        ('x"y, z', ['x"y', "z"]),
        ('"open, a', ['"open', "a"]),
        ('"a\\\\", b', ["a\\", "b"]),
    ],
)
def test_items(text, items):
    assert commalist.items(text) == items


def test_dates_hold_a_comma_of_their_own():
    text = "Mon, 16 Dec 2019 23:48:18 GMT, Tue, 17 Dec 2019 00:00:00 GMT"
    assert commalist.dates(text) == [
        "Mon, 16 Dec 2019 23:48:18 GMT",
        "Tue, 17 Dec 2019 00:00:00 GMT",
    ]
    assert commalist.dates("2019-12-16T23:48:18Z,1576540098") == [
        "2019-12-16T23:48:18Z",
        "1576540098",
    ]


@given(st.lists(st.text(st.characters(codec="ascii", exclude_categories=["Cc"])), min_size=1))
def test_quoted_items_come_back(items):
    escaped = (item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    assert commalist.items(", ".join(f'"{item}"' for item in escaped)) == items
