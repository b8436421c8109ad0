"""`apitrail serve`, `apitrail sql` and `apitrail reconcile`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from apitrail.cli.options import FORMATS, output_option, with_trail
from apitrail.cli.printing import emit
from apitrail.opening import open_source


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


COMMANDS = (sql_command,)
