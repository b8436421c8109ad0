"""One question in SQL, and its answer."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from apitrail.errors import UsageError
from apitrail.evidence.bundle import Bundle
from apitrail.reading import render
from apitrail.reading.sql import view
from apitrail.reading.sql.fence import errors, fence
from apitrail.reading.sql.field import Fields
from apitrail.reading.sql.matcher import Matcher, Patience
from apitrail.reading.sql.read_ahead import ReadAhead
from apitrail.reading.sql.rewrite import TABLE, prepare
from apitrail.trail.reader import Reader


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
    function REGEXP is there unless told otherwise: a bad pattern takes a processor until the end.

    Raises:
        UsageError: the statement does not parse, asks for what is not to be read, or takes long.
    """
    text, paths = prepare(statement)
    patience = Patience.of(timeout, stop)
    # A process of its own costs 41 µs a row (in place 0.3 µs): only where something may have to end it.
    matcher = None if patience.is_endless else Matcher(patience)
    fields = Fields(source, matcher)
    ended = threading.Event()
    with errors(fields):
        connection = view.connect(source)
    try:
        with errors(fields):
            view.define(connection, paths, fields, regexp=regexp)
            fence(connection, lambda: ended.is_set() or patience.is_over())
        # In the thread from its first step on: what is raised here meanwhile, as by Ctrl-C, is none of the statement's.
        with closing(ReadAhead(_computed(connection, text, fields))) as rows:
            try:
                rows.start()
                yield Answer(next(rows), rows)
            finally:
                ended.set()
                connection.interrupt()
    finally:
        connection.close()
        if matcher is not None:
            matcher.close()


def check(source: Reader | Bundle, statement: str) -> None:
    """Raises UsageError where `ask` would at once, without running the statement."""
    with ask(source, f"EXPLAIN {statement}", timeout=1.0, regexp=False):
        pass


def _computed(
    connection: sqlite3.Connection, text: str, fields: Fields
) -> Generator[tuple[Any, ...]]:
    """The names of the columns, then the rows."""
    with errors(fields):
        cursor = connection.execute(text)
        if cursor.description is None:
            raise UsageError("no statement", hint=f'apitrail sql "SELECT eventName FROM {TABLE}"')
        yield tuple(str(column[0]) for column in cursor.description)
        yield from cursor


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
            yield render.csv_line(answer.columns)
            yield from (render.csv_line(tuple(map(_shown, row))) for row in answer.rows)
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
