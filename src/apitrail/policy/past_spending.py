"""What the recorded calls have drawn on budgets: a recorder begins with it, and a trial goes by it."""

from __future__ import annotations

from apitrail.policy.drawn import Drawn, asked
from apitrail.policy.kept_call import KeptCall, Memory, calls
from apitrail.policy.kept_spending import Kept
from apitrail.policy.spending import Spending, scopes
from apitrail.query import Filter
from apitrail.source import Source

TAGS = ("who", "what", "request", "response")
"""The facets that it takes."""


def recall(spending: Spending, source: Source, kept_sums: Kept | None) -> None:
    """Add up all that the calls of a log have drawn, from where `kept_sums` ends, if that is of it.

    Those that were refused have not left.
    """
    memory, start = Memory(), 0
    if kept_sums is not None and kept_sums.is_for(spending, source):
        spending.before, start = kept_sums.sums, kept_sums.next
    for _, kept in calls(source, Filter(), TAGS, start):
        if not kept.withheld and not kept.call.stand_in:
            before = drawn(spending, kept, tuple(each.name for each in memory.actions(kept)))
            spending.spent(in_fact(before, kept))


def drawn(spending: Spending, kept: KeptCall, actions: tuple[str, ...]) -> Drawn:
    """What a recorded call was to draw before it left."""
    run = None if kept.run is None else {"id": kept.run, "labels": kept.around.labels}
    return Drawn(
        actions, scopes(spending.budgets, run, kept.around.operator), asked(kept.call, kept.length)
    )


def in_fact(before: Drawn, kept: KeptCall) -> Drawn:
    """What it has drawn, as its answer tells."""
    length = before.amounts["bytes"]
    return before.answered(kept.answered, dict(kept.headers), length or 0)
