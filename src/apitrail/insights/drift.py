"""Drift: two answers show a thing otherwise, and no recorded call between them can have changed it.

Of each thing the detector keeps in which entry it was seen last, and a digest of its state. Where
the next state is another, both are read from the log and compared.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

from apitrail.codec import Json
from apitrail.event import Answered, Asked, Event, What, statement
from apitrail.insights.insight import END, START, Insight
from apitrail.insights.thresholds import Thresholds
from apitrail.source import Source
from apitrail.state import comparing
from apitrail.state.call_effect import UNANSWERED, is_telling, shown, write_of
from apitrail.state.changing import Write, can_have_made
from apitrail.state.comparing import Sight
from apitrail.state.managed_change import unmanaged
from apitrail.state.other_writes import writes_around
from apitrail.state.recorder_update import comparable
from apitrail.when import iso

# So many things are kept in mind, those that were seen last.
THINGS = 2_000
# Of an answer that is longer nothing is compared.
LONGEST = 4_000_000
_TAGS = ("request", "response")
BYPASS = "changed by something that did not pass through this recorder"


class LastSeen:
    """Where a thing was seen last: the entry, and a digest of its state; `settled` says that no
    service was changing it then."""

    __slots__ = ("digest", "index", "settled")

    def __init__(self, index: int, digest: str, *, settled: bool) -> None:
        self.index = index
        self.digest = digest
        self.settled = settled


type Sources = dict[str, LastSeen]
"""Of one thing, the last of each kind of call: not all of them tell the same members."""


class Drifts:
    """The detector. It reads in the log what the calls showed."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._limits = thresholds
        self._seen: dict[str, Sources] = {}
        # Told of late; a call that was under way then may still explain it.
        self._told: list[Insight] = []
        self.complete = True

    def see(self, source: Source, index: int, event: Event) -> Iterator[Insight]:
        """Learn the call at an entry of a log; tell what changed without any."""
        what = event.what
        if what is None:
            return
        if self._told:
            yield from self._withdrawn(source, index, event)
        if is_telling(event.call.service, event.call.operation):
            for sight in self._sights(source, index, event):
                yield from self._compared(source, sight, what)

    def _sights(self, source: Source, index: int, event: Event | None = None) -> list[Sight]:
        """What an entry shows; `event` is its event, where that is at hand."""
        event = event or Event.parse(source.facets(index, ("who", "what")))
        facets = source.facets(index, _TAGS)
        if "response" not in facets or "request" not in facets:
            link = source.entry(index)
            # What was erased could have shown something; what was never kept could not.
            if link is None or {"response", "request"} & (link.commitments.keys() - facets.keys()):
                self.complete = False
            return []
        if len(facets["response"]) > LONGEST:
            return []
        # The rest of both is not looked at, and most calls are looked at here.
        event = replace(
            event,
            request=Asked(parameters=_member(facets["request"], "parameters")),
            response=Answered(result=_member(facets["response"], "result")),
        )
        ended = event.call.time or 0
        started = ended if event.call.started is None else event.call.started
        return [
            Sight(observation=each, index=index, id="", started=started, ended=ended)
            for each in shown(event)
        ]

    def _compared(self, source: Source, sight: Sight, what: What) -> Iterator[Insight]:
        subject, tells = "\0".join(sight.observation.subject), sight.observation.source
        known = self._seen.pop(subject, {})
        # The order of use, for forgetting the one that was not seen for longest.
        self._seen[subject] = known
        if len(self._seen) > THINGS:
            del self._seen[next(iter(self._seen))]
        digest = _digest(sight.observation.value)
        newest = max(known.values(), key=lambda each: each.index, default=None)
        if newest is None or digest == newest.digest:
            settled = sight.is_base if newest is None else newest.settled
            known[tells] = LastSeen(sight.index, digest, settled=settled)
            return
        if not sight.is_settled:
            # What it becomes is held against what it was, once it stands.
            return
        found = self._difference(source, sight, newest, known.get(tells))
        if found is not None or not newest.settled:
            known.clear()
        known[tells] = LastSeen(sight.index, digest, settled=sight.is_base)
        if found is not None and (found := comparable(source, found)) is not None:
            yield from self._judged(source, found, what)

    def _difference(
        self, source: Source, sight: Sight, newest: LastSeen, alike: LastSeen | None
    ) -> comparing.Drift | None:
        """Against what was seen last; else against what the same kind of call showed last."""
        for before in dict.fromkeys((newest, alike)):
            if before is not None and before.settled:
                found = self._between(source, before.index, sight)
                if found is not None:
                    return found
        return None

    def _judged(self, source: Source, found: comparing.Drift, what: What) -> Iterator[Insight]:
        event_source = str(what.record.get("eventSource") or "")
        if not found.is_explained(
            writes_around(source, found, event_source, found.after.index + 1)
        ) and (left := unmanaged(source, found)):
            told = _told(left, what)
            self._told = [*self._told[-_LATEST:], told]
            yield told

    def _between(self, source: Source, before: int, sight: Sight) -> comparing.Drift | None:
        for other in self._sights(source, before):
            if other.observation.subject == sight.observation.subject:
                return comparing.between(other, sight)
        return None

    def _withdrawn(self, source: Source, index: int, event: Event) -> Iterator[Insight]:
        """Drift that a call explains after all: it was under way when the change was seen."""
        call = event.call
        now = call.time or 0
        self._told = [each for each in self._told if now - each.time < UNANSWERED]
        started = now if call.started is None else call.started
        for told in [each for each in self._told if started <= each.time]:
            write = write_of(index, event)
            if write is not None and self._explains(source, write, told):
                self._told.remove(told)
                yield replace(
                    told, state=END, time=max(now, told.time), events=(*told.events, str(index)),
                    why=("a call that was under way then can have changed it", *told.why[1:]),
                )  # fmt: skip

    def _explains(self, source: Source, write: Write, told: Insight) -> bool:
        before, after = (int(each) for each in told.events)
        for sight in self._sights(source, after):
            found = self._between(source, before, sight)
            if found is not None and sight.observation.title == told.name:
                since, until = found.before.started, found.after.ended
                return can_have_made(write, found.change, since, until)
        return False


_LATEST = 50


def _member(facet: bytes, name: str) -> Json:
    found: Json = statement(facet).get(name)
    return found


def _digest(value: Json) -> str:
    return hashlib.blake2b(json.dumps(value).encode(), digest_size=9).hexdigest()


def _told(found: comparing.Drift, what: What) -> Insight:
    """It names members and no values: those stay where they can be erased."""
    before, after = found.before, found.after
    members = ", ".join(
        dict.fromkeys(".".join(each.members) or "all of it" for each in found.found)
    )
    name = after.observation.title
    return Insight(
        kind="drift", name=name, state=START, time=after.ended, began=before.ended,
        source=str(what.record.get("eventSource") or ""),
        operation=str(what.record.get("eventName") or ""), caller="",
        region=str(what.record.get("awsRegion") or ""),
        account=str(what.record.get("recipientAccountId") or ""),
        events=(str(before.index), str(after.index)), average=0.0, baseline=0.0,
        baseline_minutes=0,
        why=(f"{BYPASS}, between {iso(before.ended)} and {iso(after.ended)}", f"{name}: {members}"),
    )  # fmt: skip
