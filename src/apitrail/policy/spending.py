"""What was spent of budgets: by calls that have an entry, and by those that are still on their way."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from apitrail.policy.budget import LABEL, Budget
from apitrail.policy.drawn import Drawn
from apitrail.policy.guard_question import Question

NOBODY = ""
"""Calls without a run, an operator or a label count together."""


@dataclass(slots=True)
class Spending:
    """Sums by budget, and for whom. Whoever decides and then draws holds `lock` meanwhile.

    What a call draws that nobody can tell is not in the sums; its key is unknown to the guards.
    `before` are sums of earlier calls that need not be added up again, by what `digested` gives.
    """

    budgets: tuple[Budget, ...] = ()
    sums: Counter[tuple[str, str]] = field(default_factory=Counter)
    before: Mapping[str, int] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _open: dict[str, Drawn] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.budgets)

    def asked(self, question: Question, drawn: Drawn) -> Question:
        """The question with the keys of the budgets: what would be spent if this call left."""
        keys = dict(question.keys)
        unknown = set(question.unknown)
        for budget in self.budgets:
            amount = _amount(budget, drawn)
            if amount is None:
                unknown.add(budget.key)
            else:
                keys[budget.key] = (str(self._spent(_place(budget, drawn)) + amount),)
        return replace(question, keys=keys, unknown=frozenset(unknown))

    def _spent(self, place: tuple[str, str]) -> int:
        earlier = self.before.get(digested(*place), 0) if self.before else 0
        return self.sums[place] + earlier

    def draw(self, call: str, drawn: Drawn) -> None:
        """A call is about to leave: it counts from now on."""
        self._add(drawn, 1)
        self._open[call] = drawn

    def settle(self, call: str, drawn: Drawn) -> None:
        """It is over: what it has drawn in fact counts instead."""
        if (before := self._open.pop(call, None)) is not None:
            self._add(before, -1)
            self._add(drawn, 1)

    def keep(self, call: str) -> Drawn | None:
        """What a call has drawn that is on its way."""
        return self._open.get(call)

    def close(self, call: str) -> None:
        """Nothing more will be known of it: what it was to draw is spent."""
        self._open.pop(call, None)

    def release(self, call: str) -> None:
        """It has not left after all."""
        if (drawn := self._open.pop(call, None)) is not None:
            self._add(drawn, -1)

    def spent(self, drawn: Drawn) -> None:
        """A call of the past."""
        self._add(drawn, 1)

    def _add(self, drawn: Drawn, sign: int) -> None:
        for budget in self.budgets:
            amount = _amount(budget, drawn)
            if amount:
                self.sums[_place(budget, drawn)] += sign * amount


def scopes(
    budgets: Sequence[Budget],
    run: Mapping[str, object] | None,
    operator: str | None,
) -> dict[str, str]:
    """For whom a call counts, by the scopes of these budgets."""
    labels = run.get("labels") if run else None
    told = (
        {str(k).lower(): str(v) for k, v in labels.items()} if isinstance(labels, Mapping) else {}
    )
    found = {
        "run": str(run["id"]) if run else NOBODY,
        "operator": operator or NOBODY,
        "all": NOBODY,
    }
    for budget in budgets:
        if budget.scope.startswith(LABEL):
            found[budget.scope] = told.get(budget.scope.removeprefix(LABEL), NOBODY)
    return found


def digested(key: str, value: str) -> str:
    """A budget and for whom, without saying for whom."""
    return f"{key} {hashlib.sha256(value.encode(errors='replace')).hexdigest()}"


def _place(budget: Budget, drawn: Drawn) -> tuple[str, str]:
    return budget.key, drawn.scopes.get(budget.scope, NOBODY)


def _amount(budget: Budget, drawn: Drawn) -> int | None:
    """How much of it a call draws, once for all the actions that it asks for."""
    # Of a call of the past it may not be known what it asked for.
    every = budget.action == "*"
    if not every and not any(budget.counts(action) for action in drawn.actions):
        return 0
    return drawn.amounts[budget.measure]
