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
from apitrail.query import COLUMNS, RESOURCES, Filter, Pattern, Value, halves, has_labels
from apitrail.source import Contents, Tally
from apitrail.trail import contents, database, intents, many_facets, older_tables, row_steps, search
from apitrail.trail.anchor import COSIGNATURE, TIMESTAMP
from apitrail.trail.frames import decompress
from apitrail.trail.search import Bounds, Lead, Term


class Reader:
    """A read-only view of the trail in `directory`.

    Its iterators have nothing open in the database between two things that they give (see `row_steps`).
    """

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
        return intents.count(self.directory)

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

        def find(bounds: Bounds, most: int) -> list[int]:
            sql, values = self._asked(where, bounds, "ASC" if ascending else "DESC")
            rows = self._database.execute(f"{sql} LIMIT ?", (*values, most))
            return [index for (index,) in rows.fetchall()]

        if limit is not None:
            yield from find(bounds, limit)
        else:
            yield from row_steps.of_finds(find, bounds, ascending=ascending)

    def undetermined(self, where: Filter) -> Iterator[int]:
        """Indexes of the calls that match and whose resources could not be told, oldest first."""
        if not database.has_column(self.derived, "undetermined"):
            return older_tables.undetermined(self, where)
        terms = [*self._terms(where), _UNDETERMINED]
        sql, values = search.query(self._database, terms, Bounds(-1, _END), order="ASC")
        return iter([row[0] for row in self._database.execute(sql, values).fetchall()])

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
        if among is None:
            sql, values = self._asked(where, Bounds(-1, _END), "DESC")
        else:
            sql, values = "SELECT value AS idx FROM json_each(?)", [json.dumps(among)]
        told = "".join(f", {self._told(name)}" for name in columns)
        rows, is_whole = search.within_effort(
            self._database,
            f"SELECT e.time, e.error IS NOT NULL{told} "
            f"FROM ({sql} LIMIT ?) found CROSS JOIN event e ON e.idx = found.idx",
            (*values, limit + 1),
            effort,
        )
        counted = zip(*rows[:limit], strict=True) if rows else [()] * (len(columns) + 2)
        times, failed, *numbers = counted
        return Tally(
            calls=len(times), is_all=is_whole and len(rows) <= limit, times=times,
            failed=[time for time, error in zip(times, failed, strict=True) if error],
            values={
                name: self._named(Counter(each))
                for name, each in zip(columns, numbers, strict=True)
            },
        )  # fmt: skip

    def _asked(self, where: Filter, bounds: Bounds, order: str) -> tuple[str, list[object]]:
        """The SELECT of the indexes of a filter's calls, and its values."""
        if database.has_spans(self.derived):
            bounds = search.within(self._database, bounds, where.since, where.until)
        return search.query(self._database, list(self._terms(where)), bounds, order=order)

    def _told(self, field: str) -> str:
        """The column that is counted for a field; a caller without a name is told by the key."""
        if not self._has_column(field):
            return "NULL"
        return (
            "coalesce(e.username, e.access_key_id)"
            if field == "username"
            else f"e.{_LISTED[field][1]}"
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
        for _, value in self._strings(field):
            yield value

    def run_labels(self) -> Iterator[tuple[str, dict[str, str]]]:
        """The id and the labels of each run."""
        for index, name in self._database.execute("SELECT idx, id FROM run").fetchall():
            yield str(name), self._labels(index)

    def _strings(self, field: str) -> Iterator[tuple[int, str]]:
        """Ids and strings of a filter's field; from index entry to index entry where it has one."""
        table, column = _LISTED[field]
        if not self._has_column(field):
            return
        stepped = database.has_index(self.derived, column)
        each = _EACH if stepped else "SELECT DISTINCT {column} FROM {table}"
        rows = self._database.execute(
            f"SELECT id, value FROM string WHERE id IN ({each.format(table=table, column=column)})"
        )
        # Not `yield from`: that closes the cursor with the generator, maybe after the database.
        for number, value in rows:  # noqa: UP028
            yield number, value

    def _has_column(self, field: str) -> bool:
        table, column = _LISTED[field]
        return table != "event" or database.has_column(self.derived, column)

    def _terms(self, where: Filter) -> Iterator[Term]:
        for name, (table, column) in _PLACES.items():
            if not (wanted := getattr(where, name)):
                continue
            if not self._has_column(name):
                yield Term(sql="0")  # nobody was told then
            elif name in RESOURCES:
                yield self._of_resource(name, column, wanted)
            else:
                condition, values = _any(self._term(name, value) for value in wanted)
                lead = self._lead(table, column, self._numbers(name, wanted))
                yield Term(sql=condition, values=tuple(values), lead=lead)
        if where.event_id:
            keys = tuple((search.key(value),) for value in where.event_id)
            lead = Lead(index=_BY_ID, condition="id = ?", alternatives=keys, ordered=False)
            yield Term(sql="1", lead=lead)
        if where.label:
            runs = self._runs(where)
            condition, values = _among("e.run", runs)
            yield Term(sql=condition, values=tuple(values), lead=self._lead("event", "run", runs))
        yield from self._facts(where)

    def _facts(self, where: Filter) -> Iterator[Term]:
        if isinstance(where.error, str):
            number = self._id(where.error)
            yield Term(
                sql="e.error = ?", values=(number,), lead=self._lead("event", "error", [number])
            )
        elif where.error is not None:
            yield Term(sql="e.error IS NOT NULL", lead=_ANY_ERROR)
        if where.read_only is not None:
            lead = None if where.read_only else _ANY_WRITE
            yield Term(sql="e.read_only = ?", values=(int(where.read_only),), lead=lead)
        if where.since is not None:
            yield Term(sql="e.time >= ?", values=(where.since,))
        if where.until is not None:
            yield Term(sql="e.time < ?", values=(where.until,))
        if where.stand_in is not None:
            if database.has_column(self.derived, "stand_in"):
                yield Term(sql="e.stand_in = ?", values=(int(where.stand_in),))
            elif where.stand_in:
                yield Term(sql="0")  # none was known then

    def _of_resource(self, field: str, column: str, wanted: Sequence[Value]) -> Term:
        condition, values = _any(self._term(field, value) for value in wanted)
        lead = self._lead("resource", column, self._numbers(field, wanted))
        # One event's rows are looked up where an index leads to them, else all that are meant.
        template = _RESOURCES if lead is None else _RESOURCE
        return Term(sql=template.format(condition), values=tuple(values), lead=lead)

    def _lead(self, table: str, column: str, numbers: Sequence[int] | None) -> Lead | None:
        """By an index on one column, where one of so many values may stand."""
        if not numbers or len(numbers) > _SOME or not database.has_index(self.derived, column):
            return None
        if column == "type" and not database.has_spans(self.derived):
            return None  # that index is in the order of names
        # Resources are in the order of their names.
        index = None if column == "name" and table == "resource" else f"{table}_{column}"
        return Lead(
            table=table, index=index, condition=f"{column} = ?",
            alternatives=tuple((number,) for number in numbers),
        )  # fmt: skip

    def _numbers(self, field: str, wanted: Sequence[Value]) -> list[int] | None:
        """The ids of the strings one of which stands in the field's column; None: not only these."""
        found: list[int] = []
        for value in wanted:
            if isinstance(value, str):
                found.append(self._id(value))
            elif field == "resource_name":
                return None  # too many to count
            elif field == "event_name":
                found += self._matching(field, halves(value)[1])
            elif field == "username" and self._matching("access_key_id", value):
                return None
            else:
                found += self._matching(field, value)
        return found

    def _term(self, field: str, value: Value) -> _Term:
        """One value of a field; `matches` of `Filter` says the same in Python."""
        _, column = _PLACES[field]
        match field:
            case "resource_name" if isinstance(value, Pattern):
                # Too many to look at one by one; SQLite goes by what stands before the `*`.
                return f"{column} IN (SELECT id FROM string WHERE value GLOB ?)", [
                    search.glob(value)
                ]
            case "resource_name" | "resource_type":
                return self._equals(column, field, value)
            case "event_name" if isinstance(value, Pattern):
                service, name = halves(value)
                named = self._equals("e.name", field, name)
                return named if service is None else _all(self._of_service(service), named)
            case "username" if isinstance(value, Pattern):
                return self._of_caller(value)
            case _:
                return self._equals(f"e.{column}", field, value)

    def _equals(self, column: str, field: str, value: Value) -> _Term:
        if isinstance(value, str):
            return f"{column} = ?", [self._id(value)]
        return _among(column, self._matching(field, value))

    def _matching(self, field: str, form: Pattern) -> list[int]:
        """The dictionary's ids of the strings of a field that are of this form."""
        return [
            number
            for number, string in self._strings(field)
            if form.matches(string)
            or (field == "event_source" and form.matches(string.partition(".")[0]))
        ]

    def _of_caller(self, form: Pattern) -> _Term:
        """Where no user name is known, tables print the access key."""
        names, keys = self._matching("username", form), self._matching("access_key_id", form)
        known = _among("e.username", names)
        if not keys:
            return known  # by one index, newest first
        return _any([known, _all(("e.username IS NULL", []), _among("e.access_key_id", keys))])

    def _of_service(self, service: Pattern) -> _Term:
        sources = self._strings("event_source")
        found = [number for number, name in sources if service.matches(name.partition(".")[0])]
        return _among("e.source", found)

    def _runs(self, where: Filter) -> list[int]:
        """The dictionary's ids of the runs with the labels of a filter."""
        return [
            self._id(name)
            for name, labels in self.run_labels()
            if has_labels(labels.items(), where.label)
        ]

    def _labels(self, index: int) -> dict[str, str]:
        if self.derived > 1:
            row = self._database.execute("SELECT labels FROM run WHERE idx = ?", (index,))
            return dict(json.loads(row.fetchone()[0]))
        said = json.loads(self.facets(index, ("what",)).get("what", b"{}"))
        return dict(said.get("run", {}).get("labels") or {})

    def _id(self, value: str) -> int:
        """The dictionary's id of a string; unknown strings have none, which nothing equals."""
        row = self._database.execute("SELECT id FROM string WHERE value = ?", (value,)).fetchone()
        return -1 if row is None else int(row[0])


type _Term = tuple[str, list[object]]

# Filter field → table and column of the index; only these names are spliced into SQL.
_PLACES = {name: ("event", column) for name, column in COLUMNS.items() if name != "event_id"} | {
    "resource_name": ("resource", "name"),
    "resource_type": ("resource", "type"),
}
_LISTED = {**_PLACES, "error": ("event", "error")}
_RESOURCES = "e.idx IN (SELECT idx FROM resource WHERE {})"
_RESOURCE = "EXISTS (SELECT 1 FROM resource WHERE {} AND idx = e.idx)"
# An index that SQLite makes itself: event ids are unique.
_BY_ID = "sqlite_autoindex_event_1"
_ANY_ERROR = Lead(
    index="event_error", condition="error IS NOT NULL", alternatives=((),), ordered=False
)
_UNDETERMINED = Term(
    sql="e.undetermined = 1",
    lead=Lead(index="event_undetermined", condition="undetermined = 1", alternatives=((),)),
)
_ANY_WRITE = Lead(index="event_write", condition="read_only = 0", alternatives=((),))
# So many values of one condition are counted one by one.
_SOME = 32
# Before this are all entries.
_END = 1 << 62
# Each value of an indexed column, by a step in the index for each; some indexes leave out NULL.
_EACH = (
    "WITH RECURSIVE each(id) AS (SELECT min({column}) FROM {table} WHERE {column} IS NOT NULL "
    "UNION ALL "
    "SELECT (SELECT min({column}) FROM {table} WHERE {column} > each.id) FROM each "
    "WHERE each.id IS NOT NULL) SELECT id FROM each"
)


def _any(terms: Iterable[_Term]) -> _Term:
    return _joined(" OR ", terms)


def _all(*terms: _Term) -> _Term:
    return _joined(" AND ", terms)


def _joined(word: str, terms: Iterable[_Term]) -> _Term:
    conditions, values = zip(*terms, strict=True)
    return f"({word.join(conditions)})", [value for some in values for value in some]


def _among(column: str, numbers: list[int]) -> _Term:
    return f"{column} IN (SELECT value FROM json_each(?))", [json.dumps(numbers)]
