"""Calls that a crash left behind: those that were held when it came never left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from apitrail.codec import Json
from apitrail.errors import FormatError
from apitrail.event import Event, Fault
from apitrail.policy.decision import DENIED, STOPPED, Decision
from apitrail.trail.rows import Draft
from apitrail.trail.writer import unknown


def ticket_of(facets: Mapping[str, bytes]) -> str | None:
    """The ticket under which the call of an intent was held."""
    found = _decision(facets).get("ticket")
    return found if isinstance(found, str) else None


def unsent(facets: Mapping[str, bytes], ended: int) -> Draft:
    """The entry of a call that was held when the recorder came to its end.

    `ended` is the time (Unix milliseconds) at which this is found out.
    """
    event = Event.parse(facets)
    what, response = event.what, event.response
    if what is None:
        return unknown(facets)
    decision = dict(what.decision) | {"effect": "ask", "outcome": STOPPED}
    message = _message(decision, event)
    event = replace(
        event,
        what=replace(
            what, decision=decision, undetermined=False,
            record={**what.record, "errorCode": DENIED},
            call=replace(what.call, error=DENIED, ended=ended),
        ),
        response=response and replace(
            response, record={**response.record, "errorMessage": message},
            error=Fault(code=DENIED, message=message, shape=None),
        ),
    )  # fmt: skip
    return Draft(kind="denied", facets=event.facets(), row=event.row())


def _decision(facets: Mapping[str, bytes]) -> Mapping[str, Json]:
    try:
        what = Event.parse({"what": facets["what"]}).what
    except (FormatError, KeyError):
        return {}
    return {} if what is None else what.decision


def _message(decision: Mapping[str, Json], event: Event) -> str:
    texts = {
        name: str(value)
        for name, value in decision.items()
        if name in ("guard", "policy", "statement", "action", "ticket") and value is not None
    }
    who = event.who.user.get("arn") if event.who else None
    key = event.who.user.get("accessKeyId") if event.who else None
    told = Decision(effect="ask", outcome=STOPPED, **texts)  # type: ignore[arg-type]  # texts all
    return told.sentence(str(who or key or "anonymous"))
