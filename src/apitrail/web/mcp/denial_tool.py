"""`explain_denial`: why a call was refused, by a guard or by AWS, and what can be done."""

from __future__ import annotations

import json
from collections.abc import Mapping

from apitrail.codec import Json, Object
from apitrail.errors import UsageError
from apitrail.event import RECORD_TAGS, Event
from apitrail.policy.kept_call import KeptCall, Memory
from apitrail.policy.needed import is_refused
from apitrail.query import Filter
from apitrail.trail.reader import Reader
from apitrail.trail.ruling import APPROVED, ASKED, DENIED
from apitrail.web.mcp import approval_tool, event_tools
from apitrail.web.mcp.plain_data import members
from apitrail.web.mcp.tool import Given, Tool, flag, many, perhaps, text, thing
from apitrail.web.mcp.visible import Visible

# Failed calls that are looked at for the newest refusal.
_LOOK = 1_000

# What became of a call that needed an approval, where its ticket does not stand any more → what to do.
_OVER = {
    "full": "too many calls wait for a person: make it again when fewer do",
    "denied": "do not repeat it; ask who denied it",
}
_NEXT = {
    "asked": "call request_approval with the event id and a reason; a person decides",
    "ask": "make the call again, which asks anew, then call request_approval with a reason",
    "deny": "no approval lets it pass: do without it, or ask whoever runs this recorder to change the guard",
    "aws": "the credentials lack a permission: ask whoever grants them for the actions",
}


def explain_denial(seen: Visible, given: Given) -> Object:
    """One refusal: the newest, unless an event is named."""
    with seen.source() as source:
        event_id = given.text("event_id")
        index = _newest(source) if event_id is None else event_tools.find(source, event_id)
        facets = source.facets(index, RECORD_TAGS)
        event = Event.parse(facets)
        if not _is_refusal(event):
            raise UsageError(
                f"event {_id(event)} was not refused: {event.call.error or 'it went well'}",
                hint="events with errors_only lists those that failed",
            )
        by_guard = event.what is not None and event.what.withheld
        told = _by_guard(seen, source, event) if by_guard else _by_aws(facets)
    asked = event.request.parameters if event.request is not None else None
    call = {**event_tools.summary(index, event, run=seen.run is None), "parameters": asked}
    return members({"call": call, "sent": not by_guard, **told})


def _newest(source: Reader) -> int:
    for index in source.select(Filter(error=True), limit=_LOOK):
        if _is_refusal(Event.parse(source.facets(index, ("what",)))):
            return index
    raise UsageError("no call was refused", hint="events lists the calls that can be seen")


def _is_refusal(event: Event) -> bool:
    withheld = event.what is not None and event.what.withheld
    return is_refused(event.call.error, withheld=withheld)


def _id(event: Event) -> str:
    return str(event.record().get("eventID"))


def _by_guard(seen: Visible, source: Reader, event: Event) -> Object:
    decision = event.what.decision if event.what is not None else {}
    effect = decision.get("effect")
    told: dict[str, Json] = {
        "refused_by": "guard", "effect": effect, "action": decision.get("action"),
        "guard": decision.get("guard"), "statement": decision.get("statement"),
        "statement_text": _statement(seen, source, decision), "reason": decision.get("reason"),
        "spent": decision.get("spent"), "ticket": decision.get("ticket"), "outcome": decision.get("outcome"),
        "can_be_approved": effect == "ask",
        **(_asked(seen, source, decision) if effect == "ask" else {"next": _NEXT["deny"]}),
    }  # fmt: skip
    return {name: value for name, value in told.items() if value is not None}


def _asked(seen: Visible, source: Reader, decision: Mapping[str, Json]) -> dict[str, Json]:
    """How the question about a call stands now, and so what to do."""
    state = approval_tool.tickets(seen, source).get(str(decision.get("ticket")), {}).get("state")
    if state == ASKED:
        return {"ticket_state": state, "next": _NEXT["asked"]}
    if state in (APPROVED, DENIED):
        return {"ticket_state": state, "next": approval_tool.NEXT[str(state)]}
    over = _OVER.get(str(decision.get("outcome")), _NEXT["ask"])
    return {"next": over} | ({} if state is None else {"ticket_state": state})


def _statement(seen: Visible, source: Reader, decision: Mapping[str, Json]) -> Json:
    """The statement that decided, as the guard has it; None where none did, or it cannot be told."""
    digest, name = decision.get("policy"), decision.get("statement")
    guard = seen.guard(source, digest) if isinstance(digest, str) and name is not None else None
    if guard is None:
        return None
    try:
        policy: Json = json.loads(guard.text)
    except ValueError:
        return None
    found = policy.get("Statement") if isinstance(policy, dict) else None
    several = found if isinstance(found, list) else [found]
    for number, each in enumerate(several, start=1):
        if isinstance(each, dict) and name == each.get("Sid", str(number)):
            return each
    return None


def _by_aws(facets: Mapping[str, bytes]) -> Object:
    """AWS's own refusal: the actions that the call asks for."""
    wanted = [
        {"action": each.name, "resources": list(each.resources or ("*",)), "level": each.level}
        for each in Memory().actions(KeptCall.parse(facets))
    ]
    return {"refused_by": "AWS", "can_be_approved": False, "actions": wanted, "next": _NEXT["aws"]}


EXPLAIN_DENIAL = Tool(
    name="explain_denial", title="Why a call was refused",
    about="Explain why a call was refused: by which guard and statement, or by AWS for want of which actions; and what to do next. Without event_id, the newest refusal.",
    takes={"event_id": text("An event id, or the start of one.")}, run=explain_denial,
    returns={
        "call": thing("The call that was refused, with its parameters."), "sent": flag("Did it reach AWS?"),
        "refused_by": text("guard or AWS."), "effect": perhaps(text("ask or deny.")),
        "statement_text": thing("The guard's statement that decided."),
        "actions": many("The IAM actions that AWS wanted, and on what."),
        "can_be_approved": flag("May a person approve it?"), "ticket": text("The question about it."), "ticket_state": text("How that stands now: asked, approved, denied, lapsed or used."), "next": text("What to do."),
    },
)  # fmt: skip
