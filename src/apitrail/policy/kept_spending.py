"""What was spent up to an entry of a log, kept beside it in the file `spent.json`.

It is derived: without the file, or with other budgets, the calls are added up again. Runs, operators
and labels stand in it as digests, so that it tells nothing that was erased.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from apitrail import durable
from apitrail.policy.spending import Spending, digested
from apitrail.source import Source
from apitrail.trail.learnt import hash_before

FILE = "spent.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """The sums over the entries before `next`, of which the last has the hash `last` (hex)."""

    next: int
    last: str
    budgets: tuple[str, ...]
    sums: Mapping[str, int]

    @classmethod
    def read(cls, trail: Path) -> Self | None:
        """What is kept beside a trail; None where nothing is, or nothing of ours."""
        try:
            said = json.loads((trail / FILE).read_bytes())
        except (FileNotFoundError, ValueError, RecursionError):
            return None
        match said:
            case {"next": int(stop), "last": str(last), "budgets": [*budgets], "sums": dict(sums)} if (
                all(isinstance(key, str) for key in budgets)
                and all(type(amount) is int for amount in sums.values())
            ):  # fmt: skip
                return cls(stop, last, tuple(budgets), sums)
            case _:
                return None

    @classmethod
    def of(cls, spending: Spending, source: Source) -> Self:
        """What was spent by all calls of a log, none of which is on its way."""
        sums = {digested(*key): amount for key, amount in spending.sums.items() if amount}
        for key, amount in spending.before.items():
            sums[key] = sums.get(key, 0) + amount
        keys = tuple(each.key for each in spending.budgets)
        return cls(source.size, hash_before(source, source.size), keys, sums)

    def write(self, trail: Path) -> None:
        """Keep it beside a trail."""
        said = {"next": self.next, "last": self.last, "budgets": self.budgets, "sums": self.sums}
        durable.write(trail / FILE, json.dumps(said).encode(), mode=0o600)

    def is_for(self, spending: Spending, source: Source) -> bool:
        """Is it of these budgets and of this log as it is?"""
        return (
            self.budgets == tuple(each.key for each in spending.budgets)
            and self.next <= source.size
            and self.last == hash_before(source, self.next)
        )
