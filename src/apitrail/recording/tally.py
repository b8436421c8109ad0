"""What a recorder counts of calls, from its start on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Counts by what became of calls, and of the calls of each run.

    `calls` have an entry that is written or owed; `denied` are among them, and so are `doubts`, those
    that were recorded with a doubt. `rejected` (a wrong signature) and `ambiguous` calls are not.
    """

    calls: int = 0
    rejected: int = 0
    ambiguous: int = 0
    denied: int = 0
    doubts: int = 0
    run_calls: Counter[str] = field(default_factory=Counter)
    run_denied: Counter[str] = field(default_factory=Counter)

    def call(self, run: str | None) -> None:
        """A call of this run, if of any, has its entry."""
        self.calls += 1
        if run is not None:
            self.run_calls[run] += 1

    def deny(self, run: str | None) -> None:
        """A guard refused a call; its entry is written."""
        self.call(run)
        self.denied += 1
        if run is not None:
            self.run_denied[run] += 1

    def reject(self) -> None:
        """A call was refused for its signature."""
        self.rejected += 1

    def refuse_ambiguous(self) -> None:
        """A call was refused since it can be read in two ways."""
        self.ambiguous += 1

    def doubt(self) -> None:
        """A call was recorded with a doubt."""
        self.doubts += 1
