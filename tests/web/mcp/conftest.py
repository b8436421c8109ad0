"""A trail with two runs that touch the same things, and the tools on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import trails
from apitrail.codec import Object
from apitrail.event import Event, dump
from apitrail.trail.rows import Draft
from apitrail.trail.writer import Trail
from apitrail.web.mcp.agent_server import checked
from apitrail.web.mcp.tool import Given
from apitrail.web.mcp.toolbox import TOOLS
from apitrail.web.mcp.visible import Visible

GUARD = {"Statement": [{"Sid": "NoDelete", "Effect": "Deny", "Action": "*"}, {"Effect": "Ask", "Action": "iam:CreateUser"}]}  # fmt: skip
THEIRS = ("theirs", "mary", "10.0.0.4", "nobodys", "00000000-0000-0000-0000-000000000029", "secret-label", "40")  # fmt: skip
"""What only the other run has."""

type Ask = Callable[..., Any]


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


async def fill(trail: Trail) -> None:
    """Entries 4, 6, 7 and 9 are calls of the run `mine`; 5 and 8 are of others."""
    until = trails.T0 + 3_600_000
    drafts = [
        trails.opening(),
        trails.book("policy", name="careful", sha256="ab" * 32, text=json.dumps(GUARD)),
        trails.run("theirs", {"secret-label": "x"}),
        trails.run("mine", {"agent": "clerk"}),
        mine(0, resource="shared"),
        theirs(40, resource="shared"),
        mine(1, resource="other\x1b[31m"),
        refused(2, DENY, name="DeleteUser", run="mine", resource="shared"),
        trails.draft(41, resource="nobodys"),
        refused(3, PENDING, name="CreateUser", run="mine", resource="wanted"),
        ruling("t1", "asked", 3, until=until, statement="2"),
        ruling("t9", "asked", 40, until=until),
        insight("own", 4, 6),
        insight("mixed", 4, 5),
    ]  # fmt: skip
    await trails.append_each(trail, drafts)


@pytest.fixture(scope="session")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("agents") / "trail"
    trails.write(found, fill)
    return found


def now() -> int:
    return trails.T0 + 60_000


@pytest.fixture
def own(two_runs: Path) -> Iterator[Visible]:
    """What the run `mine` may see."""
    seen = Visible(two_runs, "mine", now)
    yield seen
    seen.close()


@pytest.fixture
def every(two_runs: Path) -> Visible:
    """All of it."""
    return Visible(two_runs, None, now)


@pytest.fixture
def ask() -> Ask:
    """Call a tool as a client does; the answer holds to the tool's schema."""

    def call(seen: Visible, name: str, /, **arguments: Any) -> Object:
        tool = TOOLS[name]
        answer = tool.run(seen, Given(checked(tool, arguments)))
        jsonschema.validate(answer, tool.output_schema)
        return answer

    return call
