"""One statement of a guard, compiled: which actions, which resources, under which conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from apitrail.errors import UsageError
from apitrail.policy import condition
from apitrail.policy.budget import PREFIX
from apitrail.policy.condition import Condition
from apitrail.policy.decision import Effect
from apitrail.policy.glob import UNKNOWN, compiled, covers, expression, meets

_EFFECTS: dict[str, Effect] = {"Allow": "allow", "Ask": "ask", "Deny": "deny", "Watch": "watch"}
_ELEMENTS = frozenset({
    "Action", "Condition", "Effect", "NotAction", "NotResource", "Resource", "Sid",
})  # fmt: skip
_ACTION = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A statement. `without_action` and `without_resource` are NotAction and NotResource.

    `everywhere` says that it holds whatever the resource is; `pattern` is what any of `resources` is.
    """

    sid: str
    effect: Effect
    actions: tuple[str, ...]
    without_action: bool
    resources: tuple[str, ...]
    without_resource: bool
    everywhere: bool
    pattern: re.Pattern[str]
    conditions: tuple[Condition, ...]

    @classmethod
    def parse(cls, content: object, number: int) -> Rule:
        """Statement `number` (from 1) of a guard; raises UsageError."""
        if not isinstance(content, Mapping):
            raise UsageError(f"statement {number} is not an object")
        try:
            return cls._parse(content, number)
        except UsageError as error:
            name = f"statement {content.get('Sid') or number}"
            raise UsageError(f"{name}: {error}", hint=error.hint) from error

    @classmethod
    def _parse(cls, content: Mapping[str, object], number: int) -> Rule:
        if unknown := sorted(set(content) - _ELEMENTS):
            hint = (
                "a guard has no principal: it holds for all who pass"
                if "Principal" in unknown[0]
                else None
            )
            raise UsageError(f"unknown element {unknown[0]!r}", hint=hint)
        if not isinstance(content.get("Sid", ""), str):
            raise UsageError(f"Sid is {content['Sid']!r:.60}", hint="write a text")
        effect = _EFFECTS.get(str(content.get("Effect")))
        if effect is None:
            raise UsageError(
                f"Effect is {content.get('Effect')!r}", hint=f"it is one of {', '.join(_EFFECTS)}"
            )
        without_action, actions = _either(content, "Action")
        without_resource, resources = _either(content, "Resource", absent=["*"])
        for action in actions:
            if not _ACTION.fullmatch(action):
                raise UsageError(f"not an action: {action!r}", hint="write s3:GetObject or s3:*")
        for resource in resources:
            if (resource != "*" and not resource.startswith(("arn:", "*"))) or "${" in resource:
                raise UsageError(f"not a resource: {resource!r}", hint="write an ARN, or *")
        return cls(
            sid=str(content.get("Sid") or number),
            effect=effect,
            actions=actions, without_action=without_action,
            resources=resources, without_resource=without_resource,
            everywhere=not without_resource and "*" in resources,
            pattern=re.compile("|".join(map(expression, resources)), re.DOTALL),
            conditions=condition.parse(content.get("Condition", {})),
        )  # fmt: skip

    @property
    def budgets(self) -> tuple[str, ...]:
        """The keys of the budgets that its conditions rest on."""
        return tuple(each.key for each in self.conditions if each.key.startswith(PREFIX))

    def is_for(self, action: str) -> bool:
        """Is it about this action?"""
        named = any(compiled(each, any_case=True).fullmatch(action) for each in self.actions)
        return named is not self.without_action

    def is_on(self, resource: str | None) -> bool:
        """Is it about this resource? None is one of which nothing is known.

        What is not known counts against the call: it is denied where it may be meant, and allowed
        only where it surely is.
        """
        if self.everywhere:
            return True
        value = UNKNOWN if resource is None else resource
        if resource == UNKNOWN:  # the action takes none
            named = any(covers(each, value) for each in self.resources)
            return named is not self.without_resource
        against = self.effect != "allow"
        if self.without_resource:
            excepted = covers if against else meets
            return not any(excepted(each, value) for each in self.resources)
        included = meets if against else covers
        return any(included(each, value) for each in self.resources)


def _either(
    content: Mapping[str, object], name: str, absent: list[str] | None = None
) -> tuple[bool, tuple[str, ...]]:
    """`Action` or `NotAction`, a text or a list: whether it was Not, and the texts."""
    without = f"Not{name}" in content
    if without and name in content:
        raise UsageError(f"{name} and Not{name} exclude each other")
    value = content.get(f"Not{name}" if without else name, absent)
    items = value if isinstance(value, list) else [value]
    if not items or not all(isinstance(item, str) and item for item in items):
        raise UsageError(f"{name} is {value!r:.60}", hint="write a text or a list of texts")
    return without, tuple(str(item) for item in items)
