"""The facets of many entries, quicker than one entry after the other."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence

from apitrail.remembered import Bounded
from apitrail.trail.frames import decompress

TOGETHER = 128
"""Entries that are asked for at once; their frames are held, and unpacked one after the other."""

# So many callers are remembered by their frames, where contents are the same again and again.
_CALLERS = 64


def of(
    database: sqlite3.Connection, indexes: Sequence[int], tags: Sequence[str]
) -> Iterator[tuple[int, dict[str, bytes]]]:
    """The facets of these tags of each of these entries, in order; entries without any are left out."""
    # All of them, so that nothing is open in the database between two (see `row_steps`).
    rows = database.execute(_sql(len(tags)), (json.dumps(sorted(set(indexes))), *tags)).fetchall()
    callers = Bounded[object, bytes](_CALLERS)

    def caller(frame: object) -> bytes:
        return callers.get(frame) or callers.keep(frame, decompress(frame))

    columns = [
        (number, tag, caller if tag == "who" else decompress) for number, tag in enumerate(tags, 1)
    ]
    for row in rows:
        found = {
            tag: content(row[number]) for number, tag, content in columns if row[number] is not None
        }
        if found:
            yield row[0], found


def _sql(tags: int) -> str:
    """A row for each entry, in the order of the list, with a column for each tag.

    A row for each facet costs twice as much.
    """
    columns = "".join(f", f{number}.data" for number in range(tags))
    joined = "".join(
        f" LEFT JOIN facet f{number} ON f{number}.idx = e.value AND f{number}.tag = ?"
        for number in range(tags)
    )
    return f"SELECT e.value{columns} FROM json_each(?) e{joined}"
