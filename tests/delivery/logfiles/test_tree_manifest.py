"""What a tree consists of, as its manifest says it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import delivering
from apitrail.delivery.logfiles.store import Store
from apitrail.delivery.logfiles.tree_manifest import Manifest, format_indexes, parse_indexes
from apitrail.errors import FormatError
from delivering import HOUR, MINUTE


@pytest.fixture
def trail(tmp_path):
    return tmp_path / "trail"


@given(st.sets(st.integers(0, 500)))
def test_indexes_are_written_and_read(indexes):
    rising = tuple(sorted(indexes))
    assert parse_indexes(format_indexes(rising)) == rising


@pytest.mark.parametrize("text", ["3-1", "1,1", "2,1", "x", "1-", "-1", "0-99999999999"])
def test_indexes_that_are_none(text):
    with pytest.raises(FormatError, match="malformed indexes"):
        parse_indexes(text)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"version":2}', b"[" * 99_999])
def test_what_is_no_manifest(data):
    with pytest.raises(FormatError, match="malformed manifest"):
        Manifest.parse(data)


def test_a_manifest_is_read_as_it_was_written(trail):
    delivering.record(trail, [delivering.at(HOUR, 1)])
    made = Store.local(trail).close_up(HOUR + MINUTE)
    assert Manifest.parse(made.dump()) == made
