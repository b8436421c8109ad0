"""Listing a trail's events: from a filter to lines on a screen or in a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from typing import Any

from apitrail.errors import UsageError
from apitrail.event import RECORD_TAGS, Event
from apitrail.query import Filter
from apitrail.reading import event_table, render
from apitrail.reading.event_table import PIPED, Look
from apitrail.reading.wording import Wording, silent
from apitrail.source import Source

# What a person sees at once; pipes get everything.
SCREENFUL = 50
POLL = 0.2


def resolve(
    reader: Source, where: Filter, say: Callable[[str], None] = silent, *, exact: bool = False
) -> Filter:
    """The filter in the words that the events have; `say` tells which of its words cannot match.

    Raises:
        UsageError: a run or an event that is named by its id is not there, and they are to be `exact`.
    """
    return Wording(reader, say, exact).resolve(where)


def lines(
    reader: Source,
    where: Filter,
    *,
    output: str,
    shape: str,
    query: str | None,
    limit: int | None,
    look: Look = PIPED,
) -> Generator[str]:
    """The listing, newest first."""
    indexes = reader.select(where, limit=limit)
    return present(reader, indexes, output=output, shape=shape, query=query, look=look)


def present(
    reader: Source,
    indexes: Iterable[int],
    *,
    output: str,
    shape: str = "cloudtrail",
    query: str | None = None,
    look: Look = PIPED,
) -> Generator[str]:
    """These events as lines: in a table's columns, or as records in a form for programs."""
    expression = compile_query(query)
    if output == "table" and expression is None:
        tags = event_table.tags(look.names)
        yield from event_table.lines(list(_events(reader, indexes, tags)), look)
        return
    values = (shaped(event, shape) for event in _events(reader, indexes, RECORD_TAGS))
    yield from as_records(values, output, query)


def as_records(
    values: Iterable[Mapping[str, Any]], output: str, query: str | None
) -> Generator[str]:
    """Records in a form for programs, or what a JMESPath expression selects from them."""
    expression = compile_query(query)
    if expression is not None:
        yield from render.queried(_query(expression, query or "", list(values)), output)
    elif output == "json":
        yield render.json_document({"Records": list(values)})
    elif output == "jsonl":
        yield from map(render.json_line, values)
    elif output == "csv":
        yield from render.csv_lines(values)
    else:
        yield from render.text_lines(values)


def follow(
    reader: Source, where: Filter, *, output: str, shape: str, limit: int, look: Look = PIPED
) -> Generator[str]:
    """The newest `limit` events, then new ones as they are recorded, oldest first, without end."""
    indexes = list(reader.select(where, limit=limit))[::-1]
    after = reader.size - 1
    while True:
        for index in indexes:
            event = _event(reader, index, RECORD_TAGS)
            yield (
                event_table.line(event, look)
                if output == "table"
                else _followed(event, output, shape)
            )
            after = max(after, index)
        time.sleep(POLL)
        indexes = list(reader.select(where, after=after, ascending=True))


def _followed(event: Event, output: str, shape: str) -> str:
    """One event on a line of its own."""
    value = shaped(event, shape)
    if output == "csv":
        return list(render.csv_lines([value]))[1]
    if output == "text":
        return next(render.text_lines([value]))
    return render.json_line(value)


def shaped(event: Event, shape: str) -> dict[str, Any]:
    """A CloudTrail record, or the call in the service model's own words."""
    return event.botocore() if shape == "botocore" else event.record()


def compile_query(query: str | None) -> Any:
    """Compile a JMESPath expression; raises UsageError if it is malformed."""
    if query is None:
        return None
    # Only here: most lists are printed without a query, and sooner without its parser.
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.compile(query)
    except JMESPathError as error:
        raise UsageError(
            f"not a JMESPath expression: {query!r}",
            hint=f"{str(error).splitlines()[0]} — as in --query 'Records[].eventName'",
        ) from error


def _query(expression: Any, query: str, values: list[Mapping[str, Any]]) -> Any:
    """Asked of a CloudTrail log file; one that starts with `[` is asked of its list of records."""
    from jmespath.exceptions import JMESPathError

    try:
        return expression.search(values if query.lstrip().startswith("[") else {"Records": values})
    except JMESPathError as error:
        raise UsageError(f"the query fails: {str(error).splitlines()[0]}") from error


def _events(reader: Source, indexes: Iterable[int], tags: tuple[str, ...]) -> Iterator[Event]:
    return (_event(reader, index, tags) for index in indexes)


def _event(reader: Source, index: int, tags: tuple[str, ...]) -> Event:
    return Event.parse(reader.facets(index, tags))
