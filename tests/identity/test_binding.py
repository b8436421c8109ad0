"""What a call taught of a key, as the log keeps it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apitrail import codec
from apitrail.errors import FormatError
from apitrail.identity import Binding
from callers import ACCOUNT, ALICE, binding

FULL = binding("AKIA1", source="sts:GetCallerIdentity", arn=ALICE, account=ACCOUNT, expires_at=9)


def written(of: Binding = FULL) -> Any:
    return json.loads(json.dumps(codec.encode(of)))


@pytest.mark.parametrize("each", [FULL, binding(None), binding("AKIA1")])
def test_it_is_read_as_it_was_written(each):
    assert Binding.parse(written(each)) == each


@pytest.mark.parametrize(
    ("source", "authoritative"),
    [("sts:GetCallerIdentity", True), ("iam:CreateAccessKey", False), ("sts:AssumeRole", False)],
)
def test_only_awss_answer_about_the_caller_itself_is_its_word(source, authoritative):
    assert binding(source=source).authoritative is authoritative


@pytest.mark.parametrize("data", [
    None, [], {}, written() | {"more": 1}, written() | {"learned_at": -1},
    written() | {"source": None}, {k: v for k, v in written().items() if k != "source"},
])  # fmt: skip
def test_what_it_would_not_have_written_is_refused(data):
    with pytest.raises(FormatError):
        Binding.parse(data)
