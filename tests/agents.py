"""Entries of two runs, one of an agent and one of others: calls, refusals, rulings, insights."""

from __future__ import annotations

import json
from typing import Any

import trails
from apitrail.event import Event, dump
from apitrail.trail.rows import Draft

GUARD = {"Statement": [{"Sid": "NoDelete", "Effect": "Deny", "Action": "*"}, {"Effect": "Ask", "Action": "iam:CreateUser"}]}  # fmt: skip
THEIRS = ("theirs", "mary", "10.0.0.4", "nobodys", "00000000-0000-0000-0000-000000000029", "secret-label", "40")  # fmt: skip
"""What only the other run has."""


def event_id(number: int) -> str:
    return f"00000000-0000-0000-0000-{number + 1:012x}"


def refused(number: int, decision: dict[str, str], **overrides: Any) -> Draft:
    """A call that a guard did not let leave."""
    facets = trails.call(number, **overrides)
    what = json.loads(facets["what"])
    what["decision"] = decision
    what["call"] = {"started": trails.T0 + number, "error": "AccessDenied", "service": "iam", "operation": what["record"]["eventName"]}  # fmt: skip
    what["record"]["errorCode"] = "AccessDenied"
    facets = {"who": facets["who"], "what": dump(what), "request": facets["request"]}
    return Draft(kind="denied", facets=facets, row=Event.parse(facets).row())


def ruling(ticket: str, step: str, number: int | None = None, **more: Any) -> Draft:
    about = {} if number is None else {"event": event_id(number)}
    return trails.book("decision", ticket=ticket, step=step, guard="careful", action="iam:CreateUser", caller="me", **about, **more)  # fmt: skip


def insight(name: str, *evidence: int) -> Draft:
    details = {"eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "state": "Start", "insightContext": {"x": "theirs"}}  # fmt: skip
    return trails.book(
        "insight", record={"eventID": name, "insightDetails": details}, kind="first-seen", name="n",
        time=trails.T0 + 9, caller="mary", why=["mary does it 40 times a day"], evidence=list(evidence),
        **{"from": 0, "to": 1}, detector=2, thresholds={},
    )  # fmt: skip


def mine(number: int, **overrides: Any) -> Draft:
    return trails.told(number, overrides.pop("name", "CreateUser"), run="mine", labels={"agent": "clerk"}, **overrides)  # fmt: skip


def theirs(number: int, **overrides: Any) -> Draft:
    return trails.told(number, "DeleteUser", run="theirs", user="mary", labels={"secret-label": "x"}, **overrides)  # fmt: skip


DENY = {"effect": "deny", "guard": "careful", "policy": "ab" * 32, "statement": "NoDelete", "action": "iam:DeleteUser"}  # fmt: skip
PENDING = {"effect": "ask", "guard": "careful", "policy": "ab" * 32, "statement": "2", "action": "iam:CreateUser", "ticket": "t1", "outcome": "pending"}  # fmt: skip
