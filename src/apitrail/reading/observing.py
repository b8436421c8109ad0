"""The states of one resource through a log, and the changes in them that nobody recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from apitrail.codec import Json, Object
from apitrail.event import Event, Resource
from apitrail.source import Source
from apitrail.state import comparing, knowledge
from apitrail.state.call_effect import effect
from apitrail.state.changing import CATCHING_UP, Write
from apitrail.state.comparing import Sight, Sights
from apitrail.state.differing import Difference
from apitrail.state.knowledge import Knowledge, Known, Told
from apitrail.state.managed_change import unmanaged
from apitrail.state.other_writes import writes_around
from apitrail.state.recorder_update import comparable
from apitrail.state.wanted import Wanted
from apitrail.when import iso


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A change that no recorded call can have made, between two observations."""

    label: str
    before: int
    after: int
    ids: tuple[str, str]
    since: int
    until: int
    found: tuple[Difference, ...]

    def text(self) -> str:
        """In words."""
        members = ", ".join(dict.fromkeys(each.path or self.label for each in self.found))
        return (
            f"{self.label} was changed by something that did not pass through this recorder, "
            f"between {iso(self.since)} and {iso(self.until)} "
            f"(entries {self.before} and {self.after}): {members}"
        )

    def to_json(self) -> Object:
        """For scripts."""
        return {
            "part": self.label,
            "between": [iso(self.since), iso(self.until)],
            "entries": [self.before, self.after],
            "events": list(self.ids),
            "differences": [each.to_json() for each in self.found],
        }


class Observing:
    """Learns the calls of one resource in the order of their entries."""

    def __init__(self, source: Source, wanted: Wanted) -> None:
        self._source = source
        self._wanted = wanted
        self._knowledge = Knowledge(wanted)
        self._sights = Sights()
        self._writes: list[Write] = []
        self._found: list[tuple[comparing.Drift, str]] = []
        self._state: dict[str, Json] = {}
        self.resources: dict[tuple[str, str], Resource] = {}

    @property
    def known(self) -> tuple[Known, ...]:
        """What is known after the last call."""
        return self._knowledge.known

    def state(self) -> dict[str, Json]:
        """The state after the last call, by parts; the same object while nothing changes."""
        return self._state

    def learn(self, index: int, event: Event, outcome: str, *, is_named: bool) -> tuple[Told, ...]:
        """Learn a call; what it says of the resource."""
        call = effect(index, event)
        if is_named:
            self.resources.update(((each.name, each.arn), each) for each in event.resources)
        if call.write is not None:
            self._writes.append(call.write)
        record = event.what.record if event.what else {}
        parameters = event.request.parameters if event.request else None
        told = self._knowledge.learn(
            knowledge.Seen(
                call=call,
                service=event.call.service or "",
                operation=event.call.operation or "",
                parameters=parameters if isinstance(parameters, dict) else {},
                result=event.response.result if event.response else None,
                is_read=outcome == "read",
                took_effect=outcome == "changed",
                may_have=outcome == "unknown",
                names_it=is_named,
                is_data=record.get("managementEvent") is False,
            )
        )
        if any(each.how not in (knowledge.SAME, knowledge.OPEN) for each in told):
            self._state = self._knowledge.state()
        seen = [each for each in call.shown if self._wanted.means(each.names)]
        for shown, said in zip(seen, told, strict=False):
            sight = Sight(
                observation=shown, index=index, id=call.id, started=call.started, ended=call.ended
            )
            self._see(sight, said, str(record.get("eventSource")))
        return told

    def _see(self, sight: Sight, said: Told, event_source: str) -> None:
        if said.how == knowledge.SAME or self._is_explained(sight, said):
            self._sights.renew(sight)
            return
        found = self._sights.see(sight)
        if found is not None and not found.is_explained(self._recent(found.before)):
            self._found.append((found, event_source))

    def _is_explained(self, sight: Sight, said: Told) -> bool:
        """Can a call that names it have made what differs from what was known? Mostly so."""
        before = self._sights.newest(sight)
        if before is None or said.how != knowledge.CHANGED or not said.found:
            return False
        found = comparing.Drift(before=before, after=sight, found=said.found)
        return found.is_explained(self._recent(before))

    def _recent(self, before: Sight) -> Iterator[Write]:
        """The writes that name it, newest first, as far back as one can matter."""
        oldest = before.started - 2 * CATCHING_UP
        return takewhile(lambda write: write.ended >= oldest, reversed(self._writes))

    def drift(self) -> tuple[Drift, ...]:
        """What no recorded call of any kind can have changed."""
        return tuple(self._judged())

    def _judged(self) -> Iterator[Drift]:
        for each, event_source in self._found:
            found = comparable(self._source, each)
            if found is None:
                continue
            others = writes_around(self._source, found, event_source, self._source.size)
            if not found.is_explained(others) and (left := unmanaged(self._source, found)):
                yield _drift(left)


def _drift(found: comparing.Drift) -> Drift:
    seen = found.after.observation
    return Drift(
        label=f"{seen.aspect} {seen.key}" if seen.key else seen.aspect,
        before=found.before.index,
        after=found.after.index,
        ids=(found.before.id, found.after.id),
        since=found.before.ended,
        until=found.after.ended,
        found=found.found,
    )
