"""The content of entries with what seals it: event keys and salts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from apitrail.source import Contents, Facet
from apitrail.trail import row_steps
from apitrail.trail.frames import decompress, exact


def of(database: sqlite3.Connection, start: int, stop: int) -> Iterator[tuple[int, Contents]]:
    """What is there of the content of entries [start, stop), in order, by index."""
    seals = row_steps.of_entries(database, "SELECT idx, event_key FROM seal", ("idx",), start, stop)
    rows = row_steps.of_entries(
        database, "SELECT idx, tag, salt, data FROM facet", ("idx", "tag"), start, stop
    )
    seal, row = next(seals, None), next(rows, None)
    while seal is not None or row is not None:
        index = min(found[0] for found in (seal, row) if found is not None)
        key, facets = None, {}
        if seal is not None and seal[0] == index:
            key, seal = exact(seal[1]), next(seals, None)
        while row is not None and row[0] == index:
            _, tag, salt, data = row
            facets[tag] = Facet(None if salt is None else exact(salt), decompress(data))
            row = next(rows, None)
        yield index, Contents(key, facets)
