"""`apitrail mcp`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

import click

from apitrail import places
from apitrail.cli.log_format import with_log
from apitrail.cli.options import with_trail
from apitrail.errors import UsageError
from apitrail.log_lines import Log


@click.command("mcp")
@click.option("--run", metavar="ID", help="Show this run alone; `last` is the newest as of now. By default the run that this command is in.")  # fmt: skip
@click.option("--all-runs", is_flag=True, help="Show the calls of all runs, and those of no run.")
@click.option("--http", metavar="HOST:PORT", help="Listen here for Streamable HTTP at /mcp, in place of stdin and stdout; a loopback address, port 0 takes a free one.")  # fmt: skip
@click.option("--token-file", type=click.File("r", errors="replace"), metavar="FILE", help="With --http, read the token that clients must show from this file. Without it, one is made and said on stderr.")  # fmt: skip
@with_log()
@with_trail
def mcp_command(
    trail: Path, run: str | None, all_runs: bool, http: str | None, token_file: TextIO | None, log: Log
) -> None:  # fmt: skip
    """Serve the trail to an agent, by the Model Context Protocol.

    An agent sees its own run and nothing of others; --all-runs, given here, shows all. Tools: my_run, events,
    show, explain_denial, request_approval, history, sql, insights, policy, verify. They only read, but
    request_approval, which tells a person why a call is wanted; it cannot approve.
    """
    from apitrail.address import Address
    from apitrail.web import host_check
    from apitrail.web.mcp import agent_serving, visible

    agent_serving.check_installed()
    if token_file is not None and http is None:
        raise UsageError("a token is for --http", hint="leave out --token-file, or add --http")
    within = os.environ.get("APITRAIL_RUN") or None
    chosen = _chosen(run or within, all_runs=all_runs, named=run is not None)
    settled = None if chosen is None else visible.named(trail, chosen)
    shown = visible.Visible(trail, settled, places.clock, within=within)
    if http is None:
        agent_serving.over_stdio(shown)
        return
    token = host_check.parse_token(token_file.read()) if token_file else None
    if log.as_json and token is None:
        raise UsageError(
            "a token that is made here would be written into the log", hint="--token-file FILE"
        )
    agent_serving.over_http(shown, Address.parse(http), token, log)


def _chosen(run: str | None, *, all_runs: bool, named: bool) -> str | None:
    """The run to show, `named` by an option or not; None for all."""
    if named and all_runs:
        raise UsageError("--run and --all-runs exclude each other")
    if all_runs:
        return None
    if run:
        return run
    raise UsageError(
        "this is no part of a run, so there is no run to show",
        hint="start the agent by `apitrail exec -- AGENT`, name a run with --run ID, or show all with --all-runs",
    )
