"""`apitrail events` and `apitrail show`."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import click

from apitrail.cli.options import FORMATS, filter_options, output_option, with_trail
from apitrail.cli.pager import pager_option
from apitrail.cli.printing import draws_bars, emit, is_coloured, say, screen
from apitrail.errors import UsageError
from apitrail.evidence.opening import open_source
from apitrail.query import Filter
from apitrail.reading import event_list, event_table
from apitrail.reading.event_table import CELLS, Look


@click.command()
@click.argument("source", required=False, type=click.Path(path_type=Path), metavar="[TRAIL|BUNDLE]")
@filter_options
@output_option(*FORMATS, default="table")
@click.option(
    "--columns", metavar="NAMES", help=f"Show these columns of the table: {', '.join(CELLS)}."
)
@click.option("--shape", type=click.Choice(["cloudtrail", "botocore"]), default="cloudtrail", show_default=True, help="CloudTrail's record, or the service model's own words.")  # fmt: skip
@click.option("--query", metavar="JMESPATH", help="Print only what this JMESPath selects from {Records: […]}; if it starts with [, from the list of records.")  # fmt: skip
@click.option("--category", type=click.Choice(["insight"]), help="List insights instead of calls, as CloudTrail's records; of the filter, --since and --until count.")  # fmt: skip
@click.option("--chart", is_flag=True, help="Draw how many calls there were over time, and how many failed.")  # fmt: skip
@click.option("--follow", "-f", is_flag=True, help="Keep printing new events as they are recorded.")
@click.option("-n", "--max-items", "limit", type=click.IntRange(min=0), help="Print at most this many; a table shows 50 by default.")  # fmt: skip
@pager_option
@with_trail
def events(
    trail: Path, source: Path | None, where: Filter, output: str, columns: str | None, shape: str, query: str | None, category: str | None, chart: bool, follow: bool, limit: int | None
) -> None:  # fmt: skip
    """List recorded calls, newest first."""
    if follow and query:
        raise UsageError("--query needs the whole list", hint="pipe --output jsonl into jq instead")
    if category:
        _insights(source or trail, where, output, query, limit)
        return
    if chart:
        _chart(source or trail, where, output, other=bool(query or follow or limit or columns))
        return
    shown = event_list.SCREENFUL if limit is None and output == "table" and not query else limit
    if columns and (output != "table" or query):
        raise UsageError(
            "--columns is for tables", hint="--query 'Records[].[eventTime,eventName]'"
        )
    look = _look(event_table.parse_names(columns) if columns else event_table.DEFAULT)
    with open_source(source or trail) as reader:
        where = event_list.resolve(reader, where, say)
        lines = (
            event_list.follow(
                reader, where, output=output, shape=shape, limit=limit or 0, look=look
            )
            if follow
            else event_list.lines(
                reader, where, output=output, shape=shape, query=query, limit=shown, look=look
            )
        )
        count = emit(lines, flush=follow, paged=not follow)
    if output == "table" and not count:
        click.echo("no events match", err=True)
    elif limit is None and count - 1 == shown:
        click.echo(f"the newest {shown}; -n shows more", err=True)


def _chart(path: Path, where: Filter, output: str, *, other: bool) -> None:
    from apitrail.reading import event_chart

    if other:
        raise UsageError(
            "--chart is of all calls that match", hint="--since, --until and the other filters"
        )
    now = datetime.now().astimezone()
    with open_source(path) as reader:
        bars = event_chart.bars(reader, event_list.resolve(reader, where, say), now)
    drawing = event_chart.Drawing(
        now=now, width=screen(), colour=is_coloured(), plain=not draws_bars()
    )
    emit(event_chart.lines(bars, output=output, drawing=drawing), paged=True)
    if not bars:
        click.echo("no events match", err=True)


def _insights(path: Path, where: Filter, output: str, query: str | None, limit: int | None) -> None:
    from apitrail.reading import insight_list

    if where != replace(Filter(), since=where.since, until=where.until, stand_in=where.stand_in):
        raise UsageError(
            "insights are chosen by --since and --until alone",
            hint="apitrail insights --kind, or --query",
        )
    chosen = insight_list.Chosen(since=where.since, until=where.until)
    with open_source(path) as reader:
        found = insight_list.present(reader, chosen, output=output, query=query, limit=limit)
        emit(found, paged=True)


def _look(names: tuple[str, ...]) -> Look:
    return Look(width=screen(), now=datetime.now().astimezone(), colour=is_coloured(), names=names)


@click.command()
@click.argument("event_id", metavar="ID")
@output_option("text", "json", default="text")
@click.option(
    "--raw", is_flag=True, help="Print the request and the response as they were on the wire."
)
@click.option("--proof", is_flag=True, help="Print the proof that its entry is in the log (C2SP tlog-proof).")  # fmt: skip
@pager_option
@with_trail
def show(trail: Path, event_id: str, output: str, raw: bool, proof: bool) -> None:
    """Show one call on one screen: who, what was asked, what was answered.

    ID is an event id or the start of one. Headers, bodies and the record are in --raw and --output json.
    """
    from apitrail.reading import event_detail

    with open_source(trail) as reader:
        if proof:
            click.echo(event_detail.proof(reader, event_id), nl=False)
            return
        look = _look(event_table.DEFAULT)
        lines = event_detail.lines(reader, event_id, output=output, raw=raw, look=look)
        emit(lines, paged=True)


@click.command("find-value")
@filter_options
@output_option(*FORMATS, default="table")
@pager_option
@with_trail
def find_value(trail: Path, where: Filter, output: str) -> int:
    """List the calls in which a secret appeared; the value comes on stdin and is not stored.

    Exit status 0 when there are such calls, 1 when there are none.
    """
    from apitrail.reading import secret_search
    from apitrail.redact import Redactor
    from apitrail.trail.keys import Keys

    value = _value()
    with open_source(trail) as reader:
        if trail.is_file():
            raise UsageError(
                "a bundle has no redaction key", hint="ask the trail it was exported from"
            )
        redactor = Redactor(Keys.of(trail).redaction())
        found = secret_search.find_value(
            reader, redactor, value, event_list.resolve(reader, where, say, exact=True)
        )
        indexes = list(found)
        look = _look(event_table.DEFAULT)
        emit(event_list.present(reader, indexes, output=output, look=look), paged=True)
    if not indexes:
        say("no call has this value redacted")
    return 0 if indexes else 1


def _value() -> bytes:
    """The value on stdin, without the newline an editor or `echo` adds."""
    if sys.stdin.isatty():
        return str(click.prompt("value", hide_input=True, err=True)).encode()
    value = sys.stdin.buffer.read().removesuffix(b"\n").removesuffix(b"\r")
    if not value:
        raise UsageError("no value", hint='printf %s "$SECRET" | apitrail find-value')
    return value
