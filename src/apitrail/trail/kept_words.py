"""What a reader has looked up in the dictionary of a trail, kept for its next question.

It is bounded. What any commit may have changed is forgotten with the next one; which strings a column has is
not: there are only more of them, and those that were erased nothing has.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from apitrail.query import COLUMNS, Pattern
from apitrail.remembered import Bounded
from apitrail.trail import database
from apitrail.valueclass import valueclass

# Filter field → table and column of the index; only these names are spliced into SQL.
PLACES = {name: ("event", column) for name, column in COLUMNS.items() if name != "event_id"} | {
    "resource_name": ("resource", "name"),
    "resource_type": ("resource", "type"),
}
LISTED = {**PLACES, "error": ("event", "error")}
# Of so many entries since it was asked last the values are read one by one.
_SINCE = 4_096
# So many forms of strings are remembered, and so many of names of resources.
_FORMS, _NAMED = 64, 8
# Of so many names it is remembered whether they are of a form.
_CHECKED = 40_000


def has_column(derived: int, field: str) -> bool:
    """Have search tables of this version what a filter's field is held against?"""
    table, column = LISTED[field]
    return table != "event" or database.has_column(derived, column)


def strings(connection: sqlite3.Connection, derived: int, field: str) -> Iterator[tuple[int, str]]:
    """Ids and strings of a filter's field; from index entry to index entry where it has one."""
    table, column = LISTED[field]
    if not has_column(derived, field):
        return
    each = f"SELECT DISTINCT {column} FROM {table}"
    if database.has_index(derived, column):
        each = f"{_EACH.format(column=column, table=table)} SELECT id FROM each"
    # Not `yield from`: that closes the cursor with the generator, maybe after the database.
    for number, value in connection.execute(f"SELECT id, value FROM string WHERE id IN ({each})"):  # noqa: UP028
        yield number, value


@valueclass(frozen=True, slots=True)
class Led:
    """The entries that names of some form lead to between two entries; None if they are too many."""

    after: int
    before: int
    rows: Sequence[int] | None

    def holds(self, after: int, before: int) -> bool:
        """Is this known of all entries between these two?"""
        return self.after <= after and before <= self.before


@dataclass(slots=True)
class Checked:
    """Names that were held against some forms, and which of them are of one."""

    names: set[int] = field(default_factory=set)
    meant: set[int] = field(default_factory=set)

    def lacks(self, names: set[int]) -> set[int]:
        """Those that were not; where they would be too many together, all others are forgotten."""
        left = names - self.names
        if left and len(self.names) + len(left) > _CHECKED:
            self.names.clear()
            self.meant.clear()
            return names
        return left

    def add(self, names: set[int], meant: Iterable[int]) -> None:
        """These were, and of them those are meant."""
        self.names |= names
        self.meant.update(meant)


@dataclass(slots=True)
class Vocabulary:
    """The dictionary of a trail with search tables of the version `derived`."""

    connection: sqlite3.Connection
    derived: int
    _seen: int = -1
    _numbers: dict[str, tuple[int, set[int]]] = field(default_factory=dict)
    _strings: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    _matching: Bounded[tuple[str, Pattern], list[int]] = field(default_factory=lambda: Bounded(_FORMS))  # fmt: skip
    _led: Bounded[object, Led] = field(default_factory=lambda: Bounded(_NAMED))
    _checked: Bounded[object, Checked] = field(default_factory=lambda: Bounded(_NAMED))

    def renew(self) -> None:
        """Forget what somebody's commit since the last question may have changed."""
        (seen,) = self.connection.execute("PRAGMA data_version").fetchone()
        if seen != self._seen:
            self._seen = seen
            self._strings.clear()
            self._matching.clear()
            self._led.clear()
            self._checked.clear()

    def strings(self, field: str) -> list[tuple[int, str]]:
        """Ids and strings of a filter's field."""
        if not has_column(self.derived, field):
            return []
        if (known := self._strings.get(field)) is None:
            sql = "SELECT s.id, s.value FROM json_each(?) n CROSS JOIN string s ON s.id = n.value"
            numbers = json.dumps(sorted(self._listed(field)))
            known = self._strings[field] = self.connection.execute(sql, (numbers,)).fetchall()
        return known

    def matching(self, field: str, form: Pattern, fits: Callable[[str], bool]) -> list[int]:
        """The ids of the strings of a field that are of this form, which `fits` says."""
        if (known := self._matching.get((field, form))) is None:
            found = [number for number, string in self.strings(field) if fits(string)]
            known = self._matching.keep((field, form), found)
        return known

    def led(self, named: object) -> Led | None:
        """What is known of where names lead."""
        return self._led.get(named)

    def learn_led(self, named: object, led: Led) -> None:
        """That names lead there."""
        self._led.keep(named, led)

    def checked(self, named: object) -> Checked:
        """Which names were held against these; to be added to."""
        known = self._checked.get(named)
        return self._checked.keep(named, Checked()) if known is None else known

    def _listed(self, field: str) -> set[int]:
        """The numbers that a column has, and maybe some that it had."""
        table, column = LISTED[field]
        (size,) = self.connection.execute("SELECT coalesce(max(idx) + 1, 0) FROM event").fetchone()
        since, known = self._numbers.get(field, (-1, set[int]()))
        sql = f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL"
        if table == "event" and 0 <= since <= size <= since + _SINCE:
            sql = f"SELECT DISTINCT {column} FROM event NOT INDEXED WHERE idx >= {since} AND {column} IS NOT NULL"
        elif database.has_index(self.derived, column):
            sql = f"{_EACH.format(column=column, table=table)} SELECT id FROM each WHERE id IS NOT NULL"
            known = set()
        found = self.connection.execute(sql).fetchall()
        known = {*known, *chain.from_iterable(found)}
        if table == "event":
            self._numbers[field] = size, known
        return known


# Each value of an indexed column, by a step in the index for each; some indexes leave out NULL.
_STEP = "(SELECT {column} FROM {table} WHERE {column} > %s ORDER BY {column} LIMIT 1)"
_EACH = (
    f"WITH RECURSIVE each(id) AS (SELECT {_STEP % '-1'} UNION ALL "
    f"SELECT {_STEP % 'each.id'} FROM each WHERE each.id IS NOT NULL)"
)
