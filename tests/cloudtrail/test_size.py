"""CloudTrail's limits: fields that are too large give way to a notice, texts are cut."""

from __future__ import annotations

import json

import pytest

from apitrail.cloudtrail import size


@pytest.mark.parametrize("text", ["x", "\x7f", "é", "€", "😀", "\x00", '"', "\ud800"])
def test_a_field_of_the_limit_s_size_stays_and_one_byte_more_does_not(text):
    value = {"a": [text * 50, 1, True, None, {"b": 1e300}]}
    exact = len(json.dumps(value, separators=(",", ":")))
    assert size.limited("requestParameters", value, exact) is value
    assert size.limited("requestParameters", value, exact - 1) == {
        "reason": "requestParameters too large",
        "omitted": True,
        "originalSize": exact,
    }


@pytest.mark.parametrize("value", [None, {}])
def test_nothing_stays_nothing(value):
    assert size.limited("responseElements", value, 0) is value


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        (None, None),
        ("short", "short"),
        ("x" * 1024, "x" * 1024),
        ("x" * 1025, "x" * 1024),
        ("x" + "é" * 600, "x" + "é" * 511),
    ],
)
def test_a_text_is_cut_at_a_character_s_edge(text, cut):
    assert size.cut(text) == cut
