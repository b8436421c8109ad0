"""SQL over a trail: a read-only view whose columns are named as in CloudTrail.

It does not know who asks.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
import threading
import time
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from apitrail import render
from apitrail.bundle import Bundle
from apitrail.errors import Error, UsageError
from apitrail.event import ORDER, REQUEST_FIELDS, RESPONSE_FIELDS, WHO_FIELDS, Event
from apitrail.trail import database
from apitrail.trail.reader import Reader
from apitrail.trail.rows import STRING_COLUMNS

TABLE = "events"

# Column → column of the index table whose string it is. A condition on these uses an index.
INDEXED = {
    "eventSource": "source",
    "eventName": "name",
    "awsRegion": "region",
    "sourceIPAddress": "source_ip",
    "errorCode": "error",
    "userIdentity.accessKeyId": "access_key_id",
    "username": "username",
    "run": "run",
}
_ID = "lower(hex(e.id))"
# Column → SQL over `event e`.
COMPUTED = {
    "idx": "e.idx",
    "time": "e.time",
    "eventTime": "strftime('%Y-%m-%dT%H:%M:%SZ', e.time / 1000, 'unixepoch')",
    "eventID": "||'-'||".join(
        f"substr({_ID}, {start}, {size})"
        for start, size in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    ),
    "readOnly": "e.read_only",
}
# Fields that hold objects or lists: a path into them is a column too.
NESTED = frozenset(
    {
        "userIdentity", "requestParameters", "responseElements", "additionalEventData",
        "resources", "tlsDetails",
    }
)  # fmt: skip
IDENTITY = ("type", "principalId", "arn", "accountId", "accessKeyId", "userName")
# What `SELECT *` gives.
COLUMNS = (
    "idx", "time", *ORDER, *(f"userIdentity.{name}" for name in IDENTITY), "username", "run",
)  # fmt: skip

# What a statement may read: the view, and what it is made of. Never what seals or erases. The
# view that SQLite says a read is made for is no criterion: a WITH clause may bear any name.
READABLE = frozenset(
    {TABLE, "event_resources", "event", "string", "resource", "json_each", "json_tree"}
)
FORBIDDEN_FUNCTIONS = frozenset({"load_extension", "fts3_tokenizer", "randomblob", "zeroblob"})
ALLOWED_ACTIONS = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
CELL_LIMIT = 64 * 1024 * 1024
STEPS = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """What a statement gives: the names of its columns, and its rows as they are computed."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def ask(
    source: Reader | Bundle,
    statement: str,
    *,
    timeout: float | None = None,
    regexp: bool = True,
    stop: threading.Event | None = None,
) -> Generator[Answer]:
    """Run one SELECT over `events`; it ends after `timeout` seconds, or once `stop` is set.

    A path such as "requestParameters.userName" is a column: a scalar as it is, true and false as
    1 and 0, objects and lists as JSON; what is several times in a list is a JSON list. The
    function REGEXP is there unless told otherwise: a bad pattern can hold up a whole process.

    Raises:
        UsageError: the statement does not parse, asks for what is not to be read, or takes long.
    """
    text, paths = prepare(statement)
    fields = _Fields(source)
    with _errors(fields):
        connection = _connect(source)
    try:
        with _errors(fields):
            _define(connection, paths, fields, regexp=regexp)
            _fence(connection, timeout, stop)
            cursor = connection.execute(text)
        if cursor.description is None:
            raise UsageError("no statement", hint=f'apitrail sql "SELECT eventName FROM {TABLE}"')
        columns = tuple(str(column[0]) for column in cursor.description)
        yield Answer(columns, _rows(cursor, fields))
    finally:
        connection.close()


def check(source: Reader | Bundle, statement: str) -> None:
    """Raises UsageError where `ask` would at once, without running the statement."""
    with ask(source, f"EXPLAIN {statement}", timeout=1.0, regexp=False):
        pass


# -- the statement ---------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""
    (?P<text> '(?:[^']|'')*' | --[^\n]* | /\*.*?\*/ )
  | (?P<quoted> "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\] )
  | (?P<store> [0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12} )
  | (?P<dotted> [A-Za-z_]\w*(?:\.[A-Za-z_]\w*)* )
  | .
    """,
    re.VERBOSE | re.DOTALL,
)


def prepare(statement: str) -> tuple[str, tuple[str, ...]]:
    """The statement as SQLite takes it, and the paths it names.

    `userIdentity.arn` needs no quotes, as in CloudTrail Lake; a Lake store's id is our view.
    """
    paths: dict[str, None] = {}

    def replaced(match: re.Match[str]) -> str:
        word = match[0]
        if match["store"]:
            return TABLE
        if match["quoted"]:
            name = word[1:-1]
            if _is_path(name):
                paths[name] = None
            return word
        if match["dotted"]:
            return _dotted(word, paths)
        return word

    return _TOKEN.sub(replaced, statement.strip().removesuffix(";")), tuple(paths)


def _is_path(name: str) -> bool:
    head, dot, rest = name.partition(".")
    return name == "record" or bool(head in NESTED and dot and rest)


def _dotted(word: str, paths: dict[str, None]) -> str:
    parts = word.split(".")
    # The first part may be the name of a table.
    for start in (0, 1):
        name = ".".join(parts[start:])
        if _is_path(name):
            paths[name] = None
            return ".".join([*parts[:start], f'"{name}"'])
    return word


# -- the view --------------------------------------------------------------------------------


def _define(
    connection: sqlite3.Connection, paths: tuple[str, ...], fields: _Fields, *, regexp: bool
) -> None:
    connection.create_function("apitrail_field", 2, fields.value, deterministic=True)
    if regexp:
        connection.create_function("regexp", 2, fields.matches, deterministic=True)
    columns = dict.fromkeys((*COLUMNS, *paths))
    shown = ", ".join(f"{_expression(name)} AS {_quoted(name)}" for name in columns)
    # An outer join becomes an inner one where a condition needs its string, and is left out
    # where nobody does: SQLite then goes by the index of the string.
    joins = " ".join(
        f"LEFT JOIN main.string s_{name} ON s_{name}.id = e.{name}" for name in INDEXED.values()
    )
    connection.execute("PRAGMA temp_store=MEMORY")
    # These declare themselves when first used, which the fence would not let them.
    connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')").fetchall()
    connection.execute(f"CREATE TEMP VIEW {TABLE} AS SELECT {shown} FROM main.event e {joins}")
    connection.execute(
        "CREATE TEMP VIEW event_resources AS SELECT r.idx AS idx, n.value AS name, "
        "nullif(t.value, '') AS type FROM main.resource r "
        "JOIN main.string n ON n.id = r.name JOIN main.string t ON t.id = r.type"
    )


def _expression(name: str) -> str:
    if name in COMPUTED:
        return COMPUTED[name]
    if name in INDEXED:
        return f"s_{INDEXED[name]}.value"
    literal = name.replace("'", "''")
    return f"apitrail_field(e.idx, '{literal}')"


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


class _Fields:
    """Fields of events by path; the facets of one event at a time are held."""

    def __init__(self, source: Reader | Bundle) -> None:
        self._source = source
        self._index = -1
        self._records: dict[str, dict[str, Any]] = {}
        self.failure: Error | None = None

    def value(self, index: int, path: str) -> str | int | float | None:
        """The value at `path` in the record of entry `index`, as SQLite has it."""
        try:
            if path == "record":
                tags = ("who", "what", "request", "response")
                return cell(Event.parse(self._source.facets(index, tags)).record())
            return cell(at(self._record(index, _tag(path)), path))
        except Error as error:
            self.failure = error
            raise

    def matches(self, pattern: str, value: Any) -> bool | None:
        """SQL's `value REGEXP pattern`."""
        try:
            return None if value is None else _pattern(pattern).search(str(value)) is not None
        except Error as error:
            self.failure = error
            raise

    def _record(self, index: int, tag: str) -> dict[str, Any]:
        if index != self._index:
            self._index, self._records = index, {}
        if tag not in self._records:
            event = Event.parse(self._source.facets(index, (tag,)))
            facet: dict[str, Any] = getattr(event, tag) or {}
            self._records[tag] = facet.get("record", {})
        return self._records[tag]


_TAGS = (
    dict.fromkeys(WHO_FIELDS, "who")
    | dict.fromkeys(REQUEST_FIELDS, "request")
    | dict.fromkeys(RESPONSE_FIELDS, "response")
)


def _tag(path: str) -> str:
    return _TAGS.get(path.partition(".")[0], "what")


def at(value: Any, path: str) -> Any:
    """What is at a dotted path: names may have dots in them, lists are looked through."""
    if isinstance(value, list):
        found = [item for item in (at(item, path) for item in value) if item is not None]
        return found[0] if len(found) == 1 else found or None
    if not isinstance(value, dict):
        return None
    if path in value:
        return value[path]
    for dot in (place for place, letter in enumerate(path) if letter == "."):
        if path[:dot] in value:
            return at(value[path[:dot]], path[dot + 1 :])
    return None


def cell(value: Any) -> str | int | float | None:
    """A JSON value as SQLite has it."""
    match value:
        case None | float():
            return value
        case bool():
            return int(value)
        case int():
            return value if -(2**63) <= value < 2**63 else str(value)
        case str():
            return _characters(value)
        case _:
            return _characters(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def _characters(text: str) -> str:
    """Lone surrogates, which are no characters, as JSON's escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@lru_cache(maxsize=64)
def _pattern(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise UsageError(f"not a regular expression: {pattern!r}: {error}") from error


# -- the answer ------------------------------------------------------------------------------


def lines(answer: Answer, *, output: str, width: int | None = None) -> Generator[str]:
    """The answer in one of `render.FORMATS`; only a table and JSON need all of it at once."""
    match output:
        case "table":
            rows = [tuple(map(_shown, row)) for row in answer.rows]
            yield from render.table(rows, answer.columns, width)
        case "json":
            yield render.json_document([_named(answer, row) for row in answer.rows])
        case "jsonl":
            yield from (render.json_line(_named(answer, row)) for row in answer.rows)
        case "csv":
            yield _csv(answer.columns)
            yield from (_csv(tuple(map(_shown, row))) for row in answer.rows)
        case _:
            for row in answer.rows:
                yield "\t".join("None" if v is None else render.clean(_shown(v)) for v in row)


def _named(answer: Answer, row: tuple[Any, ...]) -> dict[str, Any]:
    shown = (value.hex() if isinstance(value, bytes) else value for value in row)
    return dict(zip(answer.columns, shown, strict=True))


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case bytes():
            return value.hex()
        case _:
            return str(value)


def _csv(cells: tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()


# -- the fence -------------------------------------------------------------------------------


def _fence(
    connection: sqlite3.Connection, timeout: float | None, stop: threading.Event | None
) -> None:
    """From here on only what is harmless."""
    # "no such column" instead of a string, when a quoted name is misspelled.
    connection.setconfig(sqlite3.SQLITE_DBCONFIG_DQS_DML, False)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, CELL_LIMIT)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000)
    deadline = None if timeout is None else time.monotonic() + timeout

    def must_end() -> bool:
        return (stop is not None and stop.is_set()) or (
            deadline is not None and time.monotonic() > deadline
        )

    connection.set_progress_handler(must_end, STEPS)
    connection.set_authorizer(_authorize)


def _authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    if action not in ALLOWED_ACTIONS:
        return sqlite3.SQLITE_DENY
    # Without a column nothing is read but that there are rows; so SQLite asks for a WITH's name.
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
def _errors(fields: _Fields) -> Iterator[None]:
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


def _rows(cursor: sqlite3.Cursor, fields: _Fields) -> Iterator[tuple[Any, ...]]:
    with _errors(fields):
        yield from cursor


# -- where the rows are ----------------------------------------------------------------------


def _connect(source: Reader | Bundle) -> sqlite3.Connection:
    if isinstance(source, Reader):
        return database.open_read_only(source.directory)
    return _copied(source)


def _copied(bundle: Bundle) -> sqlite3.Connection:
    """The searchable side of a bundle, in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.executescript(database.schema())
    number = partial(_number, connection, {})
    for index in bundle.indexes():
        if (row := bundle.row(index)) is None:
            continue
        values = [number(getattr(row, name)) for name in STRING_COLUMNS]
        marks = ", ".join("?" * (len(values) + 4))
        connection.execute(
            f"INSERT INTO event(idx, id, time, read_only, {', '.join(STRING_COLUMNS)}) VALUES ({marks})",
            (index, uuid.UUID(row.id).bytes, row.time, row.read_only, *values),
        )
        connection.executemany(
            "INSERT INTO resource(name, type, idx) VALUES (?, ?, ?)",
            [(number(name), number(kind), index) for name, kind in sorted(row.resources)],
        )
    return connection


def _number(connection: sqlite3.Connection, known: dict[str, int], value: str | None) -> int | None:
    if value is None:
        return None
    if value not in known:
        known[value] = len(known) + 1
        connection.execute("INSERT INTO string(id, value) VALUES (?, ?)", (known[value], value))
    return known[value]
