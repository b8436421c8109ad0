"""`apitrail history` and `apitrail state`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from apitrail import when
from apitrail.cli import printing
from apitrail.cli.options import output_option, with_trail
from apitrail.cli.pager import pager_option
from apitrail.cli.printing import say
from apitrail.evidence.opening import open_source
from apitrail.query import Filter
from apitrail.reading import event_list, known_state, resource_history


@click.command("history")
@click.argument("resource")
@click.option("--reads", is_flag=True, help="Also show the calls that read it and saw nothing new.")
@click.option(
    "--since",
    metavar="TIME",
    help="Only calls from this time on, such as 2h, yesterday or 2026-11-23T09:00.",
)
@click.option("--until", metavar="TIME", help="Only calls before this time.")
@output_option("table", "json", default="table")
@pager_option
@with_trail
def history_command(
    trail: Path, resource: str, reads: bool, since: str | None, until: str | None, output: str
) -> None:
    """Show a resource's history: every change, by whom, and what is known of it then.

    RESOURCE is a name, an id or an ARN; * stands for any text. Calls that read it count where they
    show what was not known. A change that no recorded call can have made is said (drift).
    """
    now = datetime.now().astimezone()
    where = Filter(
        since=None if since is None else when.parse(since, now=now),
        until=None if until is None else when.parse(until, now=now),
    )
    with open_source(trail) as source:
        event_list.resolve(source, Filter(resource_name=(resource,)), say)
        found = resource_history.tell(source, resource, where, reads=reads)
    shown = resource_history.lines(
        found, output=output, width=printing.screen(), colour=printing.is_coloured()
    )
    printing.emit(shown, paged=True)


@click.command("state")
@click.argument("resource")
@click.option(
    "--at", metavar="TIME", help="As it was known at this time, such as 2h or 2026-11-23T09:00."
)
@output_option("text", "json", default="text")
@pager_option
@with_trail
def state_command(trail: Path, resource: str, at: str | None, output: str) -> None:
    """Show the state of a resource as it was last known, from which entry, and how old that is.

    RESOURCE is a name, an id or an ARN. What was asked for and not seen since is called inferred.
    """
    now = datetime.now().astimezone()
    moment = int(now.timestamp() * 1000) if at is None else when.parse(at, now=now)
    with open_source(trail) as source:
        found = known_state.tell(source, resource, moment)
    printing.emit(known_state.lines(found, output=output), paged=True)
