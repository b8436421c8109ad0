"""The small texts of a bundle are read back as they were written, and strictly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.entry import TAGS
from apitrail.errors import FormatError
from apitrail.evidence.bundle.layout import (
    EARLIEST,
    LATEST,
    NAMES,
    Consistency,
    Opened,
    format_salts,
    opened,
    parse_json,
    parse_salts,
    tile,
)
from apitrail.evidence.bundle.manifest import Manifest, Range, filter_to_json, parse_filter
from apitrail.query import Filter

HASH = st.binary(min_size=32, max_size=32)
TEXTS = st.lists(st.text(min_size=1), min_size=1, max_size=3).map(tuple)
FILTERS = st.builds(
    Filter,
    event_name=TEXTS | st.just(()),
    username=TEXTS | st.just(()),
    resource_name=TEXTS | st.just(()),
    error=st.none() | st.just(value=True) | st.text(),
    read_only=st.none() | st.booleans(),
    since=st.none() | st.integers(EARLIEST, LATEST - 1),
    until=st.none() | st.integers(EARLIEST, LATEST - 1),
)


@given(st.dictionaries(st.sampled_from(TAGS), HASH))
def test_salts(salts: dict[str, bytes]) -> None:
    assert parse_salts(format_salts(salts), "salts") == salts


@given(st.integers(0, 9**9), st.integers(0, 9**9), st.lists(HASH, max_size=4).map(tuple))
def test_consistency_proofs(old: int, new: int, hashes: tuple[bytes, ...]) -> None:
    proof = Consistency(old, new, hashes)
    assert Consistency.parse(str(proof).encode()) == proof


@given(st.integers(0, 9**9), st.dictionaries(st.sampled_from(TAGS), st.tuples(HASH, st.binary())))
def test_opened_facets(index: int, facets: dict[str, tuple[bytes, bytes]]) -> None:
    line = Opened(index, facets)
    assert Opened.parse(line.line) == line


@given(FILTERS)
def test_filters(where: Filter) -> None:
    assert parse_filter(filter_to_json(where)) == where


@given(FILTERS, st.booleans())
def test_manifests(where: Filter, whole: bool) -> None:
    manifest = Manifest(
        version="1", origin="o", size=9, where=where, selected=(1, 4),
        range=Range(1, 8, ("who", "what")) if whole else None,
    )  # fmt: skip
    assert Manifest.parse(bytes(manifest)) == manifest


@pytest.mark.parametrize(
    "text",
    [
        "", "apitrail.consistency@v1\n", "apitrail.consistency@v2\nold 1\nnew 2\n",
        "apitrail.consistency@v1\nold 01\nnew 2\n", "apitrail.consistency@v1\nold 1\nnew 2",
        "apitrail.consistency@v1\nold 1\nnew 2\nAAAA\n", "apitrail.consistency@v1\nnew 1\nold 2\n",
    ],
)  # fmt: skip
def test_malformed_consistency_proofs(text: str) -> None:
    with pytest.raises(FormatError, match=r"malformed|not a canonical|bytes instead of 32"):
        Consistency.parse(text.encode())


@pytest.mark.parametrize(
    "line",
    [
        b"", b"[]", b"{}", b'{"index":1}', b'{"index":1,"facets":{"x":{}}}',
        b'{"index":1,"facets":{"who":{"salt":"AA==","content":""}}}',
        b'{"index":1,"index":2,"facets":{}}', b"\xff", b'{"index":1,"facets":{"who":[]}}',
    ],
)  # fmt: skip
def test_malformed_lines_of_opened_facets(line: bytes) -> None:
    with pytest.raises(FormatError):
        Opened.parse(line)


@pytest.mark.parametrize("data", [b'{"a":1,"a":2}', b"{", b"\xff", b"[" * 10**5])
def test_json_that_readers_could_differ_on(data: bytes) -> None:
    with pytest.raises(FormatError, match=r"it is not JSON|said twice"):
        parse_json(data, "it")


@pytest.mark.parametrize(
    "values",
    [{"since": "1"}, {"since": True}, {"since": 10**15}, {"until": -(10**15)}, {"read_only": 1}, {"error": False}, {"username": []},
     {"username": "a"}, {"username": [1]}],
)  # fmt: skip
def test_malformed_filters(values: dict[str, object]) -> None:
    with pytest.raises(FormatError, match="malformed filter"):
        parse_filter(values)


def test_names_of_ranges() -> None:
    assert opened(700) == "range/opened/512.jsonl"
    assert tile(700, 701) == "tile/entries/002.p/189"
    assert tile(255_999, 10**6) == "tile/entries/999"
    assert tile(256_256, 10**6) == "tile/entries/x001/001"
    assert NAMES.fullmatch("tile/entries/x001/001.p/7")


@pytest.mark.parametrize("name", ["x", "events/01/leaf.json", "events/1/facets/X", "checkpoints/x"])
def test_names_that_no_bundle_holds(name: str) -> None:
    assert not NAMES.fullmatch(name)
