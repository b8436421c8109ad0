"""Calls that wait for an approval, the forms that decide them, and how earlier ones were decided."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.requests import Request

from apitrail.codec import Json
from apitrail.errors import Error, UsageError
from apitrail.evidence import maintenance
from apitrail.reading import approval_list
from apitrail.trail import approval_link
from apitrail.trail.keys import Keys
from apitrail.web.console.console import Console
from apitrail.web.console.page import Page

# Tickets of the past that are shown, from so many milliseconds ago on.
SHOWN = 50
RECENT = 30 * 86_400_000
VERDICTS = ("approve", "deny")


def show(console: Console, _request: Request) -> Page:
    """What waits, and what was decided."""
    now = console.served.clock()
    with console.source() as source:
        waiting = approval_list.waiting(source, console.served.path, now)
        known = {str(each["ticket"]) for each in waiting}
        past = approval_list.past(source, now, max(0, now - RECENT))
    over = [each for each in past if str(each["ticket"]) not in known]
    return Page(
        template="approvals.html", title="Approvals",
        shown={"waiting": waiting, "past": over},
        helpers={"waiting": [_row(each) for each in waiting], "past": [_row(each) for each in over[:SHOWN]],
                 "more": max(0, len(over) - SHOWN)},
        command="apitrail approvals",
    )  # fmt: skip


def decide(console: Console, form: Mapping[str, str]) -> str:
    """Approve or deny a ticket; the page of all of them is next.

    Raises:
        UsageError: it is of a bundle, or it cannot be decided.
    """
    _decide(console, form.get("ticket", ""), form, "console")
    return "/approvals"


def linked(console: Console, request: Request) -> Page:
    """The page that a link opens: one call, and two buttons. Looking at it decides nothing."""
    token = str(request.path_params["token"])
    try:
        return _linked(console, token)
    except Error as error:
        return refused(error)


def refused(error: Error) -> Page:
    """What a link cannot do, on a page that tells nothing else of the log."""
    shown = {"error": str(error), "hint": error.hint}
    return Page(template="link_refused.html", title="This cannot be done", shown=shown, status=400)


def _linked(console: Console, token: str) -> Page:
    ticket = _ticket(console, token)
    now = console.served.clock()
    with console.source() as source:
        waiting = approval_list.waiting(source, console.served.path, now)
        past = approval_list.past(source, now, max(0, now - RECENT))
    one = next((each for each in (*waiting, *past) if each["ticket"] == ticket), None)
    if one is None:
        raise UsageError("nothing is known of this call", hint="it may be of another log")
    return Page(
        template="approval_link.html", title="Approve a call", shown={"ticket": one},
        helpers={"one": _row(one), "waits": any(each["ticket"] == ticket for each in waiting),
                 "token": token},
    )  # fmt: skip


def decide_linked(console: Console, token: str, form: Mapping[str, str]) -> str:
    """Decide the ticket of a link; its page is next.

    Raises:
        UsageError: the link is none or over, or its ticket is decided already.
    """
    _decide(console, _ticket(console, token), form, "link")
    return f"{approval_link.PATH}{token}"


def _ticket(console: Console, token: str) -> str:
    if console.served.is_bundle:
        raise UsageError("a bundle cannot be changed", hint="serve the trail it is of")
    secret = Keys.of(console.served.path).redaction()
    return approval_link.read(secret, token, console.served.clock())


def _decide(console: Console, ticket: str, form: Mapping[str, str], road: str) -> None:
    if console.served.is_bundle:
        raise UsageError("a bundle cannot be changed", hint="serve the trail it is of")
    verdict = form.get("verdict", "")
    if verdict not in VERDICTS:
        raise UsageError("neither approved nor denied", hint="choose one of the page's buttons")
    maintenance.decide(
        console.served.path, ticket, verdict=verdict, road=road,
        name=form.get("name", "").strip(), reason=form.get("reason", "").strip(),
    )  # fmt: skip


def _row(told: approval_list.Told) -> dict[str, Json]:
    """A ticket as a page shows it."""
    call = told["call"]
    assert isinstance(call, dict)
    parameters = call.get("parameters")
    return told | {
        "parameters": parameters if isinstance(parameters, str) else json.dumps(parameters, indent=2),
        "resources": call.get("resources") or [], "who": told.get("name") or told.get("by"),
        "span": approval_list.span(int(str(told["left"]))), "address": call.get("address"),
    }  # fmt: skip
