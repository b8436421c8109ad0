"""When a range of entries answers for a span of time, and what it takes to judge a call in it."""

from __future__ import annotations

from apitrail.query import Filter
from apitrail.trail.statements import Heartbeat, Statement

# A call belongs to the span its own time falls into. That is when it was answered, and its entry
# follows within moments, so an entry's time is never earlier than its call's. What is still
# unwritten at the end of the span is bounded by the next entry that says nothing is in flight,
# or by this many milliseconds where the recorder is too busy ever to say that.
SLACK = 300_000
# A heartbeat speaks of the moment before it was queued.
SETTLING = 5_000

# Filter fields that only `who` can answer.
WHO = ("username", "access_key_id", "source_ip", "run", "operator", "label")

# Both lists stand for good: a kind of a later version is no sign of a recorder at work and ends
# no range, so that the verifiers of every version agree.
ENDING = ("api", "close", "heartbeat", "run", "erase", "key", "gap", "anchor", "insight")
"""Where a range may end after a while: not among the calls that a crash left, after a start."""

ALIVE = ("api", "open", "unknown", "run", "gap")
"""What a recorder at work writes, beside heartbeats; the rest commands write without one too."""


def tags_for(where: Filter) -> tuple[str, ...]:
    """The facets that must be open in every call of a range to judge it by this filter."""
    needs_who = any(getattr(where, name) for name in WHO)
    return ("who", "what") if needs_who else ("what",)


def starts(index: int, time: int, since: int | None) -> bool:
    """May a range that answers for `since` on begin with this entry?"""
    return index == 0 or (since is not None and time < since)


def ends(
    *, index: int, size: int, time: int, kind: str, says: Statement | None, until: int | None
) -> bool:  # fmt: skip
    """May a range that answers for the time before `until` end with this entry?"""
    if index == size - 1:
        return True
    if until is None or time < until:
        return False
    if time >= until + SETTLING and (
        kind == "close" or (isinstance(says, Heartbeat) and says.in_flight == 0)
    ):
        return True
    return time >= until + SLACK and kind in ENDING


def is_alive(kind: str, says: Statement | None) -> bool:
    """Does this entry show a recorder at work? An export beside a stopped one does not."""
    if kind == "heartbeat":
        return isinstance(says, Heartbeat) and says.recording
    return kind in ALIVE
