"""Events by the form of a resource's name: `arn:aws:s3:::logs-*`.

Names are many, and which of them are of a form no index says. So first the events that meet all other
conditions are looked at, in their order: a page is full soon where many names are of the form. If it is
not, the names are looked through: where few are, they lead to their events.
"""

from __future__ import annotations

import json
import re
import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from apitrail.trail import blocks, grams
from apitrail.trail.block_parts import LOOK, READ
from apitrail.trail.block_search import BlockSearch, Piece
from apitrail.trail.kept_words import Checked, Led, Vocabulary
from apitrail.valueclass import valueclass

# So many microseconds events are looked at before the names are looked through, and longer for each that is
# found: where more names would be, longer. So long they are after it.
FIRST, EACH, THEN = 1_500.0, 300.0, 100_000.0
# What it takes to hold a string against a form; to read the names of events that follow each other, each held
# against it once, and of others; to find which events of a block meet other conditions. So many events are
# taken to be a page.
STRING, READ_NAME, NAME, TYPE, BLOCK, PAGE = 0.15, 0.7, 3.5, 0.5, 25.0, 50
# So many names, and so many rows of them, lead to their events in some tens of milliseconds.
NAMES, ROWS = 50_000, 40_000
# So many entries that follow each other are looked at at a time.
_STEP = 1_024
# So many types of resources are looked up one by one of each event.
_TYPES = 8
# Bounds between which there is nothing.
_NONE = (-1, 0)


@valueclass(frozen=True, slots=True)
class Named:
    """That a resource has one of some names, by their numbers, or one of some forms, as SQLite's GLOB
    has them; `types` are the numbers of all types of resources. `wanted` is what a string of each form
    has, as far as the trail says which strings have it."""

    numbers: tuple[int, ...]
    forms: tuple[str, ...]
    types: tuple[int, ...]
    wanted: tuple[grams.Wanted, ...]

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

    def among_strings(self, connection: sqlite3.Connection) -> list[Strings]:
        """Of each form the strings among which those are that are meant."""
        found = list[Strings]()
        for form, wanted in zip(self.forms, self.wanted, strict=True):
            if _PREFIX.fullmatch(form):
                found.append(Strings(form, None, NAMES))
            else:
                parts = grams.parts(connection, wanted)
                many = grams.last(connection) if parts is None else len(parts) * grams.SIZE
                found.append(Strings(form, parts, many))
        return found

    def found(self, connection: sqlite3.Connection, among: Sequence[Strings]) -> list[int] | None:
        """The numbers of the strings that are meant; None if they are too many."""
        found = list(self.numbers)
        for each in among:
            table, values = "string s", list[object]()
            if each.parts is not None:
                table = _OF_PARTS.format(grams.SIZE)
                values.append(json.dumps(each.parts))
            sql = f"SELECT s.id FROM {table} WHERE s.value GLOB ? LIMIT ?"
            rows = connection.execute(sql, (*values, each.form, NAMES + 1)).fetchall()
            found += chain.from_iterable(rows)
            if len(found) > NAMES:
                return None
        return found


@valueclass(frozen=True, slots=True)
class Strings:
    """Strings of which some are of a form: those in parts of the dictionary, None for all; and how many
    are held against it. Where it only says how they begin, an index leads to them."""

    form: str
    parts: list[int] | None
    many: int


_PREFIX = re.compile(r"[^*?[]+\*")
_OF_PARTS = (
    "json_each(?) p CROSS JOIN string s NOT INDEXED "
    "ON s.id >= p.value * {0} AND s.id < (p.value + 1) * {0}"
)
_FORM = " OR (SELECT s.value FROM string s WHERE s.id = r.name) GLOB ?"
_RESOURCES = "SELECT json_group_array(r.name), json_group_array(r.idx) FROM "
_BETWEEN = (
    "json_each(?) t CROSS JOIN resource r INDEXED BY resource_type "
    "ON r.type = t.value AND r.idx > ? AND r.idx < ?"
)
_OF_EACH = (
    "json_each(?) t CROSS JOIN json_each(?) w CROSS JOIN resource r INDEXED BY resource_type "
    "ON r.type = t.value AND r.idx = w.value"
)


@dataclass(slots=True)
class NameCheck:
    """Which of some entries name a resource that is meant. Each name is held against the forms once."""

    connection: sqlite3.Connection
    named: Named
    checked: Checked

    @property
    def cost(self) -> float:
        """What one event takes that does not follow another: each type of resource is looked up."""
        return NAME + TYPE * len(self.named.types)

    def of(self, piece: Piece) -> list[int]:
        """Those of a piece, in any order."""
        if not piece:
            return []
        types = json.dumps(self.named.types)
        values: tuple[object, ...]
        among: set[int] | None = None
        if not isinstance(piece, list):
            sql, values = _BETWEEN, (types, *piece)
        elif (max(piece) - min(piece)) * READ_NAME < len(piece) * self.cost:
            sql, values = _BETWEEN, (types, min(piece) - 1, max(piece) + 1)
            among = {*piece}
        elif len(self.named.types) <= _TYPES:
            sql, values = _OF_EACH, (types, json.dumps(piece))
        else:
            return self._checked(piece)
        found = self.connection.execute(f"{_RESOURCES}{sql}", values).fetchone()
        pairs = [*zip(*map(json.loads, found), strict=True)]
        if among is not None:
            pairs = [pair for pair in pairs if pair[1] in among]
        self._learn({name for name, _ in pairs})
        meant = self.checked.meant
        return [*{index for name, index in pairs if name in meant}]

    def _checked(self, indexes: Sequence[int]) -> list[int]:
        """The same by the types that each event has."""
        condition, values = self.named.check
        sql = (
            "SELECT json_group_array(e.idx) FROM json_each(?) w "
            f"CROSS JOIN event e ON e.idx = w.value WHERE {condition}"
        )
        (text,) = self.connection.execute(sql, (json.dumps(indexes), *values)).fetchone()
        found: list[int] = json.loads(text)
        return found

    def _learn(self, names: set[int]) -> None:
        if not (left := self.checked.lacks(names)):
            return
        forms = " OR ".join(["s.value GLOB ?"] * len(self.named.forms))
        meant = left.intersection(self.named.numbers)
        if forms:
            sql = (
                "SELECT s.id FROM json_each(?) w CROSS JOIN string s ON s.id = w.value "
                f"WHERE {forms}"
            )
            rows = self.connection.execute(sql, (json.dumps([*left]), *self.named.forms))
            meant.update(chain.from_iterable(rows.fetchall()))
        self.checked.add(left, meant)


@dataclass(slots=True)
class NameWalk:
    """The walk through the events of a search, of which those are meant that name a resource of a
    `Named`.

    `left` are the bounds between which events are left.
    """

    search: BlockSearch
    named: Named
    left: tuple[int, int]
    ascending: bool
    words: Vocabulary
    _check: NameCheck = field(init=False)
    _found: int = 0
    _taken: float = 0.0
    _step: int = 64

    def __post_init__(self) -> None:
        """Nothing is found yet."""
        checked = self.words.checked(self.named)
        self._check = NameCheck(self.search.connection, self.named, checked)

    @property
    def is_done(self) -> bool:
        """Is nothing left?"""
        return self.left == _NONE

    def entries(self) -> Iterator[int]:
        """Indexes of entries, in order: all of them, unless too many have to be looked at."""
        connection, among, bounds = self.search.connection, list[Strings](), self.left
        led = self.words.led(self.named)
        if led is not None and led.holds(*self.left):
            yield from self._led(led.rows)
            return
        if self.named.forms:
            yield from self._walked(FIRST, EACH)
            if not self.is_done:
                among = self.named.among_strings(connection)
                each = EACH + STRING * sum(strings.many for strings in among) / PAGE
                yield from self._walked(FIRST, each)
        if self.is_done:
            return
        names = self.named.found(connection, among)
        # Also of what was looked at: the next question may begin there again.
        rows = None if names is None else entries_of(connection, names, *bounds)
        self.words.learn_led(self.named, Led(*bounds, rows))
        yield from self._led(rows)

    def _led(self, rows: Sequence[int] | None) -> Iterator[int]:
        """Those of these rows, or those of the next events where rows are too many."""
        if rows is None:
            yield from self._walked(THEN, 0)
            return
        yield from self.search.among(rows).entries(*self.left, ascending=self.ascending)
        self.left = _NONE

    def _walked(self, most: float, more: float) -> Iterator[int]:
        """Those of the next events, until looking took so long in all, and so much longer for each found."""
        for piece in self._steps():
            if self._taken > most + more * self._found:
                return
            some: Piece = piece
            if self.search.conditions:
                some = [*self.search.of(piece, ascending=self.ascending)]
            for index in sorted(self._check.of(some), reverse=not self.ascending):
                self._found += 1
                yield index
            first, last, many = _extent(piece)
            if isinstance(piece, list):
                self._taken += (LOOK + self._check.cost) * many
            elif isinstance(some, list):
                self._taken += self._check.cost * len(some)
            else:
                self._taken += (READ + READ_NAME) * many
            passed = last - self.left[0] if self.ascending else self.left[1] - first
            if self.search.shapes:
                self._taken += BLOCK * passed / blocks.SIZE
            self.left = (last, self.left[1]) if self.ascending else (self.left[0], first)
        self.left = _NONE

    def _steps(self) -> Iterator[Piece]:
        for piece in self.search.pieces(*self.left, ascending=self.ascending):
            if isinstance(piece, list):
                yield piece
                continue
            after, before = piece
            while before > after + 1:
                self._step = min(2 * self._step, _STEP)
                if self.ascending:
                    yield after, min(after + self._step + 1, before)
                    after += self._step
                else:
                    yield max(before - self._step - 1, after), before
                    before -= self._step


def _extent(piece: Piece) -> tuple[int, int, int]:
    """The first and the last entry of a piece, and how many are looked at."""
    if isinstance(piece, list):
        return min(piece), max(piece), len(piece)
    return piece[0] + 1, piece[1] - 1, piece[1] - piece[0] - 1


def entries_of(
    connection: sqlite3.Connection, names: Sequence[int], after: int, before: int
) -> Sequence[int] | None:
    """The entries between two with a resource of one of these names; None if they are too many."""
    sql = (
        "SELECT json_group_array(idx) FROM (SELECT r.idx FROM json_each(?) w CROSS JOIN resource r "
        "ON r.name = w.value AND r.idx > ? AND r.idx < ? LIMIT ?)"
    )
    values = json.dumps(sorted(names)), after, before, ROWS + 1
    (text,) = connection.execute(sql, values).fetchone()
    found: list[int] = json.loads(text)
    return None if len(found) > ROWS else array("q", sorted({*found}))
