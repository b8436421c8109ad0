"""Tickets as lists show them: those that wait for an answer, and those of the past."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from apitrail.codec import Json
from apitrail.errors import UsageError
from apitrail.event import Event
from apitrail.reading.render import clean
from apitrail.source import Source
from apitrail.trail import control, targets
from apitrail.trail.tickets import LONGEST, Tickets, rulings
from apitrail.when import iso

type Told = dict[str, Json]
"""One ticket for programs: `Ticket.to_json`, and the call that it is about."""

HEADERS = ("TICKET", "ASKED", "LEFT", "CALL", "ON", "CALLER", "GUARD", "STATE")
SAID = "CALLER SAYS"
_LONGEST = 4_000
"""Characters of parameters that are shown of a call."""


def waiting(source: Source, directory: Path, now: int) -> list[Told]:
    """What may be decided now, oldest first: as the recorder tells it, or else the log."""
    try:
        found = control.ask(directory, "approvals")
    except UsageError:
        found = None  # a recorder of an earlier version, which holds nothing
    if found is not None:
        return [_with_call(source, told, now) for told in found["waiting"]]
    tickets = Tickets.of(rulings(source, now - LONGEST * 1000))
    told = [ticket.to_json(now) | {"held": False} for ticket in tickets.waiting(now)]
    return [_with_call(source, each, now) for each in told]


def past(source: Source, now: int, since: int = 0) -> list[Told]:
    """Every ticket that was asked for since then, newest first."""
    found = Tickets.of(rulings(source, since)).by_id.values()
    return [_with_call(source, each.to_json(now), now) for each in reversed(found)]


def _with_call(source: Source, told: Told, now: int) -> Told:
    """With what is known of the call: from the recorder that holds it, or its entry."""
    call = told.get("call") or recorded(source, str(told.get("eventID")))
    return told | {"left": max(0, _number(told["until"]) - now), "call": call}


def recorded(source: Source, event_id: str) -> Told:
    """What an approver needs to see of a call that is in the log."""
    try:
        index = targets.find(source, event_id)
    except UsageError:
        return shown(None)
    return shown(Event.parse(source.facets(index, ("who", "what", "request"))))


def shown(event: Event | None) -> Told:
    """What an approver needs to see of a call."""
    record = {} if event is None else event.record()
    # CloudTrail tells no parameters of a refused call.
    request = None if event is None else event.request
    parameters = None if request is None else request.parameters
    long = len(json.dumps(parameters, default=str)) > _LONGEST
    run = event.who.run if event is not None and event.who else None
    return {
        "event": record.get("eventName"), "source": record.get("eventSource"),
        "region": record.get("awsRegion"), "address": record.get("sourceIPAddress"),
        "resources": [] if event is None else [each.arn or each.name for each in event.resources],
        "run": None if run is None else run.id, "labels": None if run is None else dict(run.labels),
        "operator": event.who.operator if event is not None and event.who else None,
        "parameters": "too long to be shown" if long else parameters,
    }  # fmt: skip


def span(milliseconds: int) -> str:
    """How long it is, as far as somebody who decides needs to know: `95 s`, `58 min`, `7 h`."""
    seconds = milliseconds // 1000
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def laid_out(found: Iterable[Told]) -> tuple[list[list[str]], tuple[str, ...]]:
    """Rows and their headers; what callers say is a column where one of them says something."""
    told = list(found)
    if not any("stated" in each for each in told):
        return [_row(each) for each in told], HEADERS
    rows = [[*_row(each), clean(str(each.get("stated") or "-"))] for each in told]
    return rows, (*HEADERS, SAID)


def _row(told: Told) -> list[str]:
    call = told["call"]
    assert isinstance(call, Mapping)
    resources = call.get("resources")
    on = resources[0] if isinstance(resources, Sequence) and resources else "-"
    held = "held" if told.get("held") else str(told["state"])
    who = told.get("name") or told.get("by")
    return [
        str(told["ticket"]), iso(_number(told["asked"])),
        span(_number(told["left"])) if told["state"] == "asked" else "-",
        clean(str(told["action"] or call.get("event") or "-")), clean(str(on)),
        clean(str(told["caller"])), clean(f"{told['guard']} ({told['statement']})"),
        held if who is None else clean(f"{held} by {who}"),
    ]  # fmt: skip


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0
