"""Escapes undone, and where in the text each character came from."""

import base64
import gzip

import pytest

from apitrail.redact import decoding


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a%3Db", "a=b"),
        ("a%253Db", "a%3Db"),
        ("gr%C3%BCn!", "grün!"),
        ('\\"a\\"', '"a"'),
        ("a\\u0026b", "a&b"),
        ("a&amp;b&#x3D;", "a&b="),
        ("a\\nb", "a\nb"),
    ],
)
def test_one_level_is_undone(text, plain):
    assert decoding.unescaped(text).text == plain


def test_each_character_knows_its_place():
    text = "gr%C3%BCn%26x\\u0026y&amp;z"
    decoded = decoding.unescaped(text)
    for at, character in enumerate(decoded.text):
        start, end = decoded.span(at, at + 1)
        assert decoding.unescaped(text[start:end] + "%20").text == character + " "


@pytest.mark.parametrize("text", ["plain", "100%", "a=b&c=d"])
def test_without_escapes_there_is_nothing(text):
    assert decoding.unescaped(text) is None


def test_base64_is_read_where_it_holds_text():
    inside = "export TOKEN=a-value-of-it"
    plain, packed = (
        base64.b64encode(each).decode()
        for each in (inside.encode(), gzip.compress(inside.encode()))
    )
    assert [each[2] for each in decoding.coded(f"x: {plain}, {packed}")] == [inside, inside]
    assert list(decoding.coded(base64.b64encode(bytes(range(128, 200))).decode())) == []


def test_spans_that_overlap_become_one():
    spans = [(5, 9, b"c"), (0, 4, b"a"), (2, 8, b"b"), (9, 9, b"")]
    assert decoding.merged(spans) == [(0, 9, b"b")]
