"""A page's URL is its state: from a query and back."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from apitrail.errors import UsageError
from apitrail.web.console.url_state import UrlState, place


@pytest.mark.parametrize(
    "query",
    [
        "event-name=Create*&event-name=Get&username=a%26b&label=k%3Dv&error=*&since=2h",
        "columns=time,event&rows=20&before=41",
        "kind=rate",
        "resource-name=arn:aws:s3:::a/b&count=all",
    ],
)
def test_what_it_says_is_what_it_is_made_of(query):
    pairs = parse_qsl(query)
    href = UrlState.parse(pairs).href("/x")
    assert sorted(parse_qsl(urlsplit(href).query)) == sorted(pairs)


def test_what_is_empty_or_said_twice_is_left_out():
    state = UrlState.parse([("since", ""), ("username", " a "), ("username", "a"), ("columns", "")])
    assert state.href() == "/?username=a"
    assert UrlState.parse([]).href() == "/"


def test_another_question_begins_at_its_first_page():
    state = UrlState.parse([("username", "a"), ("before", "9")])
    assert state.having("username", "b").href() == "/?username=b"
    assert state.without("username", "a").href() == "/"
    assert state.at(3).href() == "/?username=a&before=3"


@pytest.mark.parametrize(
    "pair", [("before", "-1"), ("rows", "many"), ("before", "9" * 20), ("x", "1")]
)
def test_what_it_cannot_be_is_refused(pair):
    with pytest.raises(UsageError):
        UrlState.parse([pair])


def test_there_is_an_end_to_the_rows_of_a_page():
    assert UrlState.parse([("rows", "100000")]).rows == 100


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Mary", "/who/Mary"),
        ("a/b c", "/who/a%2Fb%20c"),
        ("x.json", "/who/x.json.html"),
        ("x.html", "/who/x.html.html"),
        ("arn:aws:iam::1:user/x", "/who/arn:aws:iam::1:user%2Fx"),
    ],
)
def test_every_name_has_a_path(name, path):
    assert place("who", name) == path
