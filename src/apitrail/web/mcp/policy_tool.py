"""`policy`: the least privilege that the calls shown needed."""

from __future__ import annotations

from apitrail.codec import Json, Object
from apitrail.policy import document
from apitrail.policy.generalised import generalised
from apitrail.policy.least import statements
from apitrail.policy.usage import usage_of
from apitrail.reading import event_list
from apitrail.web.mcp import pages
from apitrail.web.mcp.event_tools import TIMES, parse, times
from apitrail.web.mcp.plain_data import texts
from apitrail.web.mcp.tool import Given, Tool, flag, many, number
from apitrail.web.mcp.visible import Visible


def policy(seen: Visible, given: Given) -> Object:
    """IAM policies, as many as it takes."""
    where = parse(times(given), seen)
    with seen.source() as source:
        needs = usage_of(source, event_list.resolve(source, where), denied=given.flag("denied"))
    wider = generalised(needs.counts) if given.flag("generalise") else {}
    start = pages.start(given) or 0
    found: list[tuple[int, Json]] = [
        (place, dict(each))
        for place, each in enumerate(document.documents(statements(needs, wider)), start=1)
        if place > start
    ]
    shown, token = pages.page(found, given)
    return {
        "policies": shown, "calls": needs.calls, "refused_left_out": needs.denied,
        "unknown_operations": texts(sorted(needs.untold)), "next_token": token,
    }  # fmt: skip


POLICY = Tool(
    name="policy", title="Least privilege",
    about="Write the IAM policy that the recorded calls needed: these actions on these resources, and no more.",
    takes={
        **TIMES, "generalise": flag("Write * for ids, and what many names have in common."),
        "denied": flag("Count calls that were refused as needed too."), **pages.TAKES,
    },
    run=policy,
    returns={
        "policies": many("IAM policies of at most 6,144 characters; several where one is not enough."),
        "calls": number("How many calls they rest on."), "refused_left_out": number("Refused calls that were left out."),
        "unknown_operations": many("Operations for which no action of IAM's is known.", "string"), **pages.RETURNS,
    },
)  # fmt: skip
