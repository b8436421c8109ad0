"""Several guards in a stack: a call must pass each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from apitrail.policy.budget import Budget
from apitrail.policy.decision import STRICTNESS, Decision
from apitrail.policy.guard import Guard
from apitrail.policy.guard_question import Question
from apitrail.trail.policy_entry import Policy


@dataclass(frozen=True, slots=True)
class Guards:
    """Guards that hold together; `watching` lets every call pass and only marks what would not."""

    stack: tuple[Guard, ...] = ()
    watching: bool = False

    def __bool__(self) -> bool:
        return bool(self.stack)

    @property
    def budgets(self) -> tuple[Budget, ...]:
        """The budgets that any statement rests on, each once."""
        keys = dict.fromkeys(
            key for guard in self.stack for rule in guard.rules for key in rule.budgets
        )
        return tuple(map(Budget.parse, keys))

    def budgets_of(self, decision: Decision) -> tuple[str, ...]:
        """The keys of the budgets that the statement rests on which has decided."""
        rules = (rule for each in self.stack if each.name == decision.guard for rule in each.rules)
        return next((rule.budgets for rule in rules if rule.sid == decision.statement), ())

    @property
    def may_ask(self) -> bool:
        """Can a call be held for an approval?"""
        return not self.watching and any(
            rule.effect == "ask" for guard in self.stack for rule in guard.rules
        )

    def decide(self, question: Question) -> Decision:
        """The strictest of what the guards say; of several alike, what the first one says."""
        said = [guard.decide(question) for guard in self.stack]
        strictest = max(said, key=lambda each: STRICTNESS[each.effect])
        if self.watching and strictest.refuses:
            return replace(strictest, effect="watch", would=strictest.effect)
        return strictest

    def entries(self) -> list[Policy]:
        """What the log says of them when a recorder starts."""
        return [
            Policy(name=each.name, sha256=each.sha256, text=each.text, watching=self.watching)
            for each in self.stack
        ]

    def to_json(self) -> Sequence[object]:
        """What the settings in the log tell of them."""
        told: list[object] = [[each.name, each.sha256] for each in self.stack]
        return [*told, "watching"] if told and self.watching else told
