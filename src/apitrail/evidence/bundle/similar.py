"""Texts of others in a statement: escaped, quoted, and compared with those that look like them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from apitrail.query import COLUMNS, Filter, Row

# So many characters may differ, and so many names are given.
FAR = 2
NAMED = 3
SHORTEST = 3
_RESOURCES = ("resource_name", "resource_type")


def clean(text: str) -> str:
    """Printable ASCII: evidence must not drive a terminal, nor look like what it is not."""
    return "".join(c if " " <= c <= "~" else _escape(c) for c in text)


def _escape(c: str) -> str:
    return f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}"


def quoted(value: str) -> str:
    """A value that cannot be taken for anything else."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{clean(escaped)}"'


def strange(where: Filter, question: Iterable[str], rows: list[Row]) -> Iterator[str]:
    """What is asked for and named by no entry, with the most similar names that are."""
    for name in question:
        if name not in COLUMNS and name not in _RESOURCES:
            continue
        wanted = getattr(where, name)
        known = _known(name, rows)
        for value in wanted:
            if value not in known:
                like = [item for item in sorted(known) if similar(value, item)][:NAMED]
                said = f"; similar: {', '.join(map(quoted, like))}" if like else ""
                yield f"no entry of the range names {quoted(value)}{said}"


def _known(name: str, rows: list[Row]) -> set[str]:
    if name in COLUMNS:
        return {value for row in rows if (value := getattr(row, COLUMNS[name]))}
    at = 0 if name == "resource_name" else 1
    return {resource[at] for row in rows for resource in row.resources if resource[at]}


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
