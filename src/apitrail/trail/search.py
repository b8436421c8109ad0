"""Which way leads to the events of a filter: by which index, and between which entries.

SQLite keeps no statistics of a trail, and would take any index of two. Here the rows of each
condition are counted, but not past `MANY`: the rarest leads, and the others are only looked at.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from apitrail.query import Pattern
from apitrail.trail import database
from apitrail.valueclass import valueclass

# So many rows are read and sorted in a few milliseconds.
MANY = 2_000


@valueclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """What leads to the rows of `table` that meet a condition, or one of several.

    `index` is None for the table's own order. The condition is held against each of
    `alternatives`; `ordered` says that the rows of one come in the order of entries.
    """

    index: str | None
    condition: str
    alternatives: tuple[tuple[object, ...], ...]
    table: str = "event"
    ordered: bool = True

    @property
    def hint(self) -> str:
        """What tells SQLite to go this way."""
        return "" if self.index is None else f"INDEXED BY {self.index} "


@valueclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A condition on `event e`. What leads to it may lead to other events too."""

    sql: str
    values: tuple[object, ...] = ()
    lead: Lead | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """Entries after `after` and before `before`."""

    after: int
    before: int


@dataclass(frozen=True, slots=True)
class _Counted:
    """How many rows a lead has, up to `MANY`, and the oldest of the newest ones."""

    lead: Lead
    rows: int
    oldest: int


def within(
    connection: sqlite3.Connection, bounds: Bounds, since: int | None, until: int | None
) -> Bounds:
    """Bounds between which every event of that time is, by the table `span`."""
    after, before = bounds.after, bounds.before
    if since is not None:
        sql = "SELECT min(block) FROM span WHERE last >= ?"
        (block,) = connection.execute(sql, (since,)).fetchone()
        after = before if block is None else max(after, block * database.SPAN - 1)
    if until is not None:
        sql = "SELECT max(block) FROM span WHERE first < ?"
        (block,) = connection.execute(sql, (until,)).fetchone()
        before = 0 if block is None else min(before, (block + 1) * database.SPAN)
    return Bounds(after, before)


def query(
    connection: sqlite3.Connection, terms: Sequence[Term], bounds: Bounds, *, order: str
) -> tuple[str, list[object]]:
    """The SELECT of the indexes of entries, without a LIMIT, and its values."""
    leading = _leading(connection, [each.lead for each in terms if each.lead], bounds)
    source, idx, values = _source(leading) if leading else _EVERY
    conditions = "".join(f" AND {term.sql}" for term in terms)
    sql = (
        f"SELECT DISTINCT {idx} FROM {source} AND {idx} > ? AND {idx} < ?{conditions} "
        f"ORDER BY {idx} {order}"
    )
    return sql, [
        *values, bounds.after, bounds.before, *(value for term in terms for value in term.values)
    ]  # fmt: skip


def _leading(connection: sqlite3.Connection, leads: Iterable[Lead], bounds: Bounds) -> Lead | None:
    """The lead with the fewest rows; of those with many, the one whose newest reach back most."""
    counted = [_count(connection, lead, bounds) for lead in leads]
    few = [each for each in counted if each.rows < MANY]
    if few:
        return min(few, key=lambda each: each.rows).lead
    # Rows that are not in order would all be read and sorted.
    ordered = [each for each in counted if each.lead.ordered and len(each.lead.alternatives) == 1]
    return min(ordered, key=lambda each: each.oldest).lead if ordered else None


def _count(connection: sqlite3.Connection, lead: Lead, bounds: Bounds) -> _Counted:
    newest = "ORDER BY idx DESC " if lead.ordered else ""
    sql = (
        f"SELECT count(*), min(idx) FROM (SELECT idx FROM {lead.table} {lead.hint}"
        f"WHERE {lead.condition} AND idx > ? AND idx < ? {newest}LIMIT ?)"
    )
    rows, oldest = 0, bounds.before
    for values in lead.alternatives:
        limits = (bounds.after, bounds.before, MANY - rows)
        found, least = connection.execute(sql, (*values, *limits)).fetchone()
        rows, oldest = rows + found, oldest if least is None else min(oldest, least)
        if rows >= MANY:
            break
    return _Counted(lead, rows, oldest)


# In the order of entries, whatever SQLite thinks of its indexes.
_EVERY: tuple[str, str, tuple[object, ...]] = ("event e NOT INDEXED WHERE 1", "e.idx", ())


def _source(lead: Lead) -> tuple[str, str, tuple[object, ...]]:
    """What is read with a first condition, the column that orders it, the condition's values."""
    condition, values = lead.condition, tuple(chain.from_iterable(lead.alternatives))
    if len(lead.alternatives) > 1:
        marks = ", ".join("?" * len(values))
        condition = condition.replace("= ?", f"IN ({marks})")
    if lead.table == "event":
        return f"event e {lead.hint}WHERE e.{condition}", "e.idx", values
    joined = f"{lead.table} r {lead.hint}CROSS JOIN event e ON e.idx = r.idx"
    return f"{joined} WHERE r.{condition}", "r.idx", values


# SQLite asks whether to go on after so many steps of its machine.
_ASKED = 1_000


def within_effort(
    connection: sqlite3.Connection, sql: str, values: Sequence[object], effort: int | None
) -> tuple[list[tuple[int, ...]], bool]:
    """The rows that are found in so many steps, and whether those are all; None for no bound."""
    rows: list[tuple[int, ...]] = []
    if effort is None:
        return connection.execute(sql, values).fetchall(), True
    left = iter(range(effort // _ASKED - 1))
    connection.set_progress_handler(lambda: next(left, None) is None, _ASKED)
    try:
        rows.extend(connection.execute(sql, values))
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return rows, False
    finally:
        connection.set_progress_handler(None, 0)
    return rows, True


def glob(pattern: Pattern) -> str:
    """As SQLite writes it: `?` and `[` mean something there."""
    return pattern.text.replace("[", "[[]").replace("?", "[?]")


def key(event_id: str) -> bytes:
    """The stored form of an event id; a malformed id gives one that no event has."""
    try:
        return uuid.UUID(event_id).bytes
    except ValueError:
        return b""
