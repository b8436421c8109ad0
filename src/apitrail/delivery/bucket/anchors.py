"""The anchors in a log: what it says itself of what was shipped where."""

from __future__ import annotations

from collections.abc import Iterator

from apitrail.delivery.bucket.object_lock import Location
from apitrail.entry import Entry
from apitrail.source import Source
from apitrail.trail import statements
from apitrail.trail.statements import Anchor


def anchors(source: Source, start: int = 0) -> Iterator[tuple[int, Anchor]]:
    """Each anchor among the entries from `start` on, with its index."""
    for data in source.entries(start):
        index, _, kind = Entry.head_of(data)
        said = statements.of(source, kind, index) if kind == Anchor.KIND else None
        if isinstance(said, Anchor):
            yield index, said


def anchors_of(source: Source, location: Location) -> list[tuple[int, Anchor]]:
    """Those of one place, in order."""
    return [
        (index, anchor)
        for index, anchor in anchors(source)
        if (anchor.bucket, anchor.prefix) == (location.bucket, location.prefix)
    ]
