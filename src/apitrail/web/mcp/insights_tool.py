"""`insights`: unusual activity that the recorder told of."""

from __future__ import annotations

from apitrail.codec import Json, Object
from apitrail.insights.insight import TYPES
from apitrail.reading import insight_list
from apitrail.web.mcp import pages
from apitrail.web.mcp.event_tools import TIMES, parse, times
from apitrail.web.mcp.tool import Given, Tool, many, text
from apitrail.web.mcp.visible import Visible

# What rests on calls of other runs too: what is usual, how often, who else.
_COMPARED = ("why", "insightDetails", "caller", "sharedEventID")


def insights(seen: Visible, given: Given) -> Object:
    """Insights, newest first; of one run, those that rest on its calls alone."""
    where = parse(times(given), seen)
    kind = given.text("kind")
    chosen = insight_list.Chosen(
        since=where.since, until=where.until, kinds=() if kind is None else (kind,)
    )
    start = pages.start(given)
    with seen.source() as source:
        newest = [*insight_list.told(source, chosen)][::-1]
        found: list[tuple[int, Json]] = []
        for index, said in newest:
            if start is None or index < start:
                told = dict(insight_list.to_json(source, index, said))
                told["operation"] = insight_list.operation(said)
                hidden = () if seen.run is None else _COMPARED
                found.append((index, {k: v for k, v in told.items() if k not in hidden}))
    shown, token = pages.page(found, given)
    return {"insights": shown, "next_token": token}


INSIGHTS = Tool(
    name="insights", title="Unusual activity",
    about=(
        "List insights: unusual activity that the recorder noticed, newest first. Where one run is shown, only "
        "those that rest on its calls alone, without what they were compared with."
    ),
    takes={"kind": text("Only of this kind.", enum=[*TYPES]), **TIMES, **pages.TAKES}, run=insights,
    returns={
        "insights": many("Insights: time, kind, name, operation, state (Start or End), and the event ids behind it."),
        **pages.RETURNS,
    },
)  # fmt: skip
