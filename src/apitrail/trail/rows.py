"""A draft of an entry, and the rows that a batch of them becomes."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from apitrail import entry
from apitrail.entry import Entry
from apitrail.query import Row
from apitrail.tlog import merkle
from apitrail.trail import blocks, frames, grams, met, posted
from apitrail.trail.database import SPAN
from apitrail.trail.head import Head
from apitrail.trail.strings import Strings
from apitrail.valueclass import valueclass

# Columns of `event` that hold a string's id, with the field of `Row` they come from.
STRING_COLUMNS = (
    "source", "name", "username", "access_key_id", "region", "source_ip", "error", "run",
    "operator",
)  # fmt: skip


@valueclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be appended: a kind, facet contents, and for calls the searchable row.

    `run` and `labels` are of the run that an entry of kind `run` starts.
    """

    kind: str
    facets: Mapping[str, bytes]
    row: Row | None = None
    run: str | None = None
    labels: Mapping[str, str] | None = None


# The searchable row of a call; its strings are ids.
EVENT_SQL = (
    f"INSERT INTO event(idx, id, time, read_only, stand_in, undetermined, {', '.join(STRING_COLUMNS)}) "
    f"VALUES ({', '.join('?' * (len(STRING_COLUMNS) + 6))})"
)


def event_row(
    index: int, row: Row, number: Callable[[str | None], int | None]
) -> tuple[int | bytes | None, ...]:
    """The values of `EVENT_SQL`; `number` gives a string's id."""
    return (
        index, uuid.UUID(row.id).bytes, row.time, row.read_only, int(row.stand_in),
        int(row.undetermined),
        *map(number, _strings(row)),
    )  # fmt: skip


# An entry that is no call.
BOOK_SQL = "INSERT INTO book VALUES (?)"

# The earliest and the latest time of a block of entries.
SPAN_SQL = (
    "INSERT INTO span VALUES (?, ?, ?) ON CONFLICT(block) DO UPDATE SET "
    "first = min(first, excluded.first), last = max(last, excluded.last)"
)


def spans(events: Iterable[tuple[Any, ...]]) -> list[tuple[int, int, int]]:
    """The values of `SPAN_SQL` for rows of `EVENT_SQL`."""
    found: dict[int, tuple[int, int]] = {}
    for index, _, time, *_ in events:
        first, last = found.get(index // SPAN, (time, time))
        found[index // SPAN] = min(first, time), max(last, time)
    return [(block, first, last) for block, (first, last) in found.items()]


def labels_text(labels: Mapping[str, str] | None) -> str:
    """A run's labels as they are searched: JSON with sorted keys."""
    return json.dumps(dict(labels or {}), sort_keys=True, separators=(",", ":"))


def _link(index: int, time: int, previous: bytes, draft: Draft, event_key: bytes) -> bytes:
    """The bytes of an entry."""
    committed = entry.commit_known(event_key, draft.facets) if draft.facets else b""
    if committed is None:  # a facet of a later version
        return Entry.following(
            index=index, time=time, previous=previous, kind=draft.kind,
            commitments=entry.commit(event_key, draft.facets),
        ).data  # fmt: skip
    return Entry.written(
        index=index, time=time, previous=previous, kind=draft.kind, committed=committed
    )


def strings_of(row: Row) -> set[str]:
    """Every string of a row that goes through the dictionary."""
    found = {value for value in _strings(row) if value is not None}
    return found.union(*row.resources)


def _strings(row: Row) -> tuple[str | None, ...]:
    return _of_columns(row)


_of_columns = attrgetter(*STRING_COLUMNS)


@dataclass(slots=True)
class Batch:
    """The rows of one transaction, by table."""

    entries: list[tuple[int, bytes]] = field(default_factory=list)
    seals: list[tuple[int, bytes]] = field(default_factory=list)
    facets: list[tuple[int, str, bytes]] = field(default_factory=list)
    tiles: list[tuple[int, int, bytes]] = field(default_factory=list)
    strings: dict[str, int] = field(default_factory=dict)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    resources: list[tuple[int, int, int]] = field(default_factory=list)
    books: list[tuple[int]] = field(default_factory=list)
    runs: list[tuple[int, str, str]] = field(default_factory=list)
    tail: list[tuple[str]] = field(default_factory=list)
    kept: list[tuple[int, str]] = field(default_factory=list)

    def sign(self, size: int, note: str, *, keep: bool) -> None:
        """The signed checkpoint of the log with this batch, `keep` for good."""
        self.tail = [(note,)]
        self.kept = [(size, note)] if keep else []

    def sums(self, connection: sqlite3.Connection) -> Iterator[posted.Statement]:
        """What it completes of blocks and of the dictionary, once its other rows are there."""
        if self.entries:
            sizes = self.entries[0][0], self.entries[-1][0] + 1
            yield from blocks.due(connection, *sizes)
            yield from met.due(connection, *sizes)
        if self.strings:
            yield from grams.due(connection, self.strings.values())

    def statements(self) -> list[tuple[str, list[Any]]]:
        """SQL and its rows, in an order that keeps every constraint."""
        every: list[tuple[str, list[Any]]] = [
            ("INSERT INTO entry VALUES (?, ?)", self.entries),
            ("INSERT INTO seal VALUES (?, ?)", self.seals),
            ("INSERT INTO facet(idx, tag, data) VALUES (?, ?, ?)", self.facets),
            ("INSERT INTO tile VALUES (?, ?, ?)", self.tiles),
            ("INSERT INTO string(value, id) VALUES (?, ?)", list(self.strings.items())),
            (EVENT_SQL, self.events),
            (SPAN_SQL, spans(self.events)),
            ("INSERT INTO resource(name, type, idx) VALUES (?, ?, ?)", self.resources),
            (BOOK_SQL, self.books),
            ("INSERT INTO run VALUES (?, ?, ?)", self.runs),
            ("INSERT OR REPLACE INTO tail VALUES (0, ?)", self.tail),
            ("INSERT INTO checkpoint VALUES (?, ?)", self.kept),
        ]  # fmt: skip
        return [(sql, rows) for sql, rows in every if rows]


class Sealer:
    """Turns drafts into rows and moves the head along."""

    def __init__(self) -> None:
        self._compressor = frames.compressor()

    def seal(
        self,
        batch: Batch,
        draft: Draft,
        *,
        head: Head,
        time: int,
        event_key: bytes,
        strings: Strings,
    ) -> int:
        """Add one draft to the batch; gives its index."""
        index = head.size
        # The clock may step back; the log's time may not.
        time = max(time, head.time)
        data = _link(index, time, head.last, draft, event_key)
        head.append(merkle.leaf_hash(data), time)
        batch.entries.append((index, data))
        if draft.facets:
            batch.seals.append((index, event_key))
        batch.facets.extend(
            (index, tag, frames.compress(self._compressor, draft.facets[tag]))
            for tag in entry.in_order(draft.facets)
        )
        if draft.row is not None:
            self._index(batch, index, draft.row, strings)
        if draft.kind not in entry.CALLS:
            batch.books.append((index,))
        if draft.run is not None:
            batch.runs.append((index, draft.run, labels_text(draft.labels)))
        return index

    def _index(self, batch: Batch, index: int, row: Row, strings: Strings) -> None:
        def number(value: str | None) -> int | None:
            if value is None:
                return None
            if (known := strings.get(value)) is not None:
                return known
            return batch.strings.setdefault(value, strings.next_id + len(batch.strings))

        batch.events.append(event_row(index, row, number))
        for name, kind in sorted(row.resources):
            batch.resources.append((number(name) or 0, number(kind) or 0, index))
