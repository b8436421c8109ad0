"""Events by the form of a resource's name: `arn:aws:s3:::logs-*`.

Names are many, and which of them are of a form no index says. So first the events that meet all other
conditions are looked at, in their order: a page is full soon where many names are of the form. If it is
not, the names are looked through: where few are, they lead to their events.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched, chain

from apitrail.trail import grams
from apitrail.trail.block_search import BlockSearch, Piece
from apitrail.valueclass import valueclass

# So many events are looked at before the names are looked through, and more for each that is found;
# so many after it.
FIRST, EACH, THEN = 1_500, 300, 30_000
# So many names, and so many rows of them, lead to their events in some milliseconds.
NAMES, ROWS = 20_000, 40_000
# So many entries that follow each other are looked at at a time, and so many others.
_STEP, _TOGETHER = 1_024, 256
# Of so many events, where they follow each other, one is taken to meet other conditions.
_MEET = 8
# Bounds between which there is nothing.
_NONE = (-1, 0)


@valueclass(frozen=True, slots=True)
class Named:
    """That a resource has one of some names, by their numbers, or one of some forms, as SQLite's GLOB
    has them; `types` are the numbers of all types of resources. For each form there are `places` of
    `grams`, which a string of that form has; none where the trail does not say."""

    numbers: tuple[int, ...]
    forms: tuple[str, ...]
    types: tuple[int, ...]
    places: tuple[tuple[int, ...], ...]

    @property
    def check(self) -> tuple[str, list[object]]:
        """The condition on one `event e`, and its values: its resources are looked at."""
        # Without the `+` SQLite would look for each name by itself.
        sql = (
            "EXISTS (SELECT 1 FROM resource r INDEXED BY resource_type "
            "WHERE r.type IN (SELECT value FROM json_each(?)) AND r.idx = e.idx AND ("
            f"+r.name IN (SELECT value FROM json_each(?)){_FORM * len(self.forms)}))"
        )
        return sql, [json.dumps(self.types), json.dumps(self.numbers), *self.forms]

    @property
    def among(self) -> tuple[str, list[object]]:
        """The same by all events with such a resource, which are read first: for whoever looks at many."""
        forms = " OR name IN (SELECT id FROM string WHERE value GLOB ?)" * len(self.forms)
        sql = (
            "e.idx IN (SELECT idx FROM resource "
            f"WHERE name IN (SELECT value FROM json_each(?)){forms})"
        )
        return sql, [json.dumps(self.numbers), *self.forms]

    def found(self, connection: sqlite3.Connection) -> list[int] | None:
        """The numbers of the strings that are meant; None if they are too many."""
        found = list(self.numbers)
        for form, places in zip(self.forms, self.places, strict=True):
            table, values = "string s", list[object]()
            if places:
                table = _OF_PARTS.format(grams.SIZE)
                values.append(json.dumps(grams.parts(connection, places)))
            sql = f"SELECT s.id FROM {table} WHERE s.value GLOB ? LIMIT ?"
            rows = connection.execute(sql, (*values, form, NAMES + 1)).fetchall()
            found += chain.from_iterable(rows)
            if len(found) > NAMES:
                return None
        return found


_OF_PARTS = (
    "json_each(?) p CROSS JOIN string s NOT INDEXED "
    "ON s.id >= p.value * {0} AND s.id < (p.value + 1) * {0}"
)
_FORM = " OR (SELECT s.value FROM string s WHERE s.id = r.name) GLOB ?"


@dataclass(slots=True)
class NameWalk:
    """The walk through the events of a search, whose conditions have the check of a `Named` among them;
    `others` is the search without it.

    `left` are the bounds between which events are left.
    """

    search: BlockSearch
    others: BlockSearch
    named: Named
    left: tuple[int, int]
    ascending: bool

    @property
    def is_done(self) -> bool:
        """Is nothing left?"""
        return self.left == _NONE

    def entries(self) -> Iterator[int]:
        """Indexes of entries, in order: all of them, unless too many have to be looked at."""
        if self.named.forms:
            yield from self._walked(FIRST, EACH)
        if self.is_done:
            return
        names = self.named.found(self.search.connection)
        rows = None if names is None else led(self.search.connection, names, *self.left)
        if rows is None:
            yield from self._walked(THEN, 0)
            return
        for some in batched(rows if self.ascending else reversed(rows), _TOGETHER, strict=False):
            yield from self.others.of([*some], ascending=self.ascending)
        self.left = _NONE

    def _walked(self, most: int, more: int) -> Iterator[int]:
        """Those of the first events, until so many were looked at, and so many more for each found."""
        looked_at = 0
        for piece in self._steps():
            if looked_at > most:
                return
            for index in self.search.of(piece, ascending=self.ascending):
                most += more
                yield index
            first, last, many = _extent(piece)
            # Of entries that follow each other, few meet the other conditions.
            looked_at += (
                many // _MEET if self.others.shapes and not isinstance(piece, list) else many
            )
            self.left = (last, self.left[1]) if self.ascending else (self.left[0], first)
        self.left = _NONE

    def _steps(self) -> Iterator[Piece]:
        for piece in self.search.pieces(*self.left, ascending=self.ascending):
            if isinstance(piece, list):
                yield piece
                continue
            starts = range(piece[0] + 1, piece[1], _STEP)
            for start in starts if self.ascending else reversed(starts):
                yield start - 1, min(start + _STEP, piece[1])


def _extent(piece: Piece) -> tuple[int, int, int]:
    """The first and the last entry of a piece, and how many are looked at."""
    if isinstance(piece, list):
        return min(piece), max(piece), len(piece)
    return piece[0] + 1, piece[1] - 1, piece[1] - piece[0] - 1


def led(
    connection: sqlite3.Connection, names: Sequence[int], after: int, before: int
) -> list[int] | None:
    """The entries between two with a resource of one of these names; None if they are too many."""
    sql = (
        "SELECT r.idx FROM json_each(?) w CROSS JOIN resource r "
        "ON r.name = w.value AND r.idx > ? AND r.idx < ? LIMIT ?"
    )
    rows = connection.execute(sql, (json.dumps(names), after, before, ROWS + 1)).fetchall()
    return None if len(rows) > ROWS else sorted({index for (index,) in rows})
