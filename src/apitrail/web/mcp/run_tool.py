"""`my_run`: the run that the agent is in, and what it did so far."""

from __future__ import annotations

from apitrail.codec import Json, Object
from apitrail.reading import run_diff
from apitrail.trail import statements
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Run
from apitrail.web.mcp.approval_tool import tickets
from apitrail.web.mcp.plain_data import members
from apitrail.web.mcp.tool import Given, Tool, many, number, perhaps, text, thing
from apitrail.web.mcp.visible import Visible
from apitrail.when import iso

_OPERATIONS = 30
_TRAIT = 20
_TICKET = ("ticket", "state", "action", "guard", "statement")


def my_run(seen: Visible, _given: Given) -> Object:
    """Counts and names, no more than fit on a page."""
    run = seen.own_run()
    with seen.source() as source:
        did = run_diff.ran(source, run)
        said = _begun(source, run)
        standing = tickets(seen, source).values()
    outcomes = [outcome for each in did.operations.values() for outcome in each.outcomes.elements()]
    common = sorted(did.operations.items(), key=lambda pair: -pair[1].calls)
    told: dict[str, Json] = {
        "run": run, "labels": dict(said.labels or {}) if said else {}, "command": said.command if said else None,
        "started": iso(said.started if said and said.started else did.began), "calls": did.calls,
        "failed": sum(outcome != "ok" for outcome in outcomes),
        "operations": {name: dict(each.outcomes) for name, each in common[:_OPERATIONS]},
        "tickets": [{name: each.get(name) for name in _TICKET} for each in standing],
        **{name: list(values)[:_TRAIT] for name, values in did.traits.items()},
    }  # fmt: skip
    return members(told)


def _begun(source: Reader, run: str) -> Run | None:
    for index in source.books(0, source.size):
        link = source.entry(index)
        if link is not None and link.kind == Run.KIND:
            said = statements.of(source, Run.KIND, index)
            if isinstance(said, Run) and said.id == run:
                return said
    return None


MY_RUN = Tool(
    name="my_run", title="My run",
    about="Tell which run this agent is in, and what it did so far: operations with their outcomes, resources, tickets that stand.",
    takes={}, run=my_run,
    returns={
        "run": text("Its id."), "labels": thing("Its labels."), "command": perhaps(text("The command that it runs.")),
        "started": perhaps(text("When it began.")), "calls": number("How many calls it made."),
        "failed": number("How many of them failed or were refused."), "operations": thing("Outcomes and how often, by operation."),
        "resources": many("What it touched.", "string"), "tickets": many("Questions to people, and how they stand."),
    },
)  # fmt: skip
