"""The tools of a server, in the order in which an agent reads them."""

from __future__ import annotations

from apitrail.web.mcp.approval_tool import REQUEST_APPROVAL
from apitrail.web.mcp.denial_tool import EXPLAIN_DENIAL
from apitrail.web.mcp.event_tools import EVENTS, LOOKUP_EVENTS, SHOW
from apitrail.web.mcp.insights_tool import INSIGHTS
from apitrail.web.mcp.policy_tool import POLICY
from apitrail.web.mcp.resource_tool import HISTORY
from apitrail.web.mcp.run_tool import MY_RUN
from apitrail.web.mcp.sql_tools import LAKE_QUERY, SQL
from apitrail.web.mcp.verify_tool import VERIFY

TOOLS = {
    tool.name: tool
    for tool in (
        MY_RUN, EVENTS, SHOW, EXPLAIN_DENIAL, REQUEST_APPROVAL, HISTORY, SQL, INSIGHTS, POLICY, VERIFY,
        LOOKUP_EVENTS, LAKE_QUERY,
    )
}  # fmt: skip
