"""A policy that is in force, held against what was needed: unused, missing, too broad.

Conditions of the policy are not looked at: which values they will see is not known here. So a Deny that
has some is left out, and an Allow is taken for what it allows at most.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from apitrail.errors import UsageError
from apitrail.policy.glob import UNKNOWN, compiled, covers
from apitrail.policy.needed import Use

HEADERS = ("FINDING", "STATEMENT", "WHAT", "WHY")
_SOME = 5


@dataclass(frozen=True, slots=True)
class Granted:
    """A statement of the policy, without its conditions."""

    sid: str
    allows: bool
    actions: tuple[str, ...]
    without_action: bool
    resources: tuple[str, ...]
    without_resource: bool
    conditional: bool = False

    def is_for(self, action: str) -> bool:
        """Is it about this action?"""
        named = any(compiled(each, any_case=True).fullmatch(action) for each in self.actions)
        return named is not self.without_action

    def is_on(self, resource: str) -> bool:
        """Is it about this resource?"""
        named = any(_covers(each, resource) for each in self.resources)
        return named is not self.without_resource


def _covers(pattern: str, resource: str) -> bool:
    """Does a pattern cover a resource? An account that was not known is the pattern's own."""
    parts, said = resource.split(":", 5), pattern.split(":", 5)
    if len(parts) == len(said) == 6 and parts[4] == UNKNOWN:
        resource = ":".join([*parts[:4], said[4], parts[5]])
    return covers(pattern, resource)


def parse(text: str) -> list[Granted]:
    """The statements of a policy, or of a list of policies.

    Raises:
        UsageError: it is not a policy.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"not a policy: {error}", hint="--existing takes IAM's JSON") from error
    found: list[Granted] = []
    for policy in content if isinstance(content, list) else [content]:
        said = policy.get("Statement") if isinstance(policy, Mapping) else None
        items = [said] if isinstance(said, Mapping) else said
        if not isinstance(items, list):
            raise UsageError("not a policy: no Statement", hint="--existing takes IAM's JSON")
        found += [_granted(item, len(found) + number) for number, item in enumerate(items, 1)]
    return found


def compare(granted: Iterable[Granted], uses: Iterable[Use]) -> Iterator[list[str]]:
    """Rows under `HEADERS`: what is missing, what nobody used, what is broader than was used."""
    statements, needed = (
        list(granted),
        sorted(set(uses), key=lambda use: (use.action, use.resource)),
    )
    for use in needed:
        denies = [
            s for s in statements
            if not s.allows and not s.conditional and s.is_for(use.action) and s.is_on(use.resource)
        ]  # fmt: skip
        if denies:
            yield ["missing", denies[0].sid, use.action, f"denied on {use.resource}"]
        elif not any(
            s.allows and s.is_for(use.action) and s.is_on(use.resource) for s in statements
        ):
            yield ["missing", "-", use.action, f"no statement allows it on {use.resource}"]
    for each in statements:
        if each.allows:
            yield from _of_statement(each, needed)


def _of_statement(each: Granted, needed: list[Use]) -> Iterator[list[str]]:
    covered = [use for use in needed if each.is_for(use.action) and each.is_on(use.resource)]
    if not covered:
        yield ["unused", each.sid, ", ".join(each.actions), "no call needed it"]
        return
    if each.without_action or each.without_resource:
        yield [
            "too broad",
            each.sid,
            "NotAction or NotResource",
            _listed(use.action for use in covered),
        ]
        return
    for action in each.actions:
        used = {
            use.action for use in covered if compiled(action, any_case=True).fullmatch(use.action)
        }
        if not used:
            yield ["unused", each.sid, action, "no call needed it"]
        elif "*" in action or "?" in action:
            yield ["too broad", each.sid, action, f"used: {_listed(used)}"]
    for resource in each.resources:
        seen = {use.resource for use in covered if _covers(resource, use.resource)}
        if not seen:
            yield ["unused", each.sid, resource, "no call was on it"]
        elif ("*" in resource or "?" in resource) and seen != {resource}:
            yield ["too broad", each.sid, resource, f"used: {_listed(seen)}"]


def _listed(values: Iterable[str]) -> str:
    found = sorted(set(values))
    more = len(found) - _SOME
    return ", ".join(found[:_SOME]) + (f" and {more} more" if more > 0 else "")


def _granted(item: object, number: int) -> Granted:
    if not isinstance(item, Mapping):
        raise UsageError(f"statement {number} is not an object")
    if item.get("Effect") not in ("Allow", "Deny"):
        raise UsageError(
            f"statement {number}: Effect is {item.get('Effect')!r:.60}", hint="Allow or Deny"
        )
    without_action, actions = _texts(item, "Action", number)
    without_resource, resources = _texts(item, "Resource", number)
    return Granted(
        str(item.get("Sid") or number), item["Effect"] == "Allow", actions, without_action,
        resources, without_resource, bool(item.get("Condition")),
    )  # fmt: skip


def _texts(item: Mapping[str, object], name: str, number: int) -> tuple[bool, tuple[str, ...]]:
    without = f"Not{name}" in item
    value = item.get(f"Not{name}" if without else name)
    found = value if isinstance(value, list) else [value]
    if not found or not all(isinstance(each, str) for each in found):
        raise UsageError(f"statement {number}: {name} is {value!r:.60}")
    return without, tuple(str(each) for each in found)
