"""What is recorded, made fit for a model."""

import json

import pytest

from apitrail.web.mcp.plain_data import ANSWER, members, plain, texts


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"), ("a\u202eb", "a\\x202eb"), ("a\nb", "a\\x0ab"), ("\ud800", "\\xd800"),
        ({"k\x07": ["\x00", None, True, 1.5]}, {"k\\x07": ["\\x00", None, True, 1.5]}), (b"\x01\xff", "01ff"), ("zoë", "zoë"),
    ],
)  # fmt: skip
def test_control_characters_are_shown_and_not_sent(value, shown):
    assert plain(value) == (shown, False)


@pytest.mark.parametrize(
    "value",
    ["x" * 1_000_000, ["y" * 100] * 10_000, {str(n): "z" * 50 for n in range(10_000)}, [[["x" * 9_000] * 50] * 50] * 50],
)  # fmt: skip
def test_what_is_too_long_is_cut_and_says_so(value):
    found, cut = plain(value)
    assert cut
    assert len(json.dumps(found)) <= ANSWER


def test_what_is_too_deep_is_cut():
    value: object = "x"
    for _ in range(500):
        value = [value]
    found, cut = plain(value)
    assert cut
    assert "…" in json.dumps(found, ensure_ascii=False)


def test_objects_and_lines():
    assert members({"a\t": 1}) == {"a\\x09": 1}
    assert texts(["a\rb"]) == ["a\\x0db"]
