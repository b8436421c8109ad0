"""What guards would have said of the calls that were recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from apitrail.codec import Json
from apitrail.policy.decision import Decision
from apitrail.policy.guard_question import Question
from apitrail.policy.guards import Guards
from apitrail.policy.kept_call import ASKED, KeptCall, Memory, calls
from apitrail.policy.past_spending import TAGS, drawn, in_fact
from apitrail.policy.recorded_question import recorded_question
from apitrail.policy.spending import Spending
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
    memory, spending = Memory(), Spending(guards.budgets)
    for index, kept in calls(source, where, TAGS if spending else ASKED):
        asked = recorded_question(kept, memory)
        if asked is not None:
            decision = _decided(guards, spending, kept, asked)
            yield Tried(
                index=index, event_id=kept.event_id,
                name=f"{kept.call.service}:{kept.call.operation}", run=kept.run,
                decision=decision,
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
