"""What the process that matches answers to one line."""

import json

import pytest

from apitrail.reading.sql import match_worker


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [("^Get", "GetUser", True), ("^Get", "PutUser", False), ("\udc00", "a\udc00", True)],
)
def test_a_line_is_answered_by_a_line(pattern, text, found):
    line = match_worker.answer(json.dumps([pattern, text]).encode())
    assert line.endswith(b"\n")
    assert json.loads(line) is found


@pytest.mark.parametrize("pattern", ["(", "a{99999999999}", "(?:" * 20_000])
def test_what_cannot_be_compiled_is_said(pattern):
    assert isinstance(json.loads(match_worker.answer(json.dumps([pattern, "a"]).encode())), str)
