"""The policy that calls needed: these actions on these resources, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request

from apitrail.errors import UsageError
from apitrail.event import RECORD_TAGS
from apitrail.policy import document, needed
from apitrail.policy.kept_call import KeptCall
from apitrail.policy.least import statements
from apitrail.reading import event_list
from apitrail.web.console.console import Console
from apitrail.web.console.page import Page
from apitrail.web.console.url_state import UrlState

# It is written from the newest calls that match, so that a page need not wait for all of a log.
CALLS = 2_000


def show(console: Console, request: Request) -> Page:
    """Of the calls that the URL asks for, as Event history does.

    Raises:
        UsageError: they needed nothing.
    """
    state = UrlState.parse(request.query_params.multi_items())
    with console.source() as source:
        where = event_list.resolve(source, state.filter(console.now()))
        found = list(source.select(where, limit=CALLS + 1))
        events = (
            (index, KeptCall.parse(source.facets(index, RECORD_TAGS)))
            for index in found[:CALLS][::-1]
        )
        needs = needed.needs(events)
    written = document.documents(statements(needs))
    if not written:
        raise UsageError("no call here needed anything", hint="Event history lists the calls")
    shown = {
        "policies": written, "calls": needs.calls, "all": len(found) <= CALLS,
        "uses": len(needs.counts), "refused": needs.denied, "untold": dict(needs.untold),
    }  # fmt: skip
    helpers: Mapping[str, object] = {
        "text": document.as_json(written), "needs": needs, "chips": state.words, "most": CALLS,
        "back": state.href(),
    }  # fmt: skip
    return Page(
        template="policy.html", title="The policy that was needed", shown=shown, helpers=helpers,
        command=state.command("policy"),
    )  # fmt: skip
