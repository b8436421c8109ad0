"""What a guard is asked: the actions of one call, and what is known of it besides."""

from __future__ import annotations

from dataclasses import field

from apitrail.iam.action import Action, Keys
from apitrail.valueclass import valueclass


@valueclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A call as a guard sees it.

    `keys` are those of the call as a whole, in lower case; those of an action are with it.
    `unknown` are keys that the call has and that nobody here knows: they count against it.
    `doubt` says why the call cannot be told, if it cannot. `who` is the caller in messages.
    """

    actions: tuple[Action, ...] = ()
    keys: Keys = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    doubt: str | None = None
    who: str = "an unknown caller"
