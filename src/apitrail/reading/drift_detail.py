"""What differs between the two observations that an insight of drift rests on."""

from __future__ import annotations

from apitrail.event import RECORD_TAGS, Event
from apitrail.source import Source
from apitrail.state.call_effect import effect
from apitrail.state.comparing import Sight, between
from apitrail.state.differing import Difference
from apitrail.trail.statements import Insight

KIND = "drift"


def differences(source: Source, said: Insight) -> tuple[Difference, ...]:
    """The members that differ, with their values, as far as both answers are there."""
    if said.kind != KIND or len(said.evidence) < 2:
        return ()
    before, after = (_sights(source, index) for index in said.evidence[:2])
    for subject, sight in after.items():
        if sight.observation.title == said.name and subject in before:
            found = between(before[subject], sight)
            return found.found if found is not None else ()
    return ()


def _sights(source: Source, index: int) -> dict[tuple[str, ...], Sight]:
    """What an entry shows, by its subject."""
    call = effect(index, Event.parse(source.facets(index, RECORD_TAGS)))
    return {
        each.subject: Sight(
            observation=each, index=index, id=call.id, started=call.started, ended=call.ended
        )
        for each in call.shown
    }
