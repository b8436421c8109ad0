"""The recorded calls of a time that can have made a change: sought in the log when one is found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from apitrail.event import Event
from apitrail.query import Filter
from apitrail.source import Source
from apitrail.state.call_effect import UNANSWERED, write_of
from apitrail.state.changing import ORCHESTRATORS, Write
from apitrail.state.comparing import Drift

# So many calls between two observations are held against a difference. Where there are more, it is
# not called drift.
MOST = 5_000
_TAGS = ("what", "request", "response")
# Services whose event source is not called as botocore calls them.
_RENAMED = {
    "cloudcontrol": "cloudcontrolapi", "emr": "elasticmapreduce", "stepfunctions": "states",
    "resourcegroupstaggingapi": "tagging",
}  # fmt: skip
# The event sources of what has AWS change other resources.
_SOURCES = tuple(f"{_RENAMED.get(name, name)}.amazonaws.com" for name in ORCHESTRATORS)


def writes_around(source: Source, found: Drift, event_source: str, stop: int) -> Iterator[Write]:
    """The calls before entry `stop` that may have had an effect between two observations.

    Args:
        source: the log.
        found: the observations, and what differs.
        event_source: CloudTrail's name of the service that was observed.
        stop: the first entry that is not looked at.
    """
    where = Filter(
        event_source=(event_source, *_SOURCES), since=found.before.started - UNANSWERED,
        until=found.after.ended + UNANSWERED, stand_in=False,
    )  # fmt: skip
    for looked, index in enumerate(source.select(where, before=stop)):
        if looked == MOST:
            yield _anything(index, found)
            return
        if (write := _write(source, index)) is not None:
            yield write
    for index in source.undetermined(replace(where, event_source=())):
        if index < stop and (write := _write(source, index)) is not None:
            yield write


def _write(source: Source, index: int) -> Write | None:
    """The call at an entry, if it may have had an effect; most of what is not is told by `what`."""
    if write_of(index, Event.parse(source.facets(index, ("what",)))) is None:
        return None
    return write_of(index, Event.parse(source.facets(index, _TAGS)))


def _anything(index: int, found: Drift) -> Write:
    """A call of which nothing is known: it may have made any change."""
    return Write(
        index=index, started=found.before.started, ended=found.after.ended, service="",
        operation="", undetermined=True,
    )  # fmt: skip
