"""Reading a trail, also while a recorder writes it."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self

import zstandard

from apitrail.entry import TAGS, Entry
from apitrail.errors import FormatError
from apitrail.query import COLUMNS, Filter, is_labelled
from apitrail.source import Contents, Facet
from apitrail.trail import database, intents

# One facet's content, at the most; a larger frame is refused unread.
CONTENT_LIMIT = 1 << 30


class Reader:
    """A read-only view of the trail in `directory`."""

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
        rows = self._database.execute(
            "SELECT data FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx",
            (start, self.size if stop is None else stop),
        )
        for row in rows:
            yield row[0]

    def contents(self, start: int, stop: int) -> Iterator[tuple[int, Contents]]:
        """What is there of the content of entries [start, stop), in order, by index."""
        between = "WHERE idx >= ? AND idx < ? ORDER BY idx"
        seals = self._database.execute(f"SELECT idx, event_key FROM seal {between}", (start, stop))
        rows = self._database.execute(
            f"SELECT idx, tag, salt, data FROM facet {between}",
            (start, stop),
        )
        seal, row = seals.fetchone(), rows.fetchone()
        while seal is not None or row is not None:
            index = min(found[0] for found in (seal, row) if found is not None)
            key, facets = None, {}
            if seal is not None and seal[0] == index:
                key, seal = _bytes(seal[1]), seals.fetchone()
            while row is not None and row[0] == index:
                salt = None if row[2] is None else _bytes(row[2])
                facets[str(row[1])] = Facet(salt, decompress(row[3]))
                row = rows.fetchone()
            yield index, Contents(key, facets)

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        """Kept checkpoints, as (size, signed note), smallest first."""
        rows = self._database.execute("SELECT size, note FROM checkpoint ORDER BY size")
        for size, text in rows:
            yield int(size), str(text)

    def opened(self, start: int, stop: int) -> Iterator[int]:
        """Indexes in [start, stop) of which some content is there."""
        rows = self._database.execute(
            "SELECT DISTINCT idx FROM facet WHERE idx >= ? AND idx < ? ORDER BY idx", (start, stop)
        )
        for row in rows:
            yield int(row[0])

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
        rows = self._database.execute("SELECT tag, data FROM facet WHERE idx = ?", (index,))
        return {tag: decompress(data) for tag, data in rows.fetchall() if tag in wanted}

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
        sql, values = _select(where, self._ids(where), self._runs(where), self.derived)
        order = "ASC" if ascending else "DESC"
        if before is not None:
            # Only where it is asked for: it is a second bound that SQLite would rather go by.
            sql, values = f"{sql} AND e.idx < ?", [*values, before]
        rows = self._database.execute(
            f"{sql} AND e.idx > ? ORDER BY e.idx {order} LIMIT ?",
            (*values, after, -1 if limit is None else limit),
        )
        for row in rows:
            yield row[0]

    def _runs(self, where: Filter) -> list[int] | None:
        """The dictionary's ids of the runs with the labels of a filter; None without any."""
        if not where.label:
            return None
        rows = self._database.execute("SELECT idx, id FROM run").fetchall()
        named = [name for index, name in rows if _is_of(self._labels(index), where.label)]
        found = []
        for name in named:
            row = self._database.execute("SELECT id FROM string WHERE value = ?", (name,))
            if (match := row.fetchone()) is not None:
                found.append(int(match[0]))
        return found

    def _labels(self, index: int) -> dict[str, str]:
        if self.derived > 1:
            row = self._database.execute("SELECT labels FROM run WHERE idx = ?", (index,))
            return dict(json.loads(row.fetchone()[0]))
        said = json.loads(self.facets(index, ("what",)).get("what", b"{}"))
        return dict(said.get("run", {}).get("labels") or {})

    def _ids(self, where: Filter) -> dict[str, int]:
        """The dictionary's ids of the strings a filter names; unknown strings have none."""
        wanted = {value for name in _STRINGS for value in getattr(where, name)}
        wanted |= {*where.resource_name, *where.resource_type}
        if isinstance(where.error, str):
            wanted.add(where.error)
        found = {}
        for value in wanted:
            row = self._database.execute("SELECT id FROM string WHERE value = ?", (value,))
            if (match := row.fetchone()) is not None:
                found[value] = match[0]
        return found


_STRINGS = [name for name in COLUMNS if name != "event_id"]


def _is_of(labels: Mapping[str, str], wanted: tuple[str, ...]) -> bool:
    return any(is_labelled(labels.items(), text) for text in wanted)


def _select(
    where: Filter, ids: dict[str, int], runs: list[int] | None, derived: int
) -> tuple[str, list[object]]:
    """The filter as SQL over `event e`; only column names of ours are spliced in."""
    terms = [term for term in _terms(where, ids) if term is not None]
    if runs is not None:
        terms.append((f"e.run IN ({', '.join('?' * len(runs))})", list(runs)))
    # Search tables of the first version do not tell stand-ins apart: none was known then.
    if where.stand_in is not None and derived > 1:
        terms.append(("e.stand_in = ?", [int(where.stand_in)]))
    elif where.stand_in:
        terms.append(("0", []))
    conditions = " AND ".join(["1", *(condition for condition, _ in terms)])
    values = [value for _, some in terms for value in some]
    return f"SELECT e.idx FROM event e WHERE {conditions}", values


type _Term = tuple[str, list[object]] | None


def _terms(where: Filter, ids: dict[str, int]) -> Iterator[_Term]:
    for name in _STRINGS:
        yield _among(f"e.{COLUMNS[name]} IN", getattr(where, name), ids)
    for name, column in (("resource_name", "name"), ("resource_type", "type")):
        yield _among(
            f"e.idx IN (SELECT idx FROM resource WHERE {column} IN", getattr(where, name), ids, ")"
        )
    keys = [uuid.UUID(value).bytes for value in where.event_id]
    yield (f"e.id IN ({', '.join('?' * len(keys))})", list(keys)) if keys else None
    if isinstance(where.error, str):
        yield "e.error = ?", [ids.get(where.error, -1)]
    elif where.error is not None:
        yield "e.error IS NOT NULL", []
    yield None if where.read_only is None else ("e.read_only = ?", [int(where.read_only)])
    yield None if where.since is None else ("e.time >= ?", [where.since])
    yield None if where.until is None else ("e.time < ?", [where.until])


def _among(start: str, wanted: tuple[str, ...], ids: dict[str, int], end: str = "") -> _Term:
    if not wanted:
        return None
    return f"{start} ({', '.join('?' * len(wanted))}){end}", [ids.get(v, -1) for v in wanted]


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise FormatError("a value in the database is not bytes")
    return value


def decompress(frame: object) -> bytes:
    """The content of one stored facet.

    Raises:
        FormatError: not just one zstd frame that states a sane size.
    """
    data = _bytes(frame)
    try:
        if not 0 <= zstandard.frame_content_size(data) <= CONTENT_LIMIT:
            raise FormatError("a facet states no size, or too large a one")
        return bytes(_decompressor().decompress(data, allow_extra_data=False))
    except zstandard.ZstdError as error:
        raise FormatError("a facet is not zstd") from error


class _Own(threading.local):
    """What each thread must have for itself: two that share a decompressor get garbage."""

    def __init__(self) -> None:
        self.decompressor = zstandard.ZstdDecompressor()


_OWN = _Own()


def _decompressor() -> zstandard.ZstdDecompressor:
    return _OWN.decompressor
