"""`history`: what is known of one resource."""

from __future__ import annotations

from apitrail.codec import Object
from apitrail.reading import resource_history
from apitrail.reading.render import clean
from apitrail.web.mcp import pages
from apitrail.web.mcp.event_tools import TIMES, parse, times
from apitrail.web.mcp.plain_data import texts
from apitrail.web.mcp.tool import Given, Tool, flag, many, text
from apitrail.web.mcp.visible import Visible


def history(seen: Visible, given: Given) -> Object:
    """Who changed a resource and what was seen of it, newest first."""
    where = parse(times(given), seen)
    resource = given.needed("resource")
    with seen.source() as source:
        told = resource_history.tell(
            source, resource, where, reads=given.flag("reads"), brief=None if seen.run is None else ()
        )  # fmt: skip
    start = pages.start(given)
    newest = [(call.index, dict(call.to_json())) for call in told.calls][::-1]
    shown, token = pages.page((each for each in newest if start is None or each[0] < start), given)
    said = [*told.statement()] if seen.run is None else _own(resource, number=len(told.drift))
    return {
        "resource": clean(resource), "arns": texts(told.arns), "history": shown,
        "next_token": token, "statement": texts(said),
    }  # fmt: skip


def _own(resource: str, *, number: int) -> list[str]:
    """What can be said where only one run is seen: another may have had to do with the resource."""
    said = [f"only calls of this run are shown: others may have read or changed {resource}"]
    if number:
        said.append(
            "between calls of this run the resource was changed by something else (drift): by calls "
            "of others, or by what did not pass through this recorder"
        )
    return said


HISTORY = Tool(
    name="history", title="History of a resource",
    about="Tell the history of a resource: every change and observation, by whom, and its state then, newest first.",
    takes={
        "resource": text("A name or an ARN; * stands for any text."), **TIMES,
        "reads": flag("List reads too that showed nothing new."), **pages.TAKES,
    },
    required=("resource",), run=history,
    returns={
        "history": many("Calls: event, time, caller, outcome, state, drift."),
        "arns": many("The resources that the name stands for.", "string"),
        "statement": many("What can be said of the time between the calls.", "string"), **pages.RETURNS,
    },
)  # fmt: skip
