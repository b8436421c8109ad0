"""Texts of others in a statement: escaped, quoted, and compared with those that look like them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from apitrail.query import COLUMNS, RESOURCES, Filter, Pattern, Row, finds, found_by

# How many characters may differ, and how many names are listed.
FAR = 2
NAMED = 3
SHORTEST = 3


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


def strange(where: Filter, question: Iterable[str], rows: list[Row]) -> Iterator[str]:
    """What is asked for and named by no entry, with the most similar names that are."""
    for name in question:
        if name not in COLUMNS and name not in RESOURCES:
            continue
        wanted = getattr(where, name)
        known = {value for row in rows for value in found_by(row, name) if value}
        for value in wanted:
            if isinstance(value, Pattern):
                if not any(finds(row, name, value) for row in rows):
                    yield f"no entry of the range names any like {quoted(value.text)}"
            elif value not in known:
                like = [item for item in sorted(known) if similar(value, item)][:NAMED]
                said = f"; similar: {', '.join(map(quoted, like))}" if like else ""
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
