"""What a statement may do: read the view, for a while."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from apitrail.errors import UsageError
from apitrail.reading.sql.field import Fields
from apitrail.reading.sql.rewrite import TABLE

# What a statement may read: the view and what it is made of, never the tables that seal or erase.
# The name of the view that SQLite reports for a read is not checked: a WITH clause may take any
# name.
READABLE = frozenset(
    {TABLE, "event_resources", "event", "string", "resource", "json_each", "json_tree"}
)
FORBIDDEN_FUNCTIONS = frozenset({"load_extension", "fts3_tokenizer", "randomblob", "zeroblob"})
ALLOWED_ACTIONS = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
CELL_LIMIT = 64 * 1024 * 1024
STEPS = 1000


def fence(connection: sqlite3.Connection, is_over: Callable[[], bool]) -> None:
    """From here on only what is harmless, and nothing any more once `is_over` says so."""
    # "no such column" instead of a string, when a quoted name is misspelled.
    connection.setconfig(sqlite3.SQLITE_DBCONFIG_DQS_DML, False)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, CELL_LIMIT)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000)
    connection.set_progress_handler(is_over, STEPS)
    connection.set_authorizer(_authorize)


def _authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action not in ALLOWED_ACTIONS:
        return sqlite3.SQLITE_DENY
    # SQLite asks without a column when only the number of rows is read, and then gives the name
    # of a WITH clause.
    if action == sqlite3.SQLITE_READ and second and first not in READABLE:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in FORBIDDEN_FUNCTIONS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


# SQLite's words → what to do next.
_HINTS: tuple[tuple[str, str], ...] = (
    ("no such table", f"the table is called {TABLE}"),
    ("no such column", 'columns are named as in CloudTrail: eventName, "userIdentity.arn", "requestParameters.userName"; text stands in single quotes'),
    ("prohibited", f"only {TABLE} and event_resources can be read"),
    ("not authorized", f"only SELECT over {TABLE} is allowed"),
    ("interrupted", "narrow it down, or give more time with --timeout"),
)  # fmt: skip


@contextmanager
def errors(fields: Fields) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning, OverflowError) as error:
        if fields.failure is not None:
            raise fields.failure from error
        words = str(error)
        hint = next((hint for key, hint in _HINTS if key in words), None)
        shown = "the query took too long" if words == "interrupted" else f"the query fails: {words}"
        raise UsageError(shown, hint=hint) from error
