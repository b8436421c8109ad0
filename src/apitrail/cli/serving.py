"""`apitrail serve`, `apitrail sql` and `apitrail reconcile`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TextIO

import click

from apitrail import config
from apitrail.cli.options import FORMATS, output_option, with_trail
from apitrail.cli.printing import emit
from apitrail.opening import open_source


@click.command()
@click.option("--listen", metavar="HOST:PORT", default="127.0.0.1:8484", show_default=True, help="Where; port 0 takes one that is free.")  # fmt: skip
@click.option("--host", "names", multiple=True, metavar="NAME", help="A name that clients may call this server by, repeatable.")  # fmt: skip
@click.option("--token-file", type=click.File("r"), metavar="FILE", help="The token to be shown; off loopback one is made unless given.")  # fmt: skip
@with_trail
def serve(trail: Path, listen: str, names: tuple[str, ...], token_file: TextIO | None) -> None:
    """Serve the trail, or a bundle, as CloudTrail would: its API and its bucket on one port.

    Nothing is recorded here, and nothing that was recorded can be changed.
    """
    from apitrail.web import guard, serving

    address = guard.Address.parse(listen)
    token = guard.parse_token(token_file.read()) if token_file else None
    serving.serve(
        trail, address, names=names, token=token, clock=config.clock,
        say=lambda line: click.echo(line, err=True),
    )  # fmt: skip


@click.command("sql")
@click.argument("statement", metavar="SELECT")
@output_option(*FORMATS, default="table")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Give up after so long.")  # fmt: skip
@with_trail
def sql_command(trail: Path, statement: str, output: str, timeout: float | None) -> None:
    """Ask the trail in SQL: one SELECT over the table `events`.

    Columns are named as in CloudTrail (eventTime, eventName, "userIdentity.arn"), and a path
    into a field is a column too ("requestParameters.userName"). Also: idx (the log's entry), time
    (Unix milliseconds), username, run, record (all of it as JSON).
    """
    from apitrail import sql

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    with open_source(trail) as source, sql.ask(source, statement, timeout=timeout) as answer:
        emit(sql.lines(answer, output=output, width=width))


COMMANDS = (serve, sql_command)
