"""`apitrail guard`."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import click

from apitrail.cli.options import Group, filter_options, output_option, with_trail
from apitrail.cli.pager import pager_option
from apitrail.cli.printing import emit, say, table
from apitrail.counted import counted
from apitrail.query import Filter


@click.group("guard", cls=Group)
def guard_group() -> None:
    """Look at guards, and play the past through one.

    A guard is a policy that calls must pass before they leave: record --guard, exec --guard.
    """


@guard_group.command("list")
def list_command() -> None:
    """Print the guards that come with apitrail."""
    from apitrail.policy.built_in import BUILT_IN

    for name, each in BUILT_IN.items():
        spec = f"{name}={each.example}" if each.value else name
        click.echo(f"{spec:32}{each.about}")


@guard_group.command("show")
@click.argument("guard", metavar="FILE|NAME")
def show(guard: str) -> None:
    """Print the policy of a guard, checked: a place to begin one's own."""
    from apitrail.policy.loading import one
    from apitrail.policy.unmatched import unmatched

    found = one(guard, os.environ)
    for line in unmatched(found):
        say(line)
    click.echo(found.text, nl=False)


@guard_group.command("test")
@click.argument("guards", nargs=-1, required=True, metavar="FILE|NAME…")
@filter_options
@output_option("text", "json", default="text")
@pager_option
@with_trail
def test(trail: Path, guards: tuple[str, ...], where: Filter, output: str) -> None:
    """Say what guards would have refused of the recorded calls, by run and statement.

    --output json prints a line for each call.
    """
    from apitrail.evidence.opening import open_source
    from apitrail.policy import guard_trial
    from apitrail.policy.loading import load
    from apitrail.policy.unmatched import unmatched
    from apitrail.reading import event_list

    loaded = load(guards, os.environ)
    for line in itertools.chain.from_iterable(map(unmatched, loaded.stack)):
        say(line)
    with open_source(trail) as source:
        resolved = event_list.resolve(source, where, say, exact=True)
    if output == "json":
        emit(guard_trial.lines(trail, resolved, loaded), paged=True)
        return
    tally = guard_trial.tally(trail, resolved, loaded)
    emit(table(tally.rows(), guard_trial.HEADERS), paged=True)
    asked = " or asked about" if loaded.may_ask else ""
    say(f"{tally.refused} of {counted(tally.calls, 'call')} would have been refused{asked}")
