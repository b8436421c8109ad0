"""A log cut into hours: which of an hour's entries are rows, and in which order.

An entry belongs to the hour in which it was written. Times of entries never go back, so an hour is
over for good, and an event that is recorded late is in the file of a later hour, under its own day.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import batched, groupby

from apitrail.delivery.lake.lake_columns import Row, happened, row
from apitrail.delivery.lake.lake_list import HOUR, Rowless
from apitrail.delivery.logfiles.tree_manifest import format_indexes
from apitrail.entry import CALLS, Entry
from apitrail.event import RECORD_TAGS, load
from apitrail.source import Source
from apitrail.tlog import merkle
from apitrail.tlog.merkle import Frontier
from apitrail.when import iso_second

# Two entries' order in one number: seconds of the event, then the index from the hour's first.
_INDEX_BITS = 32
_SOME = 4096


@dataclass(frozen=True, slots=True)
class Day:
    """An hour's calls whose events are of one day: `day` is YYYYMMDD."""

    day: str
    oldest: int
    newest: int
    order: array[int]

    @property
    def indexes(self) -> str:
        """The entries, as lists have them."""
        return format_indexes(_sorted(self.order))


@dataclass(slots=True)
class Hour:
    """The entries [start, stop) of one hour; `hour` is Unix seconds.

    `edge` is the log's tree after them, and `last` its newest leaf. `is_over` says that the log has
    an entry of a later hour.
    """

    hour: int
    start: int
    stop: int
    edge: Frontier
    last: bytes = b""
    is_over: bool = False
    rowless: list[Rowless] = field(default_factory=list)
    _keys: array[int] = field(default_factory=lambda: array("Q"))

    def add_call(self, index: int, second: int) -> None:
        """A call whose event was at this Unix second."""
        self._keys.append(second << _INDEX_BITS | index - self.start)

    def days(self) -> Iterator[Day]:
        """Its calls by day of their events, each in the order of their times."""
        for day, some in groupby(_sorted(self._keys), key=_day):
            oldest = newest = 0
            order = array("Q")
            for key in some:
                newest = key >> _INDEX_BITS
                oldest = oldest if order else newest
                order.append(self.start + (key & (1 << _INDEX_BITS) - 1))
            named = iso_second(day * 86_400)[:10].replace("-", "")
            yield Day(named, oldest, newest, order)


def _sorted(numbers: array[int]) -> Iterator[int]:
    """In order; only some of them are Python's at one time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    held = pa.Array.from_buffers(pa.uint64(), len(numbers), [None, pa.py_buffer(numbers)])
    for some in batched(held.take(pc.array_sort_indices(held)), _SOME, strict=False):
        yield from (each.as_py() for each in some)


def _day(key: int) -> int:
    return (key >> _INDEX_BITS) // 86_400


def hours(source: Source, edge: Frontier, stop: int) -> Iterator[Hour]:
    """The hours of entries [edge.size, stop), in order; the last may not be over."""
    tree, hour = edge.copy(), None
    for data in source.entries(edge.size, stop):
        index, time, kind = Entry.head_of(data)
        began = time // 1000 // HOUR * HOUR
        if hour is None or began != hour.hour:
            if hour is not None:
                hour.is_over = True
                yield hour
            hour = Hour(began, index, index, tree)
        leaf = merkle.leaf_hash(data)
        tree.append(leaf)
        hour.stop, hour.edge, hour.last = index + 1, tree, leaf
        second = _second(source, index, time) if kind in CALLS else None
        if second is None:
            hour.rowless.append(Rowless(index=index, kind=kind, time=time, hash=leaf.hex()))
        else:
            hour.add_call(index, second)
    if hour is not None:
        yield hour


def _second(source: Source, index: int, time: int) -> int | None:
    """When a call's event was; None where nothing is left of the call."""
    facets = source.facets(index, ("what",)) or source.facets(index, RECORD_TAGS)
    if not facets:
        return None
    said = load(facets["what"]) if "what" in facets else {}
    record = said.get("record") if isinstance(said, dict) else None
    return happened(record if isinstance(record, dict) else {}, time) // 1000


def rows(source: Source, log: str, indexes: Iterable[int]) -> Iterator[Row]:
    """The rows of these entries, in this order."""
    for index in indexes:
        link = source.entry(index)
        if link is not None:
            yield row(log, link, source.facets(index, RECORD_TAGS))
