"""Answers by the page: how many items one has, and the token of the next."""

from __future__ import annotations

import json
from collections.abc import Iterable

from apitrail.codec import Json
from apitrail.errors import UsageError
from apitrail.web import paging
from apitrail.web.api_error import Fault
from apitrail.web.mcp.plain_data import ANSWER, plain, size
from apitrail.web.mcp.tool import Given, perhaps, text, whole

DEFAULT = 10
MOST = 50
# A page ends before its items are longer than this; one that is longer makes a page alone.
_PAGE = ANSWER // 2

TAKES = {
    "max_results": whole(f"How many to return at most (1 to {MOST}, default {DEFAULT}).", 1, MOST),
    "next_token": text("The next_token of the page before, with all other arguments as they were."),
}
RETURNS = {
    "next_token": perhaps(text("Pass it with the same arguments to get the next page; null at the end.")),
}  # fmt: skip


def _asked(given: Given) -> str:
    """What a token is bound to: the other arguments."""
    rest = {k: v for k, v in given.arguments.items() if k not in ("max_results", "next_token")}
    return paging.digest({"asked": json.dumps(rest, sort_keys=True)})


def start(given: Given) -> int | None:
    """Where the page begins, by its token; None for the first.

    Raises:
        UsageError: the token is of other arguments, or of nothing.
    """
    try:
        return paging.before(given.text("next_token"), _asked(given))
    except Fault as fault:
        raise UsageError(
            "next_token does not belong to these arguments",
            hint="give the arguments of the first page, or leave next_token out to start again",
        ) from fault


def page(
    items: Iterable[tuple[int, Json]], given: Given, *, most: int = DEFAULT
) -> tuple[list[Json], str | None]:
    """The items of a page, and the token of the next; each comes with its place."""
    limit = given.number("max_results", most)
    found: list[Json] = []
    last = length = 0
    for place, item in items:
        shown, _ = plain(item)
        length += size(shown)
        if found and (len(found) == limit or length > _PAGE):
            return found, paging.token(last, _asked(given))
        found.append(shown)
        last = place
    return found, None
