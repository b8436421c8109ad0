"""The steps of a resource's story as a page shows them: calls, drift, and when nobody watched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from apitrail.codec import Json
from apitrail.evidence.bundle.watched import Unwatched
from apitrail.reading import event_summary, render
from apitrail.reading.observing import Drift
from apitrail.reading.resource_history import Call, ResourceHistory
from apitrail.reading.state_lines import WORDS
from apitrail.state import knowledge
from apitrail.state.differing import Difference, differences, document
from apitrail.state.knowledge import Known, Told
from apitrail.web.console import shown_members
from apitrail.web.console.shown_members import Member, Part

# Of one step so many members, each of so many characters; of all states together.
MEMBERS = 10
LONGEST = 100
STATES = 120


@dataclass(frozen=True, slots=True)
class Mark:
    """One member that differs; None where it is not there."""

    path: str
    was: tuple[Part, ...] | None
    now: tuple[Part, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a call says of one part: in words, its members where they are new, what differs."""

    label: str
    words: str
    members: tuple[Member, ...] = ()
    marks: tuple[Mark, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A call of the story, or a time in which nobody was recording."""

    time: int
    call: Call | None = None
    said: tuple[Said, ...] = ()
    asked: tuple[Member, ...] = ()
    drift: tuple[Drift, ...] = ()
    gap: Unwatched | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One part of the state as it was last known."""

    known: Known
    members: tuple[Member, ...] = ()


def steps(history: ResourceHistory) -> list[Step]:
    """All steps, newest first."""
    found = [*map(step, history.calls), *_gaps(history.unwatched)]
    return sorted(found, key=lambda each: each.time, reverse=True)


def _gaps(gaps: Sequence[Unwatched]) -> Iterator[Step]:
    for gap in gaps:
        if gap.reason != "before the log began":
            yield Step(time=gap.start, gap=gap)


def step(call: Call) -> Step:
    """One call of the story."""
    beside = call.asked if call.asked is not None else call.answer
    return Step(
        time=call.time, call=call, said=tuple(map(_said, call.told)), drift=call.drift,
        asked=members(beside) if beside is not None else (),
    )  # fmt: skip


def _said(told: Told) -> Said:
    if told.value is None:
        inferred = ", inferred" if told.how == knowledge.INFERRED else ""
        return Said(label=told.label, words=f"does not exist{inferred}")
    return Said(
        label=told.label, words=WORDS[told.how], marks=marks(told.found[:MEMBERS]),
        members=members(told.value) if told.how == knowledge.FIRST else (),
        more=max(len(told.found) - MEMBERS, 0),
    )  # fmt: skip


def members(value: Json, most: int = MEMBERS) -> tuple[Member, ...]:
    """The members of a state, as many as a step has room for."""
    read = (
        {key: document(each) for key, each in value.items()}
        if isinstance(value, Mapping)
        else value
    )
    found = [(path, text[:LONGEST]) for path, text in event_summary.flat(read, "")]
    return tuple(shown_members.shortened(found, most))


def marks(found: Sequence[Difference]) -> tuple[Mark, ...]:
    """Differences, each side with what was redacted."""
    return tuple(Mark(each.path, _parts(each.was), _parts(each.now)) for each in found)


def _parts(value: Json) -> tuple[Part, ...] | None:
    if value is None:
        return None
    read = document(value)
    text = read if isinstance(read, str) else render.json_line(read)
    return tuple(shown_members.parts(text))


def state(known: Sequence[Known]) -> tuple[Shown, ...]:
    """What is known of each part; the members of the last ones are left to the JSON if there are many."""
    left, found = STATES, []
    for each in known:
        shown = members(each.value, max(left, 1)) if isinstance(each.value, Mapping) else ()
        left -= len(shown)
        found.append(Shown(known=each, members=shown))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two states beside each other: what differs from the one after entry `old` to that after `new`."""

    old: Call
    new: Call
    found: tuple[Difference, ...]

    @property
    def marks(self) -> tuple[Mark, ...]:
        """As many of the differences as a page has room for."""
        return marks(self.found[:STATES])


def versions(history: ResourceHistory) -> list[Call]:
    """The calls after which something else was known, newest first."""
    found: list[Call] = []
    for call in history.calls:
        if call.state and (not found or call.state is not found[-1].state):
            found.append(call)
    return found[::-1]


def compared(old: Call, new: Call) -> Compared:
    """The differences of the states after two calls, part by part."""
    parts = dict.fromkeys((*old.state, *new.state))
    found = [
        Difference(f"{part}: {each.path}" if each.path else part, each.members, each.was, each.now)
        for part in parts
        for each in differences(old.state.get(part), new.state.get(part))
    ]
    return Compared(old=old, new=new, found=tuple(found))
