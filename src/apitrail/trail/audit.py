"""A trail's rows as `verify` wants them: every table, raw, in one snapshot."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import groupby
from typing import Any

from apitrail.errors import FormatError
from apitrail.tlog import merkle
from apitrail.tlog.tile import HEIGHT, TileReader
from apitrail.trail import blocks, database, grams, met, operation_list, posted
from apitrail.trail.anchor import COSIGNATURE, TIMESTAMP, Anchor
from apitrail.trail.reader import Reader
from apitrail.trail.rows import STRING_COLUMNS

type SchemaItem = tuple[str, str, str, str]
"""Type, name, table and SQL of one thing in a database."""

# Every table with a row per entry, or several.
BY_INDEX = ("entry", "seal", "facet", "event", "resource", "run")

# Above every index.
_END = 1 << 62
_RESOURCES = "SELECT r.idx, r.name, r.type, n.value, t.value"
_NAMED = "LEFT JOIN string n ON n.id = r.name LEFT JOIN string t ON t.id = r.type"
# Each type of resource, by a step in the index for each.
_TYPES = (
    "WITH RECURSIVE each(id) AS (SELECT min(type) FROM resource UNION ALL "
    "SELECT (SELECT min(type) FROM resource WHERE type > each.id) FROM each "
    "WHERE each.id IS NOT NULL)"
)


class Audit(Reader):
    """A reader that also shows what readers do not need."""

    def pin(self) -> None:
        """From here on see one state, whatever a recorder writes meanwhile."""
        if self._database.in_transaction:
            return
        self._database.execute("BEGIN")
        self._database.execute("SELECT count(*) FROM tail").fetchone()

    def schema(self) -> list[SchemaItem]:
        """What the database says its schema is."""
        return _schema(self._database)

    def damage(self) -> str | None:
        """What SQLite itself finds wrong first: broken pages, indexes that lie, constraints."""
        (found,) = self._database.execute("PRAGMA integrity_check(1)").fetchone()
        return None if found == "ok" else " ".join(str(found).split())

    def interrupt(self) -> None:
        """Have what is running in another thread fail."""
        self._database.interrupt()

    def stray(self, size: int, tables: Sequence[str] = BY_INDEX) -> str | None:
        """A table with rows that belong to no entry of a log of `size`."""
        books = ("book",) if database.has_books(self.derived) else ()
        for table in (*tables, *books):
            # Two queries: each alone is answered from the ends of an index, or a quick scan.
            for extreme in ("min", "max"):
                (idx,) = self._database.execute(f"SELECT {extreme}(idx) FROM {table}").fetchone()
                if idx is not None and not 0 <= idx < size:
                    return f"table {table!r} has a row for entry {idx}"
        return None

    def unspanned(self, size: int, start: int = 0) -> str | None:
        """What of entries from `start` on a search by time would not find, or a span that belongs
        to no entry."""
        if not database.has_spans(self.derived):
            return None
        blocks = -(-size // database.SPAN)
        sql = "SELECT block FROM span WHERE block < 0 OR block >= ? LIMIT 1"
        for (block,) in self._rows(sql, blocks):
            return f"table 'span' has a row for block {block}"
        sql = (
            "SELECT e.idx FROM event e LEFT JOIN span s ON s.block = e.idx / ? "
            "WHERE e.idx >= ? AND (s.block IS NULL OR e.time < s.first OR e.time > s.last) LIMIT 1"
        )
        for (index,) in self._rows(sql, database.SPAN, start):
            return f"table 'span' leaves out the time of entry {index}"
        return None

    def unsummed(self, size: int, start: int = 0) -> str | None:
        """A table that sums up a block, or a field of one, which a log of `size` has not summed up;
        of blocks from that of entry `start` on."""
        if not database.has_blocks(self.derived):
            return None
        fields = len(blocks.FIELDS)
        for table, key, together in (("marked", "shelf", blocks.SHELF), ("coded", "block", 1)):
            least = start // blocks.SIZE // together if start else -_END
            sql = (
                f"SELECT block, field FROM {table} WHERE {key} >= ? AND (block < 0 OR field < 0 "
                f"OR field >= ? OR block * ? + field >= ? OR {key} <> block / ?) LIMIT 1"
            )
            limits = least, fields, fields, blocks.done(size), together
            for block, number in self._rows(sql, *limits):
                return f"table {table!r} has a row for field {number} of block {block}"
        if not database.has_posts(self.derived):
            return None
        return self._unposted(size, start) or self._unmet(size, start)

    def _unposted(self, size: int, start: int) -> str | None:
        # What a stretch has is gathered while the next one is summed up.
        oldest = blocks.done(size) // (len(blocks.FIELDS) * posted.TOGETHER) - 1
        least = start // blocks.SIZE // posted.TOGETHER if start else -_END
        sql = "SELECT stretch, field, many, places FROM posted WHERE stretch >= ?"
        for stretch, number, many, data in self._rows(sql, least):
            first = stretch * posted.TOGETHER
            within = first if stretch >= oldest else _END, first + posted.TOGETHER
            if found := _misplaced("posted", number, many, data, within, size):
                return found
        return self._ungathered(size, start)

    def _ungathered(self, size: int, start: int) -> str | None:
        least = start // blocks.SIZE // posted.GATHERED if start else -_END
        # Of what was there before it is enough that no row says more than there is.
        places = "coalesce(substr(places, -4), x'')" if start else "places"
        stops: dict[tuple[int, int], int] = {}
        sql = f"SELECT part, field, many, {places} FROM gathered WHERE part >= ?"
        for part, number, many, data in self._rows(sql, least):
            first = part * posted.GATHERED
            if start and not many and type(data) is bytes and len(data) == 4:
                if (stop := stops.get((part, number))) is None:
                    stop = _stop(number, size) - first * blocks.SIZE
                    stops[part, number] = stop
                if int.from_bytes(data, "little") < stop:
                    continue
            within = first, first + posted.GATHERED
            if found := _misplaced("gathered", number, many, data, within, size):
                return found
        return None

    def _unmet(self, size: int, start: int) -> str | None:
        fields, done = len(blocks.FIELDS), blocks.done(size)
        least = start // blocks.SIZE // met.TOGETHER if start else -_END
        sql = "SELECT one, other, stretch, told, pairs FROM met WHERE stretch >= ?"
        for one, other, stretch, told, data in self._rows(sql, least):
            block = met.last_block(stretch, told, data)
            is_there = one in met.FIELDS and other in met.FIELDS and one < other and stretch >= 0
            if not is_there or block * fields + other >= done:
                return f"table 'met' has a row for fields {one} and {other} of block {block}"
        return None

    def missummed(self, start: int, stop: int, size: int) -> str | None:
        """A field that blocks which begin in [start, stop), of a log of `size`, sum up to something
        else than their rows have. Raises FormatError."""
        if not database.has_blocks(self.derived):
            return None
        fields, done = len(blocks.FIELDS), blocks.done(size)
        has_posts = database.has_posts(self.derived)
        places = posted.Stored(self._database) if has_posts else None
        first, last = -(-start // blocks.SIZE) * fields, -(-stop // blocks.SIZE) * fields
        for unit in range(first, min(last, done)):
            block, number = divmod(unit, fields)
            _, name = blocks.FIELDS[number]
            rows = blocks.summed(self._database, block, number, has_posts=has_posts)
            if blocks.stored(self._database, block, number, places) != rows:
                return f"what is summed up of {name!r} in block {block} is not what its rows have"
            if has_posts and met.stored(self._database, block, number) != met.of_field(
                self._database, block, number
            ):
                return f"what values of {name!r} meet in block {block} is not what its rows have"
            is_last = number == fields - 1 and database.has_grams(self.derived)
            if is_last and operation_list.missing(self._database, block):
                return f"table 'operation' lacks one of block {block}"
        return None

    def unused_operation(self) -> str | None:
        """An operation that no call is of."""
        if not database.has_grams(self.derived):
            return None
        found = operation_list.unused(self._database)
        return None if found is None else f"table 'operation' has {found}, which no call is of"

    def ungrammed(self, used: Iterable[int] | None = None) -> str | None:
        """A part of the dictionary that sums up to something else than its strings have; or, of strings
        that are used, one that it leaves out. Raises FormatError."""
        if not database.has_grams(self.derived):
            return None
        if used is not None:
            return self._left_out(used)
        newest = grams.last(self._database)
        for kind in self._kinds():
            for part, bits in self._rows(f"SELECT part, bits FROM {kind.table} ORDER BY part"):
                if not grams.is_whole(part, newest):
                    return f"table {kind.table!r} has a row for part {part}"
                if bits != grams.summed(self._database, part, kind):
                    return f"what is summed up of strings in part {part} is not what they have"
        return None

    def _kinds(self) -> Sequence[grams.Kind]:
        return grams.KINDS if database.has_pairs(self.derived) else (grams.TRIPLES,)

    def _left_out(self, used: Iterable[int]) -> str | None:
        for part, numbers in groupby(sorted(used), lambda number: number // grams.SIZE):
            strings = [(number, (self.string(number) or "").encode()) for number in numbers]
            for kind in self._kinds():
                for (bits,) in self._rows(f"SELECT bits FROM {kind.table} WHERE part = ?", part):
                    for number, string in strings:
                        if grams.lacks(bits, grams.of_strings([string], kind)):
                            return (
                                f"what is summed up of strings in part {part} leaves out {number}"
                            )
        return None

    def anchors(self) -> Iterator[Anchor]:
        """What was kept of those who saw a checkpoint, smallest size first."""
        sql = "SELECT size, kind, name, data FROM anchor ORDER BY size, kind, name"
        for size, kind, name, data in self._of_anchors(sql):
            yield Anchor(int(size), str(kind), str(name), bytes(data))

    def cosigned(self) -> Iterator[int]:
        """The sizes that witnesses have signed, largest first."""
        sql = "SELECT DISTINCT size FROM anchor WHERE kind = ? ORDER BY size DESC"
        return (int(size) for (size,) in self._of_anchors(sql, COSIGNATURE))

    def stamps(self, size: int) -> Iterator[tuple[int, str, str, bytes]]:
        """Timestamps over kept checkpoints of up to `size`, newest first: size, URL, note, token."""
        sql = "SELECT a.size, a.name, c.note, a.data FROM anchor a JOIN checkpoint c ON c.size = a.size WHERE a.kind = ? AND a.size <= ? ORDER BY a.size DESC, a.name"
        for at, url, signed, token in self._of_anchors(sql, TIMESTAMP, size):
            yield int(at), str(url), str(signed), bytes(token)

    def tiles(self) -> Iterator[tuple[int, int, bytes]]:
        """Stored tiles as (level, index, data), lower levels first."""
        yield from self._rows("SELECT level, idx, data FROM tile ORDER BY level, idx")

    def higher_tile(self, size: int) -> str | None:
        """A stored tile right of the full ones of a log of `size`."""
        level, full = 0, size >> HEIGHT
        while full:
            for (index,) in self._rows("SELECT max(idx) FROM tile WHERE level = ?", level):
                if index is not None and index >= full:
                    return f"tile {level}/{index} does not belong in this tree"
            level, full = level + 1, full >> HEIGHT
        for above, index in self._rows(
            "SELECT level, idx FROM tile WHERE level >= ? LIMIT 1", level
        ):
            return f"tile {above}/{index} does not belong in this tree"
        return None

    def frontier_at(self, size: int) -> merkle.Frontier:
        """The right edge of the tree when there were `size` entries, from stored tiles."""
        return merkle.Frontier.read(size, self._tile_reader().read)

    def root_at(self, size: int) -> bytes:
        """The tree hash when there were `size` entries, from stored tiles and entries."""
        return merkle.root(size, self._tile_reader().read)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of an entry in the tree of `size`, from stored tiles."""
        return merkle.prove_inclusion(index, size, self._tree_of(size).read)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the tree of `new` entries continues that of `old`, from stored tiles."""
        return merkle.prove_consistency(old, new, self._tree_of(new).read)

    def events(self, start: int, stop: int) -> Iterator[tuple[Any, ...]]:
        """Rows as (idx, id, time, read_only, stand_in, undetermined, *ids of strings) in order."""
        columns = ", ".join(
            name if database.has_column(self.derived, name) else "NULL"
            for name in ("stand_in", "undetermined", *STRING_COLUMNS)
        )
        yield from self._rows(
            f"SELECT idx, id, time, read_only, {columns} FROM event "
            "WHERE idx >= ? AND idx < ? ORDER BY idx",
            start, stop,
        )  # fmt: skip

    def runs(self, start: int, stop: int) -> Iterator[tuple[Any, ...]]:
        """Rows as (idx, id, labels) in order."""
        labels = "labels" if self.derived > 1 else "NULL"
        yield from self._rows(
            f"SELECT idx, id, {labels} FROM run WHERE idx >= ? AND idx < ? ORDER BY idx",
            start, stop,
        )  # fmt: skip

    def books_before(self, index: int) -> Iterator[tuple[int, bytes]]:
        """Entries before this one that are no calls, newest first; in search tables that do not say
        which these are, all entries."""
        table = "book" if database.has_books(self.derived) else "entry"
        yield from self._rows(
            f"SELECT e.idx, e.data FROM {table} b JOIN entry e ON e.idx = b.idx "
            "WHERE b.idx < ? ORDER BY b.idx DESC",
            index,
        )

    def book(self, start: int, stop: int) -> Iterator[int] | None:
        """The entries that are no calls, in order; None in search tables that do not say."""
        if not database.has_books(self.derived):
            return None
        sql = "SELECT idx FROM book WHERE idx >= ? AND idx < ? ORDER BY idx"
        return (index for (index,) in self._rows(sql, start, stop))

    def resources(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[Any, ...]]:
        """Rows as (idx, id of name, id of type, name, type) in no order that matters; with a `start`
        those of these entries alone, as the index by type knows them."""
        if not start and stop is None:
            yield from self._rows(f"{_RESOURCES} FROM resource r {_NAMED}")
        elif database.has_spans(self.derived):
            sql = f"{_TYPES} {_RESOURCES} FROM each CROSS JOIN resource r INDEXED BY resource_type ON r.type = each.id AND r.idx >= ? AND r.idx < ? {_NAMED}"
            yield from self._rows(sql, start, _END if stop is None else stop)
        else:  # that index is in the order of names
            sql = f"{_RESOURCES} FROM resource r {_NAMED} WHERE r.idx >= ? AND r.idx < ?"
            yield from self._rows(sql, start, _END if stop is None else stop)

    def string_ids(self) -> Iterator[tuple[int]]:
        """The ids in the dictionary."""
        yield from self._rows("SELECT id FROM string")

    def string(self, number: object) -> str | None:
        """The string of an id."""
        row = self._database.execute("SELECT value FROM string WHERE id = ?", (number,)).fetchone()
        return None if row is None else str(row[0])

    def _rows(self, sql: str, *values: object) -> Iterator[Any]:
        # Not `yield from`: that closes the cursor with the generator, maybe after the database.
        for row in self._database.execute(sql, values):  # noqa: UP028
            yield row

    def _tree_of(self, size: int) -> TileReader:
        if size == self.size:
            return self._tile_reader()
        return TileReader(size, full_tile=self.full_tile, leaf=self._leaf)

    def _tile_reader(self) -> TileReader:
        if (made := self.__dict__.get("_tree")) is not None and made.size == self.size:
            return made  # type: ignore[no-any-return]
        self._tree = TileReader(self.size, full_tile=self.full_tile, leaf=self._leaf)
        return self._tree

    def full_tile(self, level: int, index: int) -> bytes:
        """A stored tile; raises FormatError where there is none."""
        for (data,) in self._rows(
            "SELECT data FROM tile WHERE level = ? AND idx = ?", level, index
        ):
            return bytes(data)
        raise FormatError(f"tile {level}/{index} is missing")

    def _leaf(self, index: int) -> bytes:
        for (data,) in self._rows("SELECT data FROM entry WHERE idx = ?", index):
            return merkle.leaf_hash(data)
        raise FormatError(f"entry {index} is missing")


def expected_schema(derived: int, version: int = database.VERSION) -> list[SchemaItem]:
    """The schema of a trail of `version` whose search tables are of version `derived`; raises UsageError."""
    with closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript(database.schema(derived, version))
        return _schema(fresh)


def _schema(connection: sqlite3.Connection) -> list[SchemaItem]:
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema")
    return sorted(tuple(str(value or "") for value in row) for row in rows)  # type: ignore[misc]


def _stop(number: int, size: int) -> int:
    """Before which entry all blocks of a log of this size have places of a field."""
    if not blocks.FIRST_CODED <= number <= blocks.BOTH:
        return 0
    fields = len(blocks.FIELDS)
    whole, rest = divmod(blocks.done(size), fields)
    return (whole + (rest > min(number, fields - 1))) * blocks.SIZE


def _misplaced(
    table: str, number: int, many: int, data: object, within: tuple[int, int], size: int
) -> str | None:
    """A row of places that says something of other blocks than those of its table `within` two. Raises FormatError."""
    places = posted.places_from(data)
    posted.check_order(places)
    base = within[1] - 1 - (within[1] - 1) % posted.GATHERED
    first, last = posted.extent(many, places, blocks.SIZE)
    is_there = 0 <= within[0] <= base + first and base + last < within[1]
    if is_there and (base + last) * blocks.SIZE < _stop(number, size):
        return None
    return f"table {table!r} has a row for field {number} of block {base + last}"
