"""Fields of events by path, as SQLite has values."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from apitrail.codec import Object
from apitrail.errors import Error, UsageError
from apitrail.event import (
    RECORD_TAGS,
    REQUEST_FIELDS,
    RESPONSE_FIELDS,
    WHO_FIELDS,
    Answered,
    Asked,
    Event,
    What,
    Who,
    record_of,
)
from apitrail.reading.sql.matcher import Matcher
from apitrail.source import Source


class Fields:
    """Fields of events by path; the facets of one event at a time are held.

    Without a `matcher`, patterns are matched in this process.
    """

    def __init__(self, source: Source, matcher: Matcher | None = None) -> None:
        self._source = source
        self._matcher = matcher
        self._index = -1
        self._records: dict[str, Object] = {}
        self.failure: Error | None = None

    def value(self, index: int, path: str) -> str | int | float | None:
        """The value at `path` in the record of entry `index`, as SQLite has it."""
        try:
            if path == "record":
                return cell(record_of(self._source.facets(index, RECORD_TAGS)))
            if path.partition(".")[0] == "labels":
                return cell(at({"labels": self._labels(index)}, path))
            return cell(at(self._record(index, _tag(path)), path))
        except Error as error:
            self.failure = error
            raise

    def matches(self, pattern: str, value: Any) -> bool | None:
        """SQL's `value REGEXP pattern`."""
        try:
            if value is None:
                return None
            if self._matcher is not None:
                return self._matcher.search(str(pattern), str(value))
            return _pattern(pattern).search(str(value)) is not None
        except Error as error:
            self.failure = error
            raise

    def _labels(self, index: int) -> Object | None:
        """The labels of the call's run, which are no part of the record."""
        who = Event.parse(self._source.facets(index, ("who",))).who
        return who.run.labels if who and who.run else None

    def _record(self, index: int, tag: str) -> Object:
        if index != self._index:
            self._index, self._records = index, {}
        if tag not in self._records:
            event = Event.parse(self._source.facets(index, (tag,)))
            facet: Who | What | Asked | Answered | None = getattr(event, tag)
            self._records[tag] = facet.record if facet is not None else {}
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
