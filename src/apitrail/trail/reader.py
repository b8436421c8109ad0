"""Reading a trail, also while a recorder writes it."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import batched
from pathlib import Path
from typing import Any, Self

from apitrail.entry import TAGS, Entry
from apitrail.query import Filter
from apitrail.source import Contents, Tally
from apitrail.trail import (
    contents,
    database,
    filter_terms,
    intents,
    kept_words,
    many_facets,
    older_tables,
    row_steps,
    search,
)
from apitrail.trail.anchor import COSIGNATURE, TIMESTAMP
from apitrail.trail.frames import decompress
from apitrail.trail.kept_words import Vocabulary
from apitrail.trail.search import Bounds, Search, Term


class Reader:
    """A read-only view of the trail in `directory`.

    Its iterators have nothing open in the database between two things that they give (see `row_steps`).
    What it looked up for a question it keeps for the next one (see `kept_words`).
    """

    _words: Vocabulary | None = None

    def __init__(self, directory: Path) -> None:
        """Raises UsageError where there is no trail."""
        self.directory = directory
        self._database = database.open_read_only(directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._database.close()

    def connect(self) -> sqlite3.Connection:
        """One more connection to what this one reads, for a statement that others wrote."""
        return database.open_read_only(self.directory)

    @property
    def version(self) -> int:
        """Which version the tables are that hold the log."""
        return database.log_version(self._database)

    @property
    def derived(self) -> int:
        """Which version the tables are that are searched: a trail may be of an older apitrail."""
        return database.derived_version(self._database)

    @property
    def size(self) -> int:
        """How many entries there are now."""
        (size,) = self._database.execute("SELECT coalesce(max(idx) + 1, 0) FROM entry").fetchone()
        return int(size)

    def in_flight(self) -> int:
        """How many calls were let through and have no entry yet."""
        return intents.count(self.directory, self.find)

    def tail(self) -> str | None:
        """The newest signed checkpoint."""
        row = self._database.execute("SELECT note FROM tail").fetchone()
        return None if row is None else str(row[0])

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The stored bytes of entries [start, stop), in order."""
        stop = self.size if stop is None else stop
        for _, data in row_steps.of_entries(
            self._database, "SELECT idx, data FROM entry", ("idx",), start, stop
        ):
            yield data

    def contents(self, start: int, stop: int) -> Iterator[tuple[int, Contents]]:
        """What is there of the content of entries [start, stop), in order, by index."""
        return contents.of(self._database, start, stop)

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        """Kept checkpoints, as (size, signed note), smallest first."""
        rows = self._database.execute("SELECT size, note FROM checkpoint ORDER BY size")
        for size, text in rows.fetchall():
            yield int(size), str(text)

    def cosignatures(self, size: int) -> list[bytes]:
        """The signature lines of witnesses over the kept checkpoint of this size."""
        sql = "SELECT data FROM anchor WHERE size = ? AND kind = ? ORDER BY name"
        return [bytes(data) for (data,) in self._of_anchors(sql, size, COSIGNATURE)]

    def last_cosigned(self, size: int) -> set[int]:
        """The sizes, up to this one, that each witness's key has signed last."""
        sql = "SELECT max(size) FROM anchor WHERE kind = ? AND size <= ? GROUP BY name"
        return {int(found) for (found,) in self._of_anchors(sql, COSIGNATURE, size)}

    def last_stamps(self, size: int) -> list[tuple[int, bytes]]:
        """The newest timestamp of each authority up to this size, by its URL."""
        sql = "SELECT max(size), data FROM anchor WHERE kind = ? AND size <= ? GROUP BY name ORDER BY name"
        return [(int(at), bytes(data)) for at, data in self._of_anchors(sql, TIMESTAMP, size)]

    def _of_anchors(self, sql: str, *values: object) -> Iterable[Any]:
        """Rows of a query of the table `anchor`; none where there is none."""
        return self._database.execute(sql, values) if database.has_anchors(self.version) else ()

    def kept(self, size: int) -> str | None:
        """The signed checkpoint that is kept of this size."""
        row = self._database.execute(
            "SELECT note FROM checkpoint WHERE size = ?", (size,)
        ).fetchone()
        return None if row is None else str(row[0])

    def opened(self, start: int, stop: int) -> Iterator[int]:
        """Indexes in [start, stop) of which some content is there."""
        rows = self._database.execute(
            "SELECT DISTINCT idx FROM facet WHERE idx >= ? AND idx < ? ORDER BY idx", (start, stop)
        )
        for (index,) in rows.fetchall():
            yield int(index)

    def entry(self, index: int) -> Entry | None:
        """One entry, parsed; None where there is none."""
        row = self._database.execute("SELECT data FROM entry WHERE idx = ?", (index,)).fetchone()
        return None if row is None else Entry.parse(row[0])

    def seal(self, index: int) -> bytes | None:
        """The event key, from which the salts are derived; None once a facet was erased."""
        row = self._database.execute(
            "SELECT event_key FROM seal WHERE idx = ?", (index,)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def facets(self, index: int, tags: Iterable[str] | None = None) -> dict[str, bytes]:
        """The content of each facet (or of those named) that is there, by tag."""
        wanted = TAGS if tags is None else tuple(tags)
        # What is not wanted may be large, and is not read. Without the `+` SQLite would look for
        # each tag by itself.
        among = ", ".join("?" * len(wanted))
        rows = self._database.execute(
            f"SELECT tag, data FROM facet WHERE idx = ? AND +tag IN ({among})", (index, *wanted)
        )
        return {tag: decompress(data) for tag, data in rows.fetchall()}

    def many(
        self, indexes: Sequence[int], tags: Sequence[str]
    ) -> Iterator[tuple[int, dict[str, bytes]]]:
        """The facets of these tags of each of these entries, in order; those without are left out."""
        for some in batched(sorted(set(indexes)), many_facets.TOGETHER, strict=False):
            yield from many_facets.of(self._database, some, tags)

    def salts(self, index: int) -> dict[str, bytes]:
        """The salts that are stored as such, by tag."""
        rows = self._database.execute(
            "SELECT tag, salt FROM facet WHERE idx = ? AND salt IS NOT NULL", (index,)
        )
        return {tag: bytes(salt) for tag, salt in rows.fetchall()}

    def find(self, event_id: str) -> list[int]:
        """Indexes of the events whose id begins so (any number of hex digits, dashes or not)."""
        digits = event_id.replace("-", "").lower()
        if not digits or len(digits) > 32 or not set(digits) <= set("0123456789abcdef"):
            return []
        low, high = bytes.fromhex(digits.ljust(32, "0")), bytes.fromhex(digits.ljust(32, "f"))
        rows = self._database.execute(
            "SELECT idx FROM event WHERE id BETWEEN ? AND ? ORDER BY idx LIMIT 20", (low, high)
        )
        return [int(row[0]) for row in rows.fetchall()]

    def last_run(self) -> str | None:
        """The id of the run that was started last."""
        row = self._database.execute("SELECT id FROM run ORDER BY idx DESC LIMIT 1").fetchone()
        return None if row is None else str(row[0])

    def select(
        self,
        where: Filter,
        *,
        limit: int | None = None,
        after: int = -1,
        before: int | None = None,
        ascending: bool = False,
    ) -> Iterator[int]:
        """Indexes between `after` and `before`, both excluded, of the calls that match, newest
        first unless `ascending`."""
        # What is recorded from now on is not meant.
        bounds = Bounds(after, self.size if before is None else before)
        terms = self._terms(where)

        def find(bounds: Bounds, most: int) -> list[int]:
            found = self._search(where, terms, bounds)
            return list(found.entries(ascending=ascending, limit=most))

        if limit is not None:
            yield from find(bounds, limit)
        else:
            yield from row_steps.of_finds(find, bounds, ascending=ascending)

    def undetermined(self, where: Filter) -> Iterator[int]:
        """Indexes of the calls that match and whose resources could not be told, oldest first."""
        if not database.has_column(self.derived, "undetermined"):
            return older_tables.undetermined(self, where)
        terms = [*self._terms(where), filter_terms.UNDETERMINED]
        found = self._search(where, terms, Bounds(-1, _END))
        return iter(list(found.entries(ascending=True)))

    def books(self, start: int, stop: int) -> Iterator[int]:
        """Indexes of the entries in [start, stop) that are no calls, in order."""
        if not database.has_books(self.derived):
            return older_tables.books(self, start, stop)
        sql = "SELECT idx FROM book WHERE idx >= ? AND idx < ? ORDER BY idx"
        return iter([row[0] for row in self._database.execute(sql, (start, stop)).fetchall()])

    def tally(
        self, where: Filter, columns: Sequence[str], *, limit: int, effort: int | None = None,
        among: Sequence[int] | None = None,
    ) -> Tally:  # fmt: skip
        """What the newest `limit` calls that match have in these fields."""
        is_whole = True
        if among is None:
            found = self._search(where, self._terms(where), Bounds(-1, _END))
            newest = found.entries(ascending=False, limit=limit + 1)
            among, is_whole = search.within_effort(self._database, newest, effort)
        rows = list(self._columns(among[:limit], columns))
        counted = zip(*rows, strict=True) if rows else [()] * (len(columns) + 2)
        times, failed, *numbers = counted
        return Tally(
            calls=len(times), is_all=is_whole and len(among) <= limit, times=times,
            failed=[time for time, error in zip(times, failed, strict=True) if error],
            values={
                name: self._named(Counter(each))
                for name, each in zip(columns, numbers, strict=True)
            },
        )  # fmt: skip

    def _terms(self, where: Filter) -> list[Term]:
        return [*filter_terms.Terms(self._vocabulary(), self.run_labels).of(where)]

    def _vocabulary(self) -> Vocabulary:
        known, derived = self._words, self.derived
        # A writer may have brought the trail up.
        if known is None or known.derived != derived or known.connection is not self._database:
            known = self._words = Vocabulary(self._database, derived)
        known.renew()
        return known

    def _search(self, where: Filter, terms: Sequence[Term], bounds: Bounds) -> Search:
        """The search for a filter's calls, which meet these terms."""
        if database.has_spans(self.derived):
            bounds = search.within(self._database, bounds, where.since, where.until)
        has_blocks = database.has_blocks(self.derived)
        return Search(
            self._words or self._vocabulary(), terms, bounds, has_blocks, where.since, where.until
        )

    def _columns(
        self, indexes: Sequence[int], fields: Sequence[str]
    ) -> Iterator[tuple[int | None, ...]]:
        """Of each entry the time, whether it failed, and the columns of these fields, in order."""
        told = "".join(f", {self._told(name)}" for name in fields)
        sql = (
            f"SELECT e.time, e.error IS NOT NULL{told} "
            "FROM json_each(?) found CROSS JOIN event e ON e.idx = found.value"
        )
        for some in batched(indexes, _COUNTED, strict=False):
            yield from self._database.execute(sql, (json.dumps(some),)).fetchall()

    def _told(self, field: str) -> str:
        """The column that is counted for a field; a caller without a name is told by the key."""
        if not kept_words.has_column(self.derived, field):
            return "NULL"
        return (
            "coalesce(e.username, e.access_key_id)"
            if field == "username"
            else f"e.{kept_words.LISTED[field][1]}"
        )

    def _named(self, counts: Mapping[int | None, int]) -> dict[str | None, int]:
        """Counts by the dictionary's strings, not its ids."""
        found = self._database.execute(
            "SELECT id, value FROM string WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([number for number in counts if number is not None]),),
        )
        names: dict[int | None, str | None] = {None: None, **dict(found.fetchall())}
        return {names[number]: count for number, count in counts.items()}

    def values(self, field: str) -> Iterator[str]:
        """Every string that a field of `Filter` can find something by, once."""
        for _, value in kept_words.strings(self._database, self.derived, field):
            yield value

    def run_labels(self) -> Iterator[tuple[str, dict[str, str]]]:
        """The id and the labels of each run."""
        for index, name in self._database.execute("SELECT idx, id FROM run").fetchall():
            yield str(name), self._labels(index)

    def _labels(self, index: int) -> dict[str, str]:
        if self.derived > 1:
            row = self._database.execute("SELECT labels FROM run WHERE idx = ?", (index,))
            return dict(json.loads(row.fetchone()[0]))
        said = json.loads(self.facets(index, ("what",)).get("what", b"{}"))
        return dict(said.get("run", {}).get("labels") or {})


# Before this are all entries.
_END = 1 << 62
# Of so many entries the columns are read at once.
_COUNTED = 1_000
