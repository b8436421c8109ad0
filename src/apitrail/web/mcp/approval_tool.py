"""`request_approval`: says to a person why a call is wanted, and waits for the answer.

It never decides. The recorder keeps the reason beside the ticket, and whoever decides reads it.
"""

from __future__ import annotations

import time

from apitrail.codec import Json, Object
from apitrail.errors import UsageError
from apitrail.event import Event
from apitrail.trail import control
from apitrail.trail.reader import Reader
from apitrail.trail.ruling import APPROVED, ASKED, DENIED, LAPSED, USED
from apitrail.trail.tickets import LONGEST, Tickets, rulings
from apitrail.web.mcp import event_tools
from apitrail.web.mcp.plain_data import members
from apitrail.web.mcp.tool import Given, Tool, flag, perhaps, text, whole
from apitrail.web.mcp.visible import Visible

REASON = 1_000
# Clients give up after a minute.
WAIT, MOST_WAIT = 20, 50
_STEP = 0.5

NEXT = {
    ASKED: "nobody has answered yet: call request_approval again to wait on, or do something else first",
    APPROVED: "repeat the same call now: it passes once; a call that is held goes on by itself",
    DENIED: "do not repeat the call",
    LAPSED: "nobody answered in time: make the call again, which asks anew",
    USED: "a call has passed under it already: another one asks anew",
}

type Told = dict[str, Json]


def tickets(seen: Visible, source: Reader) -> dict[str, Told]:
    """The tickets about calls that are shown, by their names, oldest first."""
    now = seen.clock()
    known = Tickets.of(rulings(source, now - LONGEST * 1000)).by_id.values()
    found = {each.id: each.to_json(now) for each in known}
    try:
        waiting = (control.ask(seen.trail, "approvals") or {}).get("waiting", [])
    except UsageError:
        waiting = []  # a recorder of an earlier version
    for each in waiting:
        name, call = str(each["ticket"]), each.get("call")
        # A call that is held has no entry yet: the recorder says whose it is.
        is_own = isinstance(call, dict) and call.get("run") == seen.run
        if name in found or seen.run is None or is_own:
            found[name] = found.get(name, {}) | each
    return found


def request_approval(seen: Visible, given: Given) -> Object:
    """State the reason, wait, and tell how the ticket stands."""
    reason = given.needed("reason")
    with seen.source() as source:
        name = _meant(seen, source, given)
    passed_on = _say(seen, name, reason)
    told = _wait(seen, given, name)
    state = str(told.get("state"))
    answer: Told = {
        "ticket": name, "state": state, "action": told.get("action"), "guard": told.get("guard"),
        "statement": told.get("statement"), "until": _left(seen, told),
        "decided_by": told.get("name") or told.get("by"), "decision_reason": told.get("reason"),
        "reason_passed_on": passed_on, "next": NEXT.get(state, ""),
    }  # fmt: skip
    return members({name: value for name, value in answer.items() if value is not None})


def _meant(seen: Visible, source: Reader, given: Given) -> str:
    """The ticket that was named, that of the event, or the newest one that waits."""
    found, event_id = tickets(seen, source), given.text("event_id")
    if (prefix := given.text("ticket")) is not None:
        named = [name for name in found if name.startswith(prefix)]
        if len(named) == 1:
            return named[0]
        problem = f"several tickets begin with {prefix!r}" if named else f"no ticket {prefix!r}"
        raise UsageError(problem, hint="explain_denial tells the ticket of a refused call")
    if event_id is not None:
        return _of_event(source, event_id, found)
    waiting = [name for name, each in found.items() if each["state"] == ASKED]
    if not waiting:
        raise UsageError(
            "nothing waits for an approval",
            hint="make the call first: a guard's Ask opens a ticket; explain_denial tells why a call was refused",
        )
    return waiting[-1]


def _of_event(source: Reader, event_id: str, found: dict[str, Told]) -> str:
    index = event_tools.find(source, event_id)
    what = Event.parse(source.facets(index, ("what",))).what
    decision = what.decision if what is not None else {}
    ticket = decision.get("ticket")
    if isinstance(ticket, str) and ticket in found:
        return ticket
    if what is None or not what.withheld:
        raise UsageError("this call needs no approval", hint="it was not refused by a guard")
    if isinstance(ticket, str):
        raise UsageError(f"ticket {ticket} is over", hint="make the call again, which asks anew")
    raise UsageError(
        f"no approval lets it pass: guard {decision.get('guard')!r} denies it",
        hint="do without it, or ask whoever runs this recorder to change the guard",
    )


def _say(seen: Visible, ticket: str, reason: str) -> bool:
    """Have the recorder keep the reason; False where none runs, or the ticket is decided."""
    try:
        return control.ask(seen.trail, "state-reason", ticket=ticket, reason=reason) is not None
    except UsageError:
        return False


def _wait(seen: Visible, given: Given, ticket: str) -> Told:
    """How the ticket stands, once it is decided or the time is up."""
    seconds = given.number("wait_seconds", WAIT)
    began = time.monotonic()
    while True:
        with seen.source() as source:
            told = tickets(seen, source).get(ticket)
        if told is None:
            # A call that was held has been answered, and its entry is being written.
            told = {"state": LAPSED if given.stop.is_set() else ASKED}
        spent = time.monotonic() - began
        if told["state"] != ASKED or spent >= seconds or given.stop.wait(_STEP):
            return told
        given.progress(round(spent), seconds, "waiting for a person")


def _left(seen: Visible, told: Told) -> Json:
    """For how many seconds the ticket stands."""
    until = told.get("until")
    return f"{max(0, until - seen.clock()) // 1000} s from now" if isinstance(until, int) else None


REQUEST_APPROVAL = Tool(
    name="request_approval", title="Ask a person to approve a call",
    about=(
        "Tell the person who decides why you want a call that a guard holds back, and wait for the answer. It "
        "approves nothing itself. Make the call first; then name it by event_id or ticket, or the newest that waits is meant."
    ),
    takes={
        "reason": text("Why the call is wanted, for the person who decides. The log keeps it.", minLength=1, maxLength=REASON),
        "event_id": text("The event id of the refused call."), "ticket": text("The ticket in the refusal, or the start of it."),
        "wait_seconds": whole(f"How long to wait for the answer (0 to {MOST_WAIT}, default {WAIT}).", 0, MOST_WAIT),
    },
    required=("reason",), run=request_approval, only_reads=False,
    returns={
        "ticket": text("Its name."), "state": text("asked, approved, denied, lapsed or used."),
        "decided_by": perhaps(text("Who decided.")), "decision_reason": perhaps(text("Why.")),
        "reason_passed_on": flag("Did the recorder take your reason?"), "until": text("How long the ticket stands."),
        "next": text("What to do."),
    },
)  # fmt: skip
