"""Which calls to send again, and in which order."""

from __future__ import annotations

from apitrail.errors import UsageError
from apitrail.query import Filter
from apitrail.replay.recorded import in_order
from apitrail.source import Source
from apitrail.trail import targets


def choose(source: Source, where: Filter, ids: tuple[str, ...] = ()) -> list[int]:
    """Indexes of the calls that match, or of those with these ids, in the order they were made.

    Raises:
        UsageError: an id is nobody's, or ids and a filter were given.
    """
    if ids and not where.is_open:
        raise UsageError("ids and a filter are two questions", hint="give one of them")
    found = {targets.find(source, event_id) for event_id in ids} if ids else source.select(where)
    return in_order(source, found)
