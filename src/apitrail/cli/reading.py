"""`apitrail events` and `apitrail show`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from apitrail import listing, showing
from apitrail.cli.options import FORMATS, filter_options, output_option, with_trail
from apitrail.errors import UsageError
from apitrail.query import Filter
from apitrail.trail.reader import Reader


@click.command()
@filter_options
@output_option(*FORMATS, default="table")
@click.option("--shape", type=click.Choice(["cloudtrail", "botocore"]), default="cloudtrail", show_default=True, help="CloudTrail's record, or the service model's own words.")  # fmt: skip
@click.option("--query", metavar="JMESPATH", help="Asked of {Records: […]}, or of the list where it starts with [.")  # fmt: skip
@click.option("--follow", "-f", is_flag=True, help="Go on with new events as they are recorded.")
@click.option("-n", "--max-items", "limit", type=click.IntRange(min=0), help="At most so many; a table shows 50 unless told.")  # fmt: skip
@with_trail
def events(
    trail: Path, where: Filter, output: str, shape: str, query: str | None, follow: bool, limit: int | None
) -> None:  # fmt: skip
    """List recorded calls, newest first."""
    if follow and query:
        raise UsageError("--query needs the whole list", hint="pipe --output jsonl into jq instead")
    with Reader(trail) as reader:
        where = listing.resolve(reader, where)
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        shown = listing.SCREENFUL if limit is None and output == "table" and not query else limit
        count = -1
        if not follow or limit is not None:
            for line in listing.lines(
                reader, where, output=output, shape=shape, query=query, limit=shown, width=width
            ):
                click.echo(line)
                count += 1
        if follow:
            for line in listing.follow(reader, where, output=output, shape=shape):
                click.echo(line)
                sys.stdout.flush()
        if output == "table" and count < 0 and not query:
            click.echo("no events match", err=True)
        elif limit is None and count == shown:
            click.echo(f"the newest {shown}; -n shows more", err=True)


@click.command()
@click.argument("event_id", metavar="ID")
@output_option("text", "json", default="text")
@click.option("--raw", is_flag=True, help="The request and response as they were on the wire.")
@with_trail
def show(trail: Path, event_id: str, output: str, raw: bool) -> None:
    """Show one call: the event, the request and the response.

    ID is an event id or the start of one.
    """
    with Reader(trail) as reader:
        for line in showing.lines(reader, event_id, output=output, raw=raw):
            click.echo(line)
