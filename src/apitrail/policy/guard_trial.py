"""What guards would have said of the calls that were recorded."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import orjson

from apitrail.codec import Json
from apitrail.policy import alike
from apitrail.policy.decision import Decision
from apitrail.policy.guard_question import Question
from apitrail.policy.guards import Guards
from apitrail.policy.kept_call import ASKED, KeptCall, Memory, contents
from apitrail.policy.past_spending import TAGS, drawn, in_fact
from apitrail.policy.recorded_question import recorded_question
from apitrail.policy.spending import Spending
from apitrail.policy.weighed import weighed
from apitrail.query import Filter
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
    """Each call that matches, oldest first; what asked a stand-in about itself is left out."""
    spending = Spending(guards.budgets)
    trial = _Trial(guards, spending)
    for index, facets in contents(source, where, TAGS if spending else ASKED):
        tried = trial.one(index, facets) if trial.depends else trial.remembered(index, facets)
        if tried is not None:
            yield tried


# Keys that differ with each call, however alike they are.
_OF_EACH = re.compile("aws:(currenttime|epochtime)", re.IGNORECASE)
_REMEMBERED = 50_000


class _Trial:
    """Guards are asked once about calls that are alike in all that guards look at."""

    def __init__(self, guards: Guards, spending: Spending) -> None:
        self._guards, self._spending, self._memory = guards, spending, Memory()
        # By the very bytes, and by what of them counts; None is no call to AWS.
        self._same: dict[object, Tried | None] = {}
        self._alike: dict[object, Tried | None] = {}
        # Does a decision rest on calls before it, or on the time?
        self.depends = bool(spending) or any(
            _OF_EACH.search(json.dumps(json.loads(each.text), ensure_ascii=False))
            for each in guards.stack
        )

    def remembered(self, index: int, facets: Mapping[str, bytes]) -> Tried | None:
        """What they would have said of a call."""
        event_id = alike.event_id(facets)
        if event_id is None:
            return self.one(index, facets)
        written, sent = alike.same(facets), alike.sent(facets)
        same = (written, sent)
        if same in self._same:
            found = self._same[same]
        else:
            found = self._looked_at(index, facets, written, sent)
            _remember(self._same, same, found)
        return None if found is None else found.again(index, event_id)

    def _looked_at(
        self, index: int, facets: Mapping[str, bytes], written: alike.Same, sent: bytes
    ) -> Tried | None:
        asked = alike.parameters(facets)
        if asked is None:
            return self.one(index, facets)
        who, call, became, _ = written
        service = alike.service(written)
        key = (who, call, became, orjson.dumps(weighed(service, asked), default=str), sent)
        if key not in self._alike:
            _remember(self._alike, key, self.one(index, facets))
        return self._alike.get(key)

    def one(self, index: int, facets: Mapping[str, bytes]) -> Tried | None:
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


def _remember(known: dict[object, Tried | None], key: object, tried: Tried | None) -> None:
    if len(known) >= _REMEMBERED:
        known.clear()
    known[key] = tried


def _decided(guards: Guards, spending: Spending, kept: KeptCall, asked: Question) -> Decision:
    """What they would have said, had only those calls left that they let pass."""
    if not spending:
        return guards.decide(asked)
    draws = drawn(spending, kept, tuple(each.name for each in asked.actions))
    decision = guards.decide(spending.asked(asked, draws))
    if not decision.refuses:
        spending.spent(in_fact(draws, kept))
    return decision


HEADERS = ("RUN", "GUARD", "STATEMENT", "ACTION", "CALLS", "FIRST ENTRY")


def tally(tried: Iterable[Tried]) -> tuple[int, int, list[list[str]]]:
    """How many calls there are, how many would be refused or asked about, and rows under `HEADERS`.

    A row is for the calls of one run that one statement would have refused, asked for or marked.
    """
    calls, refused = 0, 0
    counts, first = Counter[tuple[str, ...]](), dict[tuple[str, ...], int]()
    for each in tried:
        calls += 1
        refused += each.decision.refuses
        if each.decision.effect == "allow":
            continue
        said = each.decision
        row = (each.run or "-", said.guard or "-", _statement(said), said.action or each.name)
        counts[row] += 1
        first.setdefault(row, each.index)
    rows = [[*row, str(number), str(first[row])] for row, number in counts.items()]
    return calls, refused, rows


def _statement(decision: Decision) -> str:
    said = decision.statement or ("cannot be told" if decision.reason else "nothing allows it")
    return said if decision.effect == "deny" else f"{said} ({decision.effect})"
