"""The anchors in a log: what it says itself of what was shipped where.

It does not know S3.
"""

from __future__ import annotations

from collections.abc import Iterator

from apitrail.delivery.bucket.object_lock import Location
from apitrail.delivery.bucket.shipment import Anchor
from apitrail.delivery.logfiles.tree_manifest import read_json
from apitrail.entry import Entry
from apitrail.source import Source


def anchors(source: Source, start: int = 0) -> Iterator[tuple[int, Anchor]]:
    """Each anchor among the entries from `start` on, with its index."""
    for data in source.entries(start):
        # An entry has one spelling, so its kind can be told without parsing it.
        if b'"k":"anchor"' not in data:
            continue
        index = Entry.parse(data).index
        what = read_json(source.facets(index, ("what",)).get("what", b"{}"), "anchor")
        anchor = Anchor.parse(what if isinstance(what, dict) else {})
        if anchor is not None:
            yield index, anchor


def anchors_of(source: Source, location: Location) -> list[tuple[int, Anchor]]:
    """Those of one place, in order."""
    return [
        (index, anchor)
        for index, anchor in anchors(source)
        if (anchor.bucket, anchor.prefix) == (location.bucket, location.prefix)
    ]
