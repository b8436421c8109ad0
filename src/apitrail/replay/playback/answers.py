"""Recorded answers by the questions they were given to, and which is next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from apitrail.replay.playback.request_key import Question
from apitrail.replay.recorded import Recorded

_LISTED = 3
_NAMED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """Why a call has no recorded answer, in one line."""

    reason: str
    nearest: str | None = None
    """The event id of the nearest recorded call."""


class _Row:
    """The answers to one question, in recorded order; the last one stays."""

    def __init__(self) -> None:
        # By region, and under None all of them.
        self._calls: dict[str | None, list[Recorded]] = {None: []}
        self._taken: Counter[str | None] = Counter()

    def add(self, call: Recorded) -> None:
        self._calls[None].append(call)
        if call.region is not None:
            self._calls.setdefault(call.region, []).append(call)

    def take(self, region: str | None) -> Recorded:
        """The next in that region; where nothing was recorded there, in whichever."""
        place = region if region in self._calls else None
        calls = self._calls[place]
        taken = min(self._taken[place], len(calls) - 1)
        self._taken[place] += 1
        return calls[taken]


class Answers:
    """The answers in a recording."""

    def __init__(self, calls: Iterable[Recorded], *, keyed: bool) -> None:
        self.size = 0
        self.regions: dict[str, int] = {}
        self._keyed = keyed
        self._exact: dict[tuple[str, str, str], _Row] = {}
        self._timeless: dict[tuple[str, str, str], _Row] = {}
        self._asked: dict[tuple[str, str], list[tuple[Question, str]]] = {}
        for call in calls:
            self._add(call)

    def _add(self, call: Recorded) -> None:
        # A call without an answer cannot be played back, and one that was not understood cannot
        # be matched.
        if call.service is None or call.operation is None or not call.was_answered:
            return
        if call.parameters is None:
            return
        asked = self.question(call.service, call.operation, call.parameters)
        for rows, form in ((self._exact, asked.exact), (self._timeless, asked.timeless)):
            rows.setdefault((asked.service, asked.operation, form), _Row()).add(call)
        self._asked.setdefault((call.service, call.operation), []).append((asked, call.event_id))
        self.size += 1
        if call.region:
            self.regions[call.region] = self.regions.get(call.region, 0) + 1

    def question(self, service: str, operation: str, parameters: object) -> Question:
        """The question in these parameters, as this recording compares it."""
        return Question.of(service, operation, parameters, keyed=self._keyed)

    def take(self, asked: Question, region: str | None) -> Recorded | Miss:
        """The next answer to a question; what differs only in points in time will do."""
        name = (asked.service, asked.operation)
        row = self._exact.get((*name, asked.exact)) or self._timeless.get((*name, asked.timeless))
        return self._miss(asked) if row is None else row.take(region)

    def _miss(self, asked: Question) -> Miss:
        name = f"{asked.service}:{asked.operation}"
        others = self._asked.get((asked.service, asked.operation))
        if not others:
            known = sorted({o for s, o in self._asked if s == asked.service})
            some = ", ".join(known[:_NAMED]) + (", …" if len(known) > _NAMED else "")
            about = f"; of {asked.service} were {some}" if known else ""
            return Miss(reason=f"no {name} was recorded{about}")
        differing = [(list(asked.differs(other)), event_id) for other, event_id in others]
        found, event_id = min(differing, key=lambda item: len(item[0]))
        some = "; ".join(found[:_LISTED]) + ("; …" if len(found) > _LISTED else "")
        return Miss(
            reason=f"no such {name} was recorded; nearest is event {event_id}: {some}",
            nearest=event_id,
        )
