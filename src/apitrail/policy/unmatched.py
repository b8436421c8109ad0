"""Actions that a guard names and IAM does not have: a statement about them alone holds nothing up."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from apitrail.iam import known_actions
from apitrail.policy.budget import Budget
from apitrail.policy.glob import compiled
from apitrail.policy.guard import Guard


def unmatched(guard: Guard) -> Iterator[str]:
    """One line for each such action. Services that are newer than what is known of IAM are told too."""
    for rule in guard.rules:
        named = [*rule.actions, *(Budget.parse(key).action for key in rule.budgets)]
        for action in named:
            if (why := _why(action)) is not None:
                yield f"guard {guard.name!r}: statement {rule.sid}: {why}"


def _why(action: str) -> str | None:
    prefix, _, name = action.partition(":")
    service = prefix.lower()
    if not name or "*" in prefix or "?" in prefix:
        return None
    if not known_actions.has_service(service):
        return f"IAM is not known to have a service {prefix!r}"
    pattern = compiled(name, any_case=True)
    names = known_actions.names(service)
    if any(pattern.fullmatch(each) for each in names):
        return None
    near = difflib.get_close_matches(name.replace("*", ""), names, n=1)
    meant = f"; is {service}:{near[0]} meant?" if near else ""
    return f"IAM is not known to have an action {action!r}{meant}"
