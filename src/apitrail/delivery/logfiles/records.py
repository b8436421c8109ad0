"""The records of a log, of calls and of insights, in order, with the entries that they are of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apitrail.delivery.logfiles.place import CALLS as CALLS_FOLDER
from apitrail.delivery.logfiles.place import INSIGHTS, Place
from apitrail.delivery.logfiles.tree_manifest import read_json
from apitrail.entry import CALLS, Entry
from apitrail.errors import FormatError
from apitrail.event import RECORD_TAGS, record_of
from apitrail.source import Source
from apitrail.trail import statements
from apitrail.trail.statements import Erase, Insight
from apitrail.when import parse_iso_second


@dataclass(frozen=True, slots=True)
class Record:
    """One call's or insight's record as it stands in a log file of this folder.

    `time` is the entry's, Unix milliseconds; `happened` the event's, Unix seconds; one that is
    not `selected` is not to be delivered.
    """

    index: int
    time: int
    happened: int
    place: Place
    text: str
    selected: bool = True
    folder: str = CALLS_FOLDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Which calls, by their records, and which insights, by their entries, are to be delivered."""

    calls: Callable[[Mapping[str, Any]], bool] = lambda _: True
    insights: Callable[[int, Insight], bool] = lambda _index, _said: True


def records(source: Source, start: int, stop: int, chosen: Chosen = Chosen()) -> Iterator[Record]:
    """The calls and insights among entries [start, stop) of which anything is left."""
    for data in source.entries(start, stop):
        link = Entry.parse(data)
        if link.kind == Insight.KIND:
            said = statements.of(source, link.kind, link.index)
            if isinstance(said, Insight) and chosen.insights(link.index, said):
                yield _delivered(link, said.record, folder=INSIGHTS)
        elif link.kind in CALLS and (found := _record(source, link.index)):
            yield _delivered(link, found, selected=chosen.calls(found))


def _delivered(
    link: Entry, found: Mapping[str, Any], *, selected: bool = True, folder: str = CALLS_FOLDER
) -> Record:
    happened = _seconds(found.get("eventTime"), link.time // 1000)
    return Record(link.index, link.time, happened, Place.of(found), spell(found), selected, folder)


def record(source: Source, index: int) -> str | None:
    """One record without what was erased; None if all of it was."""
    link = source.entry(index)
    if link is not None and link.kind == Insight.KIND:
        said = statements.of(source, link.kind, index)
        return spell(said.record) if isinstance(said, Insight) else None
    found = _record(source, index)
    return spell(found) if found else None


def spell(content: Mapping[str, Any]) -> str:
    """The text of a record in a log file."""
    return json.dumps(content, separators=(",", ":"))


def content(texts: list[str]) -> bytes:
    """A log file with these records, uncompressed."""
    return b'{"Records":[%s]}' % ",".join(texts).encode()


def parse(data: bytes) -> list[Any]:
    """Inverse of `content`.

    Raises:
        FormatError: it is no log file.
    """
    match read_json(data, "log file"):
        case {"Records": [*found]}:
            return found
        case _:
            raise FormatError("malformed log file: no records")


def erased(source: Source, start: int, stop: int) -> set[int]:
    """The entries whose content entries [start, stop) say was erased."""
    found: set[int] = set()
    for data in source.entries(start, stop):
        index, _, kind = Entry.head_of(data)
        if kind == Erase.KIND:
            found |= {target.index for target in statements.erased(source, index)}
    return found


def _record(source: Source, index: int) -> dict[str, Any] | None:
    facets = source.facets(index, RECORD_TAGS)
    return record_of(facets) if facets else None


def _seconds(text: object, otherwise: int) -> int:
    try:
        return parse_iso_second(str(text))
    except FormatError:
        return otherwise
