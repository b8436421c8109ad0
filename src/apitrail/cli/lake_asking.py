"""`apitrail lake sql` and `apitrail lake questions`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import click

from apitrail import when
from apitrail.cli.options import FORMATS, output_option
from apitrail.cli.pager import pager_option
from apitrail.cli.printing import emit, say, screen, table
from apitrail.counted import counted
from apitrail.errors import UsageError

if TYPE_CHECKING:
    from apitrail.delivery.lake.dialects import Period

# As `apitrail.delivery.lake.dialects` has them; a test holds the two together.
DIALECTS = ("lake", "apitrail", "duckdb", "spark", "clickhouse")


def _question_options[**P, R](command: Callable[P, R]) -> Callable[P, R]:
    for option in (
        click.option("--until", metavar="TIME", help="Only calls before this time."),
        click.option("--since", metavar="TIME", help="Only calls from this time on, such as 2h, yesterday or 2026-11-23T09:00. Files of other days are not opened."),
        click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="A value that the question needs. May be repeated."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command("sql")
@click.argument("place", metavar="DIR|s3://BUCKET/PREFIX")
@click.argument("statement", required=False, metavar="[SELECT]")
@click.option("--question", metavar="NAME", help="Ask one of `apitrail lake questions`.")
@_question_options
@click.option("--log", metavar="ORIGIN", help="Only calls of this log.")
@output_option(*FORMATS, default="table")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Give up after this many seconds.")  # fmt: skip
@click.option("--memory", default="1GB", show_default=True, metavar="SIZE", help="Use no more memory; what is larger goes to the disk.")  # fmt: skip
@click.option("--endpoint-url", metavar="URL", help="The endpoint of S3, where it is not AWS.")
@click.option("--profile", metavar="NAME", help="Read with this AWS profile.")
@pager_option
def lake_sql_command(
    place: str, statement: str | None, question: str | None, given: tuple[str, ...],
    since: str | None, until: str | None, log: str | None, output: str, timeout: float | None,
    memory: str, endpoint_url: str | None, profile: str | None,
) -> None:  # fmt: skip
    """Ask a lake in SQL: one SELECT over the table `events`, by DuckDB.

    Columns are those of `apitrail sql`, for all logs together; log, idx and leaf_hash say where the
    entry is. A condition on eventday ('20261127'), --since and --until leave out files. The lake is
    only read.
    """
    from apitrail.delivery.lake import dialects, lake_files, lake_sql, questions
    from apitrail.reading import sql

    if bool(statement) == bool(question):
        raise UsageError(
            "one question, in SQL or by name",
            hint='apitrail lake sql DIR "SELECT …", or --question NAME of `apitrail lake questions`',
        )
    values = _values(given)
    if values and not question:
        raise UsageError("--set is for --question", hint="apitrail lake questions")
    period = _period(since, until)
    if question:
        statement = dialects.LAKE.ask(questions.named(question), values, period)
    lake_sql.check_installed()
    where = lake_files.ArrowPlace.parse(place, endpoint=endpoint_url, profile=profile)
    files = lake_files.find(where, period, log)
    if files.unlisted:
        say(
            f"left out {counted(len(files.unlisted), 'file')} that no list names, such as {files.unlisted[0]!r}"
        )
    with lake_sql.ask(
        files, statement or "", period=period, log=log, memory=memory, timeout=timeout
    ) as answer:
        emit(sql.lines(answer, output=output, width=screen()), paged=True)


@click.command("questions")
@click.argument("name", required=False)
@_question_options
@click.option("--dialect", type=click.Choice(DIALECTS), default="lake", show_default=True, help="For whom: `apitrail lake sql`, `apitrail sql`, or another engine over the same files.")  # fmt: skip
def lake_questions(
    name: str | None, given: tuple[str, ...], since: str | None, until: str | None, dialect: str
) -> None:
    """List questions that investigators ask, or print one in SQL.

    `apitrail lake sql DIR --question NAME` asks it.
    """
    from apitrail.delivery.lake import dialects, questions

    if name is None:
        if given or since or until:
            raise UsageError(
                "these are of one question", hint="apitrail lake questions NAME --set …"
            )
        rows = [(each.name, each.words, ", ".join(each.needs)) for each in questions.QUESTIONS]
        emit(table(rows, ("NAME", "QUESTION", "NEEDS")))
        return
    question = questions.named(name)
    # A value that is not given is printed as its name: the text is to be completed by hand.
    values = {need: f"<{need}>" for need in question.needs if need in questions.SHOWN} | _values(
        given
    )
    text = dialects.DIALECTS[dialect].ask(question, values, _period(since, until))
    emit(line for line in text.splitlines())


def _values(given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"not NAME=VALUE: {text!r}", hint="--set key=AKIA…")
        found[name] = value
    return found


def _period(since: str | None, until: str | None) -> Period:
    from apitrail.delivery.lake.dialects import Period

    now = datetime.now().astimezone()
    return Period(
        None if since is None else when.parse(since, now=now),
        None if until is None else when.parse(until, now=now),
    )
