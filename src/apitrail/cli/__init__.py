"""The command line: names, one call into the package, and what is printed."""

from __future__ import annotations

import os
from pathlib import Path

import click

from apitrail import __version__
from apitrail.cli.options import Group, trail_option
from apitrail.cli.pager import pager_option
from apitrail.cli.summaries import SUMMARIES

# Command → where it is; each module is imported when its command is asked for, so that reading
# starts without what recording needs.
COMMANDS = {
    "exec": "recording:execute",
    "record": "recording:record",
    "status": "recording:status",
    "stop": "recording:stop",
    "env": "recording:env",
    "doctor": "recording:doctor",
    "events": "reading:events",
    "show": "reading:show",
    "find-value": "reading:find_value",
    "history": "knowing:history_command",
    "state": "knowing:state_command",
    "top": "overview:top",
    "diff": "overview:diff",
    "insights": "watching:insights",
    "alert": "alerting_commands:alert_group",
    "guard": "guard_commands:guard_group",
    "approvals": "approving:approvals",
    "policy": "policy_commands:policy_command",
    "verify": "evidence:verify_command",
    "export": "exporting:export_command",
    "replay": "replaying:replay_command",
    "playback": "replaying:playback_command",
    "serve": "serving:serve",
    "mcp": "agents:mcp_command",
    "sql": "serving:sql_command",
    "reconcile": "serving:reconcile_command",
    "ship": "shipping:ship",
    "lake": "lake:lake_group",
    "witness": "witnessing:witness_command",
    "erase": "maintenance:erase",
    "prune": "maintenance:prune",
    "key": "maintenance:key_group",
    "operator": "operating:operator_group",
    "ca": "certifying:ca_group",
    "recover": "maintenance:recover",
    "completion": "completion:completion",
    "man": "manual:manual",
}


@click.group(
    cls=Group,
    commands_at=COMMANDS,
    summaries=SUMMARIES,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "APITRAIL"},
)
@trail_option
@pager_option
@click.version_option(__version__, prog_name="apitrail")
@click.pass_context
def apitrail(context: click.Context, trail: Path | None) -> None:
    """Record calls to cloud APIs, and prove what was recorded."""
    context.obj = trail
    if os.environ.get("NO_COLOR"):
        context.color = False
