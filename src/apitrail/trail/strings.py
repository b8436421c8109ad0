"""The dictionary of searchable strings: the most recently used in memory, all in the table."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Mapping

# Characters in memory; names may be long, an object's key has up to 1,024.
_CHARACTERS = 8_000_000

# How many values are looked up by one query.
_CHUNK = 500


class Strings:
    """The string → id dictionary: the most recently used in memory, the rest in the table."""

    def __init__(self, next_id: int, limit: int = 65_536) -> None:
        self.next_id = next_id
        self._limit = limit
        self._known: OrderedDict[str, int] = OrderedDict()
        self._characters = 0

    @property
    def known(self) -> set[str]:
        """Those in memory."""
        return set(self._known)

    def unknown(self, values: set[str]) -> list[str]:
        """Those that must be looked up in the table first."""
        return [value for value in values if value not in self._known]

    def learn(self, pairs: Mapping[str, int]) -> None:
        """Remember what the table says, or what was committed to it."""
        known = self._known
        # Not as a difference of two views: that visits all that is known.
        self._characters += sum([len(value) for value in pairs if value not in known])
        self._known.update(pairs)
        self.next_id = max(self.next_id, *(number + 1 for number in pairs.values()), 1)

    def trim(self) -> None:
        """Forget the least recently used beyond the limit.

        Only between batches: what one batch has looked up it must still find when it is sealed, or
        it would insert a string that the table has.
        """
        while len(self._known) > self._limit or self._characters > _CHARACTERS:
            forgotten, _ = self._known.popitem(last=False)
            self._characters -= len(forgotten)

    def get(self, value: str) -> int | None:
        """The id, if it is in memory."""
        if (number := self._known.get(value)) is not None:
            self._known.move_to_end(value)
        return number

    def load(self, database: sqlite3.Connection, values: set[str]) -> None:
        """Look up in the table what is not in memory."""
        missing = self.unknown(values)
        for start in range(0, len(missing), _CHUNK):
            part = missing[start : start + _CHUNK]
            marks = ", ".join("?" * len(part))
            rows = database.execute(f"SELECT value, id FROM string WHERE value IN ({marks})", part)
            if pairs := {row[0]: row[1] for row in rows}:
                self.learn(pairs)
