"""A recorded call → the question that guards would have been asked about it."""

from __future__ import annotations

from dataclasses import replace

from apitrail.policy.guard_question import Question
from apitrail.policy.guarding import question
from apitrail.policy.kept_call import KeptCall, Memory


def recorded_question(kept: KeptCall, memory: Memory) -> Question | None:
    """What guards would have been asked; None where it was no call to AWS and changed nothing."""
    known = None if kept.call.parameters is None else memory.actions(kept)
    found = question(kept.call, kept.around, method=kept.method, known=known)
    if found is None or found.doubt is None or not kept.cut:
        return found
    return replace(found, doubt="its parameters were not kept")
