"""`apitrail serve`, `apitrail sql` and `apitrail reconcile`."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TextIO

import click

from apitrail import places, when
from apitrail.cli.log_format import with_log
from apitrail.cli.options import FORMATS, output_option, with_trail
from apitrail.cli.pager import pager_option
from apitrail.cli.printing import emit, screen
from apitrail.errors import UsageError
from apitrail.evidence.opening import open_source
from apitrail.log_lines import Log


@click.command()
@click.argument("source", required=False, type=click.Path(path_type=Path), metavar="[TRAIL|BUNDLE]")
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:8484", show_default=True, help="Listen here; port 0 takes a free one.")  # fmt: skip
@click.option("--host", "names", multiple=True, metavar="NAME", help="A further name by which clients may call this server. May be repeated.")  # fmt: skip
@click.option("--token-file", type=click.File("r", errors="replace"), metavar="FILE", help="Read the token that clients must show from this file. Without it, a token is made if the server can be reached from other machines.")  # fmt: skip
@with_log()
@with_trail
def serve(
    trail: Path, source: Path | None, listen: str, names: tuple[str, ...],
    token_file: TextIO | None, log: Log,
) -> None:  # fmt: skip
    """Serve a trail, or what a bundle discloses: the console for a browser, CloudTrail's API and its bucket, on one port.

    The server only reads: clients can neither record nor change anything.
    """
    from apitrail.address import Address
    from apitrail.web import host_check, serving

    address = Address.parse(listen)
    token = host_check.parse_token(token_file.read()) if token_file else None
    if log.as_json and token is None and not address.is_loopback:
        raise UsageError(
            "a token that is made here would be written into the log", hint="--token-file FILE"
        )
    serving.serve(
        source or trail, address, names=names, token=token, clock=places.clock,
        say=log,
    )  # fmt: skip


@click.command("sql")
@click.argument("statement", metavar="SELECT")
@output_option(*FORMATS, default="table")
@pager_option
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Give up after this many seconds.")  # fmt: skip
@with_trail
def sql_command(trail: Path, statement: str, output: str, timeout: float | None) -> None:
    """Ask the trail in SQL: one SELECT over the table `events`.

    Columns are named as in CloudTrail (eventTime, eventName, "userIdentity.arn"), and a path
    into a field is a column too ("requestParameters.userName"). Also: idx (the log's entry), time
    (Unix milliseconds), username, run, record (all of it as JSON).
    """
    from apitrail.reading import sql

    with open_source(trail) as source, sql.ask(source, statement, timeout=timeout) as answer:
        emit(sql.lines(answer, output=output, width=screen()), paged=True)


@click.command("reconcile")
@click.argument("logs", nargs=-1, required=True, metavar="DIR|FILE|s3://…")
@click.option(
    "--since",
    metavar="TIME",
    help="Compare from this time on; by default from CloudTrail's first record.",
)
@click.option(
    "--until",
    metavar="TIME",
    help="Compare up to this time; by default to CloudTrail's last record.",
)
@output_option("text", "json", default="text")
@pager_option
@with_trail
def reconcile_command(
    trail: Path, logs: tuple[str, ...], since: str | None, until: str | None, output: str
) -> int:
    """Compare CloudTrail's own log files with the trail: did anything go past the recorder?

    Exit status 1 when CloudTrail has calls by clients that the trail does not have.
    """
    from apitrail.delivery import reconcile

    now = datetime.now().astimezone()
    with open_source(trail) as source:
        left_out = Counter[str]()
        result = reconcile.reconcile(
            source, reconcile.read(logs, left_out), left_out=left_out,
            since=None if since is None else when.parse(since, now=now),
            until=None if until is None else when.parse(until, now=now),
        )  # fmt: skip
    emit(reconcile.lines(result, output=output, width=screen()), paged=True)
    return 0 if result.holds else 1
