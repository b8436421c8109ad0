"""A budget's key, `apitrail:spent/SCOPE/MEASURE/ACTION`: what is counted, of which calls, and for whom."""

from __future__ import annotations

import re
from dataclasses import dataclass

from apitrail.errors import UsageError
from apitrail.policy.glob import compiled

PREFIX = "apitrail:spent/"
# For whom: the run, the operator, the value of a label, or all that the trail has.
SCOPES = ("run", "operator", "all")
LABEL = "label."
# What is added up: `drawn` says how much a call draws of each.
MEASURES = ("calls", "bytes", "instances", "tokens")
_ACTION = re.compile(r"\*|[a-z0-9*?-]+:[a-z0-9*?]+")
_HINT = (
    "write apitrail:spent/SCOPE/MEASURE/ACTION, such as apitrail:spent/run/calls/ec2:RunInstances: "
    f"SCOPE is {', '.join(SCOPES)} or label.NAME, MEASURE is {', '.join(MEASURES)}"
)


@dataclass(frozen=True, slots=True)
class Budget:
    """Its key in lower case, and the parts of it."""

    key: str
    scope: str
    measure: str
    action: str

    @classmethod
    def parse(cls, key: str) -> Budget:
        """A condition key; raises UsageError where it is no budget's."""
        lower = key.lower()
        parts = lower.removeprefix(PREFIX).split("/")
        if not lower.startswith(PREFIX) or len(parts) != 3:
            raise UsageError(f"condition key {key!r} is no budget", hint=_HINT)
        scope, measure, action = parts
        if scope not in SCOPES and not (scope.startswith(LABEL) and len(scope) > len(LABEL)):
            raise UsageError(f"condition key {key!r} has no scope {scope!r}", hint=_HINT)
        if measure not in MEASURES:
            raise UsageError(f"condition key {key!r} has no measure {measure!r}", hint=_HINT)
        if not _ACTION.fullmatch(action):
            raise UsageError(f"condition key {key!r} has no action {action!r}", hint=_HINT)
        return cls(lower, scope, measure, action)

    def counts(self, action: str) -> bool:
        """Does a call that asks for this action draw on it?"""
        return compiled(self.action, any_case=True).fullmatch(action) is not None
