"""Destroying content: facets, salts, and every row and string that would tell of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path

from apitrail import entry
from apitrail.entry import TAGS, Entry
from apitrail.errors import UsageError
from apitrail.event import Event
from apitrail.query import Row
from apitrail.trail import blocks, database, grams, met, operation_list
from apitrail.trail.frames import decompress
from apitrail.trail.rows import STRING_COLUMNS, Batch, strings_of
from apitrail.trail.statements import ERASABLE, Target

# Columns of `event` that come from `who`.
_CALLER = ("username", "access_key_id", "source_ip", "run", "operator")
_CHUNK = 500
# At most this many entries are erased in one transaction and named by one entry.
ERASE_BATCH = 2_000
# Of at most so many blocks, each of which is summed up anew: that takes 50 ms, and calls wait.
ERASE_BLOCKS = 20


def commit(path: Path, targets: Iterable[Target], seal: Callable[[Sequence[Target]], Batch]) -> int:
    """Destroy and say so in one transaction; gives how many facets, 0 if there was nothing.

    `seal` gives the rows that say it. Raises UsageError as `present`, sqlite3.Error: nothing
    has changed.
    """
    with closing(database.open_to_write(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        found = present(connection, targets)
        if found:
            batch = seal(found)
            for sql, rows in chain(batch.statements(), batch.sums(connection)):
                connection.executemany(sql, rows)
            destroy(connection, found)
        connection.execute("COMMIT")
    return sum(len(target.facets) for target in found)


def present(connection: sqlite3.Connection, targets: Iterable[Target]) -> list[Target]:
    """The targets that are there and may be erased, in order of entries.

    Raises:
        UsageError: an entry is not there, or is one that verification rests on.
    """
    wanted: dict[int, set[str]] = {}
    for target in targets:
        wanted.setdefault(target.index, set()).update(target.facets)
    found = []
    for index, tags in sorted(wanted.items()):
        row = connection.execute("SELECT data FROM entry WHERE idx = ?", (index,)).fetchone()
        if row is None:
            raise UsageError(f"there is no entry {index}")
        if (kind := Entry.parse(row[0]).kind) not in ERASABLE:
            raise UsageError(f"entry {index} is of kind {kind!r}, whose content is never erased")
        kept = _tags(connection, index)
        # Whoever names all facets also means those that a later version keeps.
        there = kept if tags.issuperset(TAGS) else tags & kept
        if there:
            found.append(Target(index, entry.in_order(there)))
    return found


def destroy(connection: sqlite3.Connection, targets: Sequence[Target]) -> None:
    """Destroy what `present` gave, within the transaction that is open."""
    strings: set[str] = set()
    operated = operation_list.of_events(connection, [target.index for target in targets])
    for target in targets:
        row = _row(connection, target.index)
        if row is not None:
            strings |= strings_of(row)
            _unindex(connection, target, row)
        if "what" in target.facets:
            connection.execute("DELETE FROM run WHERE idx = ?", (target.index,))
        _keep_salts(connection, target)
        connection.executemany(
            "DELETE FROM facet WHERE idx = ? AND tag = ?",
            [(target.index, tag) for tag in target.facets],
        )
    (size,) = connection.execute("SELECT coalesce(max(idx) + 1, 0) FROM entry").fetchone()
    for block in sorted({target.index // blocks.SIZE for target in targets}):
        blocks.again(connection, block, size)
        met.again(connection, block, size)
    operation_list.drop_unused(connection, operated)
    _drop_unused(connection, strings)


def _tags(connection: sqlite3.Connection, index: int) -> set[str]:
    return {tag for (tag,) in connection.execute("SELECT tag FROM facet WHERE idx = ?", (index,))}


def _row(connection: sqlite3.Connection, index: int) -> Row | None:
    """The searchable row that the stored facets give, with all of its strings."""
    if connection.execute("SELECT 1 FROM event WHERE idx = ?", (index,)).fetchone() is None:
        return None
    rows = connection.execute(
        "SELECT tag, data FROM facet WHERE idx = ? AND tag IN ('who', 'what')", (index,)
    )
    event = Event.parse({tag: decompress(data) for tag, data in rows})
    return event.row()


def _unindex(connection: sqlite3.Connection, target: Target, row: Row) -> None:
    index = target.index
    if "what" in target.facets:
        connection.execute("DELETE FROM event WHERE idx = ?", (index,))
        connection.executemany(
            "DELETE FROM resource WHERE name = (SELECT id FROM string WHERE value = ?) AND idx = ?",
            [(name, index) for name, _ in row.resources],
        )
    elif "who" in target.facets:
        nulls = ", ".join(f"{column} = NULL" for column in _CALLER)
        connection.execute(f"UPDATE event SET {nulls} WHERE idx = ?", (index,))


def _keep_salts(connection: sqlite3.Connection, target: Target) -> None:
    """What stays keeps a salt of its own: the event key would give away the erased one's."""
    row = connection.execute("SELECT event_key FROM seal WHERE idx = ?", (target.index,)).fetchone()
    if row is None:
        return  # something was erased before
    connection.executemany(
        "UPDATE facet SET salt = ? WHERE idx = ? AND tag = ?",
        [
            (entry.salt(row[0], tag), target.index, tag)
            for tag in _tags(connection, target.index) - set(target.facets)
        ],
    )
    connection.execute("DELETE FROM seal WHERE idx = ?", (target.index,))


def _drop_unused(connection: sqlite3.Connection, strings: set[str]) -> None:
    uses = [
        *(f"SELECT 1 FROM event WHERE {column} = :id" for column in STRING_COLUMNS),
        "SELECT 1 FROM resource WHERE name = :id",
        "SELECT 1 FROM resource WHERE type = :id",
    ]
    is_used = f"SELECT {' OR '.join(f'EXISTS ({use})' for use in uses)}"
    dropped = [
        number
        for number in _ids(connection, sorted(strings))
        if not connection.execute(is_used, {"id": number}).fetchone()[0]
    ]
    connection.executemany("DELETE FROM string WHERE id = ?", [(number,) for number in dropped])
    grams.again(connection, dropped)


def _ids(connection: sqlite3.Connection, strings: Sequence[str]) -> Iterator[int]:
    for start in range(0, len(strings), _CHUNK):
        part = strings[start : start + _CHUNK]
        marks = ", ".join("?" * len(part))
        rows = connection.execute(f"SELECT id FROM string WHERE value IN ({marks})", part)
        yield from [number for (number,) in rows]


def erased_together(targets: Iterable[Target]) -> Iterator[list[Target]]:
    """Parts of what is to be erased, in the order of entries, each for a transaction of its own."""
    part: list[Target] = []
    touched: set[int] = set()
    for target in sorted(targets, key=lambda target: target.index):
        block = target.index // blocks.SIZE
        if len(part) == ERASE_BATCH or len(touched | {block}) > ERASE_BLOCKS:
            yield part
            part, touched = [], set()
        part.append(target)
        touched.add(block)
    if part:
        yield part
