"""Which way leads to the events of a filter: by which index, and between which entries.

SQLite keeps no statistics of a trail, and would take any index of two. Here the rows of each
condition are counted, but not past `MANY`: the rarest leads, and the others are only looked at.
Where all have many, entries are sought from block to block, by what each block is known to have.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched, chain, islice

from apitrail.query import Pattern
from apitrail.trail import block_parts, database
from apitrail.trail.block_parts import Shape
from apitrail.trail.block_search import BlockSearch
from apitrail.trail.kept_words import Vocabulary
from apitrail.trail.name_search import NameCheck, Named, NameWalk
from apitrail.valueclass import valueclass

# So many rows are read and sorted in some milliseconds.
MANY = 1_200
# So many entries are looked at at a time.
_TOGETHER = 128
# The rows of so many values are counted one by one; those of more at once.
_FEW = 8


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

    @property
    def together(self) -> tuple[str, tuple[object, ...]]:
        """The condition for all alternatives at once, and its values."""
        values = tuple(chain.from_iterable(self.alternatives))
        if len(self.alternatives) < 2:
            return self.condition, values
        marks = ", ".join("?" * len(values))
        return self.condition.replace("= ?", f"IN ({marks})"), values


@valueclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A condition on `event e`. What leads to it may lead to other events too.

    `shape` is what it comes to in a block, of `whole` ones that were summed up when it was made, or of
    all that are; None where blocks do not tell. `elsewhere` is what it comes to in other blocks, where
    that is more. `named` is what it says of names of resources, where these have to be looked through.
    """

    sql: str
    values: tuple[object, ...] = ()
    lead: Lead | None = None
    shape: Shape | None = None
    whole: int | None = None
    elsewhere: Shape | None = None
    named: Named | None = None


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


@dataclass(frozen=True, slots=True)
class Search:
    """The search for the events that meet all terms. `has_blocks` says that the trail's search
    tables sum up blocks, `since` and `until` are the times that are among the terms."""

    words: Vocabulary
    terms: Sequence[Term]
    bounds: Bounds
    has_blocks: bool
    since: int | None = None
    until: int | None = None

    @property
    def connection(self) -> sqlite3.Connection:
        """To the trail."""
        return self.words.connection

    def entries(self, *, ascending: bool, limit: int | None = None) -> Iterator[int]:
        """Indexes of entries, in order."""
        if any(each.shape == () for each in self.terms):
            return iter(())  # a value that nothing has
        counted = {
            at: _count(self.connection, each.lead, self.bounds)
            for at, each in enumerate(self.terms)
            if each.lead
        }
        leading = _leading(counted.values())
        terms = self._ordered(counted)
        if leading is not None and leading.rows < MANY and self._is_listed(leading.lead):
            return islice(self._by_list(leading.lead, terms, ascending), limit)
        is_long = leading is None or leading.rows >= MANY
        if is_long and (named := next((each.named for each in self.terms if each.named), None)):
            return islice(self._by_names(named, terms, ascending), limit)
        if self._is_by_blocks(leading):
            return islice(self._by_blocks(terms, ascending=ascending), limit)
        lead = None if leading is None else leading.lead
        sql, values = _query(self.terms, self.bounds, lead, "ASC" if ascending else "DESC")
        rows = self.connection.execute(f"{sql} LIMIT ?", (*values, -1 if limit is None else limit))
        return (index for (index,) in rows)

    def _is_listed(self, lead: Lead) -> bool:
        """Are all entries of a lead listed first? Those of one value come in order, until a page is full."""
        is_in_order = lead.ordered and lead.table == "event" and len(lead.alternatives) == 1
        return not is_in_order or any(term.named for term in self.terms)

    def _by_list(self, lead: Lead, terms: Sequence[Term], ascending: bool) -> Iterator[int]:
        """By the entries that a lead has, which are few."""
        bounds = self.bounds.after, self.bounds.before
        condition, values = lead.together
        sql = f"SELECT idx FROM {lead.table} {lead.hint}WHERE {condition} AND idx > ? AND idx < ?"
        rows = self.connection.execute(sql, (*values, *bounds)).fetchall()
        given = sorted({index for (index,) in rows})
        exact = [each for each in terms if each.named is None or each.lead is not lead]
        for each in exact:
            known = None if each.named is None else self.words.led(each.named)
            if known is not None and known.rows is not None and known.holds(*bounds):
                given = sorted({*given}.intersection(known.rows))
        search, *checks = (
            self._block_search([each for each in exact if each.named is None]),
            *(
                NameCheck(self.connection, each.named, self.words.checked(each.named))
                for each in exact
                if each.named is not None
            ),
        )
        for some in batched(given if ascending else reversed(given), _TOGETHER, strict=False):
            left = [*some]
            for check in checks:
                left = sorted(check.of(left), reverse=not ascending)
            yield from search.of(left, ascending=ascending)

    def _ordered(self, counted: Mapping[int, _Counted]) -> list[Term]:
        """The terms of few values first, and of these the rarest: where a block has none of one, the
        others are not looked up."""

        def cost(at: int) -> tuple[bool, int]:
            shape = self.terms[at].shape
            oldest = counted[at].oldest if at in counted else self.bounds.before
            return shape is not None and block_parts.is_by_codes(shape), oldest

        return [self.terms[at] for at in sorted(range(len(self.terms)), key=cost)]

    def _is_by_blocks(self, leading: _Counted | None) -> bool:
        if not self.has_blocks or any(term.shape is None for term in self.terms):
            return False
        if leading is None:
            return bool(self.terms)
        return leading.rows >= MANY and len(self.terms) > 1

    def _by_names(self, named: Named, terms: Sequence[Term], ascending: bool) -> Iterator[int]:
        bounds = self.bounds.after, self.bounds.before
        without = self._block_search([each for each in terms if each.named is None])
        walk = NameWalk(without, named, bounds, ascending, self.words)
        yield from walk.entries()
        if walk.is_done:
            return
        condition, values = named.among
        others = [each for each in self.terms if each.named is None]
        terms = [*others, Term(sql=condition, values=tuple(values))]
        rest = replace(self, bounds=Bounds(*walk.left), terms=terms)
        yield from rest.entries(ascending=ascending)

    def _by_blocks(self, terms: Sequence[Term], *, ascending: bool) -> Iterator[int]:
        search = self._block_search(terms)
        return search.entries(self.bounds.after, self.bounds.before, ascending=ascending)

    def _block_search(self, terms: Sequence[Term]) -> BlockSearch:
        return BlockSearch(
            self.connection,
            [term.shape for term in terms if term.shape is not None],
            [shape for term in terms if (shape := term.elsewhere or term.shape) is not None],
            "".join(f" AND {term.sql}" for term in terms),
            [value for term in terms for value in term.values],
            self.since,
            self.until,
            min((term.whole for term in terms if term.whole is not None), default=None),
            has_posts=database.has_posts(self.words.derived),
        )


def _query(
    terms: Sequence[Term], bounds: Bounds, lead: Lead | None, order: str
) -> tuple[str, list[object]]:
    """The SELECT of the indexes of entries, without a LIMIT, and its values."""
    source, idx, values = _source(lead) if lead else _EVERY
    conditions = "".join(f" AND {term.sql}" for term in terms)
    sql = (
        f"SELECT DISTINCT {idx} FROM {source} AND {idx} > ? AND {idx} < ?{conditions} "
        f"ORDER BY {idx} {order}"
    )
    return sql, [
        *values, bounds.after, bounds.before, *(value for term in terms for value in term.values)
    ]  # fmt: skip


def _leading(counted: Iterable[_Counted]) -> _Counted | None:
    """The lead with the fewest rows; of those with many, the one whose newest reach back most."""
    every = list(counted)
    few = [each for each in every if each.rows < MANY]
    if few:
        return min(few, key=lambda each: each.rows)
    # Rows that are not in order would all be read and sorted.
    ordered = [each for each in every if each.lead.ordered and len(each.lead.alternatives) == 1]
    return min(ordered, key=lambda each: each.oldest) if ordered else None


def _count(connection: sqlite3.Connection, lead: Lead, bounds: Bounds) -> _Counted:
    newest = "ORDER BY idx DESC " if lead.ordered else ""
    sql = (
        f"SELECT count(*), min(idx) FROM (SELECT idx FROM {lead.table} {lead.hint}"
        f"WHERE {lead.condition} AND idx > ? AND idx < ? {newest}LIMIT ?)"
    )
    rows, oldest = 0, bounds.before
    if len(lead.alternatives) > _FEW:
        condition, every = lead.together
        sql = (
            f"SELECT count(*), min(idx) FROM (SELECT idx FROM {lead.table} {lead.hint}"
            f"WHERE {condition} AND idx > ? AND idx < ? LIMIT ?)"
        )
        limits = (bounds.after, bounds.before, MANY)
        rows, least = connection.execute(sql, (*every, *limits)).fetchone()
        return _Counted(lead, rows, oldest if rows in (0, MANY) else least)
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
    condition, values = lead.together
    if lead.table == "event":
        return f"event e {lead.hint}WHERE e.{condition}", "e.idx", values
    joined = f"{lead.table} r {lead.hint}CROSS JOIN event e ON e.idx = r.idx"
    return f"{joined} WHERE r.{condition}", "r.idx", values


# SQLite asks whether to go on after so many steps of its machine.
_ASKED = 1_000


def within_effort(
    connection: sqlite3.Connection, found: Iterator[int], effort: int | None
) -> tuple[list[int], bool]:
    """What is found in so many steps, and whether that is all; None for no bound."""
    indexes: list[int] = []
    if effort is None:
        return list(found), True
    left = iter(range(effort // _ASKED - 1))
    connection.set_progress_handler(lambda: next(left, None) is None, _ASKED)
    try:
        indexes.extend(found)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return indexes, False
    finally:
        connection.set_progress_handler(None, 0)
    return indexes, True


def glob(pattern: Pattern) -> str:
    """As SQLite writes it: `?` and `[` mean something there."""
    return pattern.text.replace("[", "[[]").replace("?", "[?]")


def key(event_id: str) -> bytes:
    """The stored form of an event id; a malformed id gives one that no event has."""
    try:
        return uuid.UUID(event_id).bytes
    except ValueError:
        return b""
