"""`apitrail export`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from apitrail import places
from apitrail.cli import shipping
from apitrail.cli.options import filter_options, with_trail
from apitrail.cli.printing import say
from apitrail.delivery import export as exporting
from apitrail.entry import TAGS
from apitrail.errors import UsageError
from apitrail.evidence.bundle import is_archive
from apitrail.evidence.opening import open_source
from apitrail.query import Filter
from apitrail.reading import event_list
from apitrail.source import Source

# This format, too, is a directory: a receipt for each call.
COSE = "cose"


@click.command("export")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@filter_options
@click.option("--format", "form", type=click.Choice([*exporting.FORMATS, shipping.CLOUDTRAIL, shipping.PARQUET, COSE]), default="bundle", show_default=True, help="What to write. A bundle is evidence, and so is html: a page that checks itself in a browser. cose is a directory of COSE Receipts (RFC 9942), which prove calls to verifiers of others. parquet is a directory that is the lake of many logs. The rest are data.")  # fmt: skip
@click.option("-o", "--out", metavar="PATH", help="Write to this file or directory; `-` is stdout.")
@click.option("--facet", "facets", multiple=True, type=click.Choice(TAGS), help="Open only this part of each call. May be repeated; all parts by default.")  # fmt: skip
@click.option("--prove-complete", "complete", is_flag=True, help="Also prove that no other call in this time matches.")  # fmt: skip
@click.option("--digest-every", metavar="TIME", help="The time that one CloudTrail digest covers; 1h by default.")  # fmt: skip
@click.option("--unfinished", is_flag=True, help="With parquet: write the hour that is not over too, as it stands.")  # fmt: skip
@with_trail
def export_command(
    trail: Path, where: Filter, ids: tuple[str, ...], form: str, out: str | None, facets: tuple[str, ...], complete: bool, digest_every: str | None, unfinished: bool
) -> None:  # fmt: skip
    """Hand over calls, by default as a bundle that proves them.

    ID is an event id or the start of one. Without an ID the filter options choose the calls.
    """
    if unfinished and form != shipping.PARQUET:
        raise UsageError(
            "--unfinished is for --format parquet", hint="the others write what is there"
        )
    if form == shipping.PARQUET:
        if facets or complete or digest_every:
            raise UsageError(
                "a lake's files have all columns and no digests, and their lists prove them complete",
                hint="leave out --facet, --prove-complete and --digest-every",
            )
        shipping.export_lake(trail, where, ids, out, unfinished=unfinished)
        return
    if form == shipping.CLOUDTRAIL:
        shipping.export_tree(trail, where, ids, out, digest_every)
        return
    if form == COSE:
        _refuse_with_receipts(facets, complete, out)
    elif out in (None, "-") and not exporting.FORMATS[form][1]:
        raise UsageError(f"--format {form} needs a file", hint="-o PATH")
    with open_source(trail) as source:
        job = exporting.Job(
            where=event_list.resolve(source, where, say, exact=True), ids=ids, facets=facets or TAGS,
            complete=complete, vkey=exporting.vkey(source, trail),
        )  # fmt: skip
        if form == COSE:
            count = _receipts(source, job, trail, Path(str(out)))
        elif out in (None, "-"):
            exporting.FORMATS[form][0](source, job, sys.stdout.buffer)
            sys.stdout.flush()
            return
        else:
            if not exporting.FORMATS[form][1]:
                _date(trail)
            count = exporting.to_file(source, job, form=form, path=Path(str(out)))
    click.echo(f"apitrail: {count} {'call' if count == 1 else 'calls'} in {out}", err=True)


def _date(trail: Path) -> None:
    """Evidence says when it was made. The reader sees what is appended now."""
    if not is_archive(trail):
        click.echo(f"apitrail: {exporting.date(trail)}", err=True)


def _refuse_with_receipts(facets: tuple[str, ...], complete: bool, out: str | None) -> None:
    if facets or complete:
        raise UsageError(
            "a receipt opens no part of a call, and proves no completeness", hint="--format bundle"
        )
    if out in (None, "-"):
        raise UsageError("receipts need a directory", hint="-o DIR")


def _receipts(source: Source, job: exporting.Job, trail: Path, out: Path) -> int:
    from apitrail.delivery import cose_directory

    signer = cose_directory.signer(source, trail)
    cose_directory.check(out)
    _date(trail)
    indexes = exporting.selected(source, job, source.size)
    return cose_directory.write(source, indexes, out, signer=signer, issued=places.clock() // 1000)
