"""`apitrail export` and `apitrail history`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from apitrail import export as exporting
from apitrail import listing
from apitrail.bundle import is_archive
from apitrail.cli.options import filter_options, with_trail
from apitrail.entry import TAGS
from apitrail.errors import UsageError
from apitrail.opening import open_source
from apitrail.query import Filter


@click.command("export")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@filter_options
@click.option("--format", "form", type=click.Choice(list(exporting.FORMATS)), default="bundle", show_default=True, help="A bundle is evidence; the others are data.")  # fmt: skip
@click.option("-o", "--out", metavar="PATH", help="Where to; `-` is stdout, for text.")
@click.option("--facet", "facets", multiple=True, type=click.Choice(TAGS), help="Open only this part of each call, repeatable; all unless told.")  # fmt: skip
@click.option("--prove-complete", "complete", is_flag=True, help="Prove too that there are no others in the time asked for.")  # fmt: skip
@with_trail
def export_command(
    trail: Path, where: Filter, ids: tuple[str, ...], form: str, out: str | None, facets: tuple[str, ...], complete: bool
) -> None:  # fmt: skip
    """Hand over calls, by default as a bundle that proves them.

    ID is an event id or the start of one; without, the filter says which calls.
    """
    write, is_text = exporting.FORMATS[form]
    if not is_text and out in (None, "-"):
        raise UsageError(f"a {form} needs a file", hint="-o PATH")
    if not is_text and not is_archive(trail):
        click.echo(f"apitrail: {exporting.date(trail)}", err=True)
    with open_source(trail) as source:
        job = exporting.Job(
            where=listing.resolve(source, where), ids=ids, facets=facets or TAGS,
            complete=complete, vkey=exporting.vkey(source, trail),
        )  # fmt: skip
        if out in (None, "-"):
            write(source, job, sys.stdout.buffer)
            sys.stdout.flush()
            return
        count = exporting.to_file(source, job, form=form, path=Path(str(out)))
    click.echo(f"apitrail: {count} {'call' if count == 1 else 'calls'} in {out}", err=True)


COMMANDS = (export_command,)
