"""What guards would have said of the calls that were recorded."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import batched
from pathlib import Path
from typing import Protocol

import orjson

from apitrail.codec import Json
from apitrail.policy import alike, shares
from apitrail.policy.decision import Decision
from apitrail.policy.guard_question import Question
from apitrail.policy.guards import Guards
from apitrail.policy.kept_call import ASKED, TOGETHER, KeptCall, Memory
from apitrail.policy.past_spending import TAGS, drawn, in_fact
from apitrail.policy.recorded_question import recorded_question
from apitrail.policy.spending import Spending
from apitrail.policy.weighed import weighed
from apitrail.query import Filter
from apitrail.remembered import Bounded
from apitrail.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One call, and what the guards would have said of it."""

    index: int
    event_id: str
    name: str
    run: str | None
    decision: Decision

    def again(self, index: int, event_id: str) -> Tried:
        """The same of another call."""
        return Tried(
            index=index, event_id=event_id, name=self.name, run=self.run, decision=self.decision
        )

    def told(self) -> dict[str, Json]:
        """A line for programs."""
        decision = self.decision
        return {
            "eventID": self.event_id, "decision": decision.effect,
            "statement": decision.statement, "guard": decision.guard, "action": decision.action,
            "reason": decision.reason, "event": self.name, "run": self.run, "entry": self.index,
        }  # fmt: skip


def attempt(source: Source, where: Filter, guards: Guards) -> Iterator[Tried]:
    """Each call that matches, oldest first, in a log that is open; what asked a stand-in about itself is left
    out."""
    trial = Trial[list[Tried]](guards, list)
    for some in batched(source.select(where, ascending=True), TOGETHER, strict=False):
        trial.add(source, some)
        yield from trial.take()


def lines(
    path: Path, where: Filter, guards: Guards, *, processes: int | None = None
) -> Generator[str]:
    """JSON for each call that matches, oldest first, in a trail or a bundle."""
    make = partial(Trial, guards, Lines)
    for some in shares.in_order(path, where, make, processes=_processes(guards, processes)):
        yield from some.texts


def tally(path: Path, where: Filter, guards: Guards, *, processes: int | None = None) -> Tally:
    """What the calls that match come to, in a trail or a bundle."""
    found = Tally()
    make = partial(Trial, guards, Tally)
    for each in shares.totals(path, where, make, processes=_processes(guards, processes)):
        found.join(each)
    return found


def _processes(guards: Guards, asked: int | None) -> int | None:
    """What was spent before a call is known to a process only that has looked at all calls before it."""
    return 1 if guards.budgets else asked


# Keys that differ with each call, however alike they are.
_OF_EACH = re.compile("aws:(currenttime|epochtime)", re.IGNORECASE)
_REMEMBERED = 50_000
_NOTHING: Mapping[str, bytes] = {}


class Notes(Protocol):
    """Where it is noted what the guards would have said."""

    def append(self, tried: Tried, /) -> None:
        """Note one call."""
        ...


class Trial[N: Notes]:
    """Guards are asked once about calls that are alike in all that guards look at."""

    def __init__(self, guards: Guards, make: Callable[[], N]) -> None:
        self._guards, self._spending, self._memory = guards, Spending(guards.budgets), Memory()
        self._make, self._notes = make, make()
        self._tags = TAGS if self._spending else ASKED
        # By the very bytes, and by what of them counts; None is no call to AWS.
        self._same = Bounded[object, Tried | None](_REMEMBERED)
        self._alike = Bounded[object, Tried | None](_REMEMBERED)
        # Does a decision rest on calls before it, or on the time?
        self._depends = bool(self._spending) or any(
            _OF_EACH.search(json.dumps(json.loads(each.text), ensure_ascii=False))
            for each in guards.stack
        )

    def add(self, source: Source, indexes: Sequence[int]) -> None:
        """Ask about the calls at these entries."""
        look = self._one if self._depends else self._remembered
        found = dict(source.many(indexes, self._tags))
        for index in indexes:
            tried = look(index, found.get(index, _NOTHING))
            if tried is not None:
                self._notes.append(tried)

    def take(self) -> N:
        """What was noted since this was asked last."""
        found, self._notes = self._notes, self._make()
        return found

    def _remembered(self, index: int, facets: Mapping[str, bytes]) -> Tried | None:
        event_id = alike.event_id(facets)
        if event_id is None:
            return self._one(index, facets)
        written, sent = alike.same(facets), alike.sent(facets)
        same = (written, sent)
        if same in self._same:
            found = self._same[same]
        else:
            found = self._looked_at(index, facets, written, sent)
            self._same.keep(same, found)
        return None if found is None else found.again(index, event_id)

    def _looked_at(
        self, index: int, facets: Mapping[str, bytes], written: alike.Same, sent: bytes
    ) -> Tried | None:
        asked = alike.parameters(facets)
        if asked is None:
            return self._one(index, facets)
        who, call, became, _ = written
        service = alike.service(written)
        key = (who, call, became, orjson.dumps(weighed(service, asked), default=str), sent)
        if key not in self._alike:
            return self._alike.keep(key, self._one(index, facets))
        return self._alike[key]

    def _one(self, index: int, facets: Mapping[str, bytes]) -> Tried | None:
        """What they would have said of a call, which is looked at by itself."""
        kept = KeptCall.parse(facets)
        asked = recorded_question(kept, self._memory)
        if asked is None:
            return None
        return Tried(
            index=index, event_id=kept.event_id,
            name=f"{kept.call.service}:{kept.call.operation}", run=kept.run,
            decision=_decided(self._guards, self._spending, kept, asked),
        )  # fmt: skip


def _decided(guards: Guards, spending: Spending, kept: KeptCall, asked: Question) -> Decision:
    """What they would have said, had only those calls left that they let pass."""
    if not spending:
        return guards.decide(asked)
    draws = drawn(spending, kept, tuple(each.name for each in asked.actions))
    decision = guards.decide(spending.asked(asked, draws))
    if not decision.refuses:
        spending.spent(in_fact(draws, kept))
    return decision


class Lines:
    """A line of JSON for each call."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def append(self, tried: Tried) -> None:
        """Note one call."""
        self.texts.append(json.dumps(tried.told()))


HEADERS = ("RUN", "GUARD", "STATEMENT", "ACTION", "CALLS", "FIRST ENTRY")


@dataclass(slots=True)
class Tally:
    """How many calls there are, and how many would be refused or asked about."""

    calls: int = 0
    refused: int = 0
    _counts: Counter[tuple[str, ...]] = field(default_factory=Counter)
    _first: dict[tuple[str, ...], int] = field(default_factory=dict)

    def append(self, tried: Tried) -> None:
        """Count one call."""
        said = tried.decision
        self.calls += 1
        self.refused += said.refuses
        if said.effect != "allow":
            row = (tried.run or "-", said.guard or "-", _statement(said), said.action or tried.name)
            self._counts[row] += 1
            self._first.setdefault(row, tried.index)

    def join(self, other: Tally) -> None:
        """Count other calls as well."""
        self.calls += other.calls
        self.refused += other.refused
        self._counts += other._counts
        for row, index in other._first.items():
            self._first[row] = min(index, self._first.get(row, index))

    def rows(self) -> list[list[str]]:
        """Rows under `HEADERS`, each for the calls of one run that one statement would have refused, asked
        for or marked."""
        rows = sorted(self._counts, key=self._first.__getitem__)
        return [[*row, str(self._counts[row]), str(self._first[row])] for row in rows]


def _statement(decision: Decision) -> str:
    said = decision.statement or ("cannot be told" if decision.reason else "nothing allows it")
    return said if decision.effect == "deny" else f"{said} ({decision.effect})"
