"""The calls among the entries of a log, as the detectors see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import batched

from apitrail.codec import decode
from apitrail.entry import CALLS, Entry
from apitrail.event import Asked, Event, statement
from apitrail.insights.caller import stable_labels
from apitrail.insights.seen import Seen, read
from apitrail.source import Source

# The facets that a call's record is read from; the answer is not needed.
TAGS = ("who", "what", "request")
# So many entries are asked for at once.
TOGETHER = 64


def events_of(
    source: Source, start: int, stop: int
) -> Iterator[tuple[int, Seen | None, Event | None]]:
    """Index and call of each entry in [start, stop) that is a call to AWS; None where it was erased
    or is not disclosed. With it comes its event, without the parameters and the answer."""
    for some in batched(source.entries(start, stop), TOGETHER, strict=False):
        heads = [Entry.head_of(data) for data in some]
        calls = [index for index, _, kind in heads if kind in CALLS]
        contents = dict(source.many(calls, TAGS))
        for index in calls:
            facets = contents.get(index, {})
            if "what" not in facets or "who" not in facets:
                yield index, None, None
                continue
            event = _event(facets)
            if event.what is None or not event.what.stand_in:
                yield index, _call(event), event


def _event(facets: Mapping[str, bytes]) -> Event:
    """The event, with no more of its request than CloudTrail's record tells."""
    event = Event.parse({tag: facets[tag] for tag in TAGS if tag != "request" and tag in facets})
    if "request" not in facets:
        return event
    asked = statement(facets["request"])
    told = {"record": asked["record"]} if "record" in asked else {}
    return replace(event, request=decode(Asked, told))


def _call(event: Event) -> Seen:
    run = event.who.run if event.who else None
    return read(
        event.record(),
        time=event.call.time or 0,
        run=run.id if run else "",
        operator=(event.who.operator if event.who else None) or "",
        labels=stable_labels(run.labels) if run else "",
    )
