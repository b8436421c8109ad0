"""`apitrail approvals`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from apitrail import places
from apitrail.cli.options import Group, output_option, with_trail
from apitrail.cli.printing import emit, say, table
from apitrail.errors import UsageError


@click.group("approvals", cls=Group, invoke_without_command=True)
@click.option("--all", "every", is_flag=True, help="Those of the past too, newest first.")
@output_option("text", "json", default="text")
@click.pass_context
@with_trail
def approvals(context: click.Context, trail: Path, *, every: bool, output: str) -> None:
    """List the calls that wait for an approval; approve and deny them.

    A guard's statement with the effect Ask makes calls wait. --output json prints a line for each.
    """
    if context.invoked_subcommand is not None:
        return
    from apitrail.evidence.opening import open_source
    from apitrail.reading import approval_list

    now = places.clock()
    with open_source(trail) as source:
        found = (
            approval_list.past(source, now) if every else approval_list.waiting(source, trail, now)
        )
    if output == "json":
        emit(json.dumps(each) for each in found)
        return
    if not emit(table(*approval_list.laid_out(found))):
        say("no ticket" if every else "nothing waits for an approval")


_ANSWER = (
    click.argument("ticket", metavar="ID"),
    click.option("--reason", metavar="TEXT", default="", help="Why; the log keeps it, and a caller who is denied reads it."),
    click.option("--name", metavar="NAME", default="", help="What you call yourself; the log keeps it beside your account on this machine."),
)  # fmt: skip


def _deciding[F: Callable[..., Any]](command: F) -> F:
    """What an answer takes."""
    for option in reversed(_ANSWER):
        command = option(command)
    return command


@approvals.command("approve")
@_deciding
@output_option("text", "json", default="text")
@with_trail
def approve(trail: Path, ticket: str, reason: str, name: str, output: str) -> None:
    """Let the call of ticket ID leave: the one that waits, or the next one like it."""
    _decide(trail, ticket, "approve", name, reason, output)


@approvals.command("deny")
@_deciding
@output_option("text", "json", default="text")
@with_trail
def deny(trail: Path, ticket: str, reason: str, name: str, output: str) -> None:
    """Refuse the call of ticket ID."""
    _decide(trail, ticket, "deny", name, reason, output)


def _decide(
    trail: Path, ticket: str, verdict: str, name: str, reason: str, output: str
) -> None:  # fmt: skip
    from apitrail.evidence import maintenance

    if os.environ.get("APITRAIL_RUN"):
        raise UsageError(
            "a recorded command cannot decide about calls",
            hint="decide in another terminal, in the console, or by the link of the webhook",
        )
    told = maintenance.decide(
        trail, ticket, verdict=verdict, road="command", name=name, reason=reason
    )
    if output == "json":
        click.echo(json.dumps(told))
        return
    became = {
        "held": "its call goes on" if told["step"] == "approved" else "its call is refused",
        "left": "but its client has left meanwhile: nothing was sent",
        "none": "the next call like it passes, once" if told["step"] == "approved" else "",
    }[told["call"]]
    say(
        ", ".join(
            filter(None, (f"{told['step']} {told['ticket']} by entry {told['entry']}", became))
        )
    )
