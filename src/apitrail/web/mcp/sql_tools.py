"""`sql` (also as `lake_query`): one SELECT over what is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from apitrail.codec import Json, Object
from apitrail.errors import UsageError
from apitrail.reading import sql
from apitrail.web.mcp import pages
from apitrail.web.mcp.plain_data import texts
from apitrail.web.mcp.tool import Given, Tool, flag, many, text, whole
from apitrail.web.mcp.visible import Visible

TIMEOUT = 20.0
LONGEST = 10_000
ROWS, MOST_ROWS = 50, 200


def query(seen: Visible, given: Given) -> Object:
    """The rows of a page."""
    statement = given.needed("sql")
    if len(statement) > LONGEST:
        raise UsageError(
            f"the statement has {len(statement)} characters", hint=f"{LONGEST} at most"
        )
    first = pages.start(given) or 0
    try:
        with (
            seen.source() as source,
            sql.ask(source, statement, timeout=TIMEOUT, stop=given.stop) as answer,
        ):
            columns = answer.columns
            shown, token = pages.page(_rows(answer, first), given, most=ROWS)
    except UsageError as error:
        if "--timeout" not in (error.hint or ""):
            raise
        raise UsageError(
            f"{error} ({TIMEOUT:.0f} s)",
            hint="narrow it down: conditions on eventName, eventSource, username are quick",
        ) from error
    return {"columns": texts(columns), "rows": shown, "next_token": token}


def _rows(answer: sql.Answer, first: int) -> Iterator[tuple[int, Json]]:
    """From row `first` on; the place of a row is that of the one after it."""
    for number, row in enumerate(islice(answer.rows, first, None), start=first + 1):
        yield number, list(row)


SQL = Tool(
    name="sql", title="Ask in SQL",
    about=(
        "Run one SELECT (SQLite) over the table events. Columns are CloudTrail's: eventTime, eventName, "
        'eventSource, errorCode, "userIdentity.arn", "requestParameters.bucketName", …; also username, run, '
        "record (JSON), idx. event_resources has idx, name, type. ORDER BY something, so that pages follow each other."
    ),
    takes={
        "sql": text("The SELECT.", maxLength=LONGEST),
        "max_results": whole(f"How many rows to return at most (1 to {MOST_ROWS}, default {ROWS}).", 1, MOST_ROWS),
        "next_token": pages.TAKES["next_token"],
    },
    required=("sql",), run=query,
    returns={
        "columns": many("Names of the columns.", "string"), "rows": many("A list of values for each row.", "array"),
        **pages.RETURNS,
    },
)  # fmt: skip

LAKE_QUERY = replace(
    SQL, name="lake_query",
    about="The same as sql, under the name that AWS's own CloudTrail server has. An event data store's id in FROM stands for the table events.",
    takes={
        **SQL.takes, "wait_for_completion": flag("Taken and left aside: the rows are always answered."),
        "region": text("Taken and left aside: this server has one log."),
    },
)  # fmt: skip
