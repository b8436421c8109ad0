"""Arguments as a tool reads them."""

import pytest

from apitrail.errors import UsageError
from apitrail.web.mcp import tool
from apitrail.web.mcp.tool import Given


def test_arguments_are_read_by_their_kind():
    given = Given({"a": "x", "empty": "", "n": 3.0, "yes": True, "no": False})
    assert (given.text("a"), given.text("empty"), given.text("b")) == ("x", None, None)
    assert (given.number("n", 7), given.number("m", 7)) == (3, 7)
    assert (given.flag("yes"), given.flag("no"), given.flag("a")) == (True, False, False)


def test_what_must_be_there_is_not_empty():
    with pytest.raises(UsageError, match="empty is empty"):
        Given({"empty": ""}).needed("empty")


def test_schemas():
    assert tool.perhaps(tool.text("x")) == {"type": ["string", "null"], "description": "x"}
    assert tool.whole("x", 1, 5)["maximum"] == 5
