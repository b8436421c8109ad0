"""Whether apitrail itself was updated between two observations.

A later version may know members of answers that an earlier one did not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from apitrail.entry import Entry
from apitrail.event import statement
from apitrail.source import Source
from apitrail.state.comparing import Drift

_OPEN = "open"
_STRETCH = 4_096


def comparable(source: Source, found: Drift) -> Drift | None:
    """The drift without members that only one of two versions of apitrail may know."""
    if not any(each.lacking and each.path for each in found.found):
        return found
    if not _was_updated(source, found.before.index, found.after.index):
        return found
    left = tuple(each for each in found.found if not each.lacking or not each.path)
    return replace(found, found=left) if left else None


def _was_updated(source: Source, first: int, last: int) -> bool:
    versions = set(_versions(source, first, last))
    return bool(versions) and versions != {_version_at(source, first)}


def _version_at(source: Source, index: int) -> str:
    """The version that wrote an entry: that of the last start before it."""
    stop = index + 1
    while stop > 0:
        start = max(stop - _STRETCH, 0)
        if found := list(_versions(source, start, stop)):
            return found[-1]
        stop = start
    return ""


def _versions(source: Source, start: int, stop: int) -> Iterator[str]:
    """The versions that started in [start, stop), in order."""
    for index in source.books(start, stop):
        if any(Entry.kind_of(link) == _OPEN for link in source.entries(index, index + 1)):
            content = source.facets(index, ("what",)).get("what")
            said = statement(content) if content is not None else {}
            yield str(said.get("apitrail") or "")
