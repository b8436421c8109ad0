"""Pages and their tokens."""

import pytest

from apitrail.errors import UsageError
from apitrail.web.mcp import pages
from apitrail.web.mcp.tool import Given


def numbered(count, text="x"):
    return ((place, {"text": text}) for place in range(count))


def test_a_page_has_as_many_as_were_asked_for_and_a_token_if_there_are_more():
    found, token = pages.page(numbered(3), Given({"max_results": 3}))
    assert (len(found), token) == (3, None)
    found, token = pages.page(numbered(4), Given({"max_results": 3}))
    assert len(found) == 3
    assert pages.start(Given({"max_results": 1, "next_token": token})) == 2


def test_a_page_ends_before_it_is_too_long_for_a_model():
    found, token = pages.page(numbered(10, "x" * 6_000), Given({}))
    assert 1 < len(found) < 5
    assert token is not None


def test_an_item_that_is_too_long_makes_a_page_alone_and_is_cut():
    found, token = pages.page(numbered(2, "x" * 1_000_000), Given({}))
    assert len(found) == 1
    assert len(str(found)) < 50_000
    assert token is not None


@pytest.mark.parametrize("token", ["x", "AAAA", "MTIz", "é"])
def test_a_token_of_nothing_is_refused(token):
    with pytest.raises(UsageError, match="next_token does not belong"):
        pages.start(Given({"next_token": token}))


def test_a_token_is_for_the_arguments_of_its_page():
    _, token = pages.page(numbered(2), Given({"max_results": 1, "sql": "a"}))
    with pytest.raises(UsageError, match="next_token does not belong"):
        pages.start(Given({"next_token": token, "sql": "b"}))
