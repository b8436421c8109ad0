"""Texts of others in a statement: escaped, quoted, and compared with those that look like them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from apitrail.query import COLUMNS, RESOURCES, Filter, Pattern, Row, finds, found_by

# How many characters may differ, and how many names are listed.
FAR = 2
NAMED = 3
SHORTEST = 3
# Names are compared once, not with each call that has them; so many are remembered.
_REMEMBERED = 1 << 14


def clean(text: str) -> str:
    """Printable ASCII: evidence must not drive a terminal, nor look like what it is not."""
    return "".join(c if " " <= c <= "~" else _escape(c) for c in text)


def _escape(c: str) -> str:
    return f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}"


def quoted(value: str) -> str:
    """A value that cannot be taken for anything else."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{clean(escaped)}"'


def asked(value: object) -> str:
    """One value of a filter, as it stands in a manifest."""
    match value:
        case {"like": str(form)}:
            return f"like {quoted(form)}"
        case _:
            return quoted(str(value))


class Unnamed:
    """What is asked for and named by no call, with the most similar names that are: fed with the rows
    of the calls by `add`."""

    def __init__(self, where: Filter, question: Iterable[str]) -> None:
        fields = (name for name in question if name in COLUMNS or name in RESOURCES)
        self._asked = [(name, value) for name in fields for value in getattr(where, name)]
        self._missing = dict.fromkeys(self._asked)
        self._like = {asked: list[str]() for asked in self._asked}
        self._similar = lru_cache(_REMEMBERED)(similar)

    def add(self, row: Row) -> None:
        """One call."""
        found = [asked for asked in self._missing if self._is_named(row, *asked)]
        for asked in found:
            del self._missing[asked]

    def _is_named(self, row: Row, name: str, value: str | Pattern) -> bool:
        if isinstance(value, Pattern):
            return finds(row, name, value)
        values = {item for item in found_by(row, name) if item}
        if value in values:
            return True
        like = self._like[name, value]
        for item in values:
            # Only the first ones are listed, so the rest need not be kept.
            if (
                item not in like
                and (len(like) < NAMED or item < like[-1])
                and self._similar(value, item)
            ):
                like[:] = sorted((*like, item))[:NAMED]
        return False

    def lines(self) -> Iterator[str]:
        """What is to be said, in the order of the question."""
        for asked in self._asked:
            if asked not in self._missing:
                continue
            _, value = asked
            if isinstance(value, Pattern):
                yield f"no entry of the range names any like {quoted(value.text)}"
            else:
                like = ", ".join(map(quoted, self._like[asked]))
                said = f"; similar: {like}" if like else ""
                yield f"no entry of the range names {quoted(value)}{said}"


def similar(one: str, other: str) -> bool:
    """Do they differ by their case, by at most two characters, or by what stands around one?"""
    one, other = one.lower(), other.lower()
    if min(len(one), len(other)) >= SHORTEST and (one in other or other in one):
        return True
    if abs(len(one) - len(other)) > FAR or max(len(one), len(other)) < SHORTEST:
        return one == other
    row = list(range(len(other) + 1))
    for at, a in enumerate(one, 1):
        before, row = row, [at]
        for to, b in enumerate(other, 1):
            row.append(min(before[to] + 1, row[-1] + 1, before[to - 1] + (a != b)))
        if min(row) > FAR:
            return False
    return row[-1] <= FAR
