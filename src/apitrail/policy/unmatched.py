"""What a guard says and hardly means: actions that IAM does not have, conditions that nothing fulfils."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from apitrail.iam import known_actions
from apitrail.policy.budget import Budget
from apitrail.policy.condition import ALL, Condition
from apitrail.policy.glob import compiled
from apitrail.policy.guard import Guard


def unmatched(guard: Guard) -> Iterator[str]:
    """One line for each such thing. Services that are newer than what is known of IAM are told too."""
    for rule in guard.rules:
        if rule.effect == "allow":
            for key in _of_nothing(rule.conditions):
                yield (
                    f"guard {guard.name!r}: statement {rule.sid}: {ALL} holds for a call without {key}; "
                    f'"Null": {{"{key}": "false"}} beside it asks for one'
                )
        named = [*rule.actions, *(Budget.parse(key).action for key in rule.budgets)]
        for action in named:
            if (why := _why(action)) is not None:
                yield f"guard {guard.name!r}: statement {rule.sid}: {why}"


def _of_nothing(conditions: Sequence[Condition]) -> list[str]:
    """Keys of which all values are asked about, and not whether there are any."""
    there = {each.key for each in conditions if each.absent == frozenset({False})}
    return [each.key for each in conditions if each.over == ALL and each.key not in there]


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
