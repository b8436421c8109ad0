"""A guard: a policy that a call must pass before it leaves, compiled when it is loaded.

IAM's rules: an explicit Deny wins. A guard with an Allow statement lets pass only what it allows; one
without lets pass all that it does not deny, ask for or watch. Every action that a call asks for
must pass, on every resource.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from apitrail.errors import UsageError
from apitrail.iam.action import Action
from apitrail.policy.decision import STRICTNESS, Decision, Effect
from apitrail.policy.guard_question import Question
from apitrail.policy.rule import Rule
from apitrail.policy.rule_chunks import Plan

LONGEST = 1_000_000
"""Bytes of a guard's text."""
_VERSIONS = ("2012-10-17", "2008-10-17")
_REMEMBERED = 4096
_HINT = "a guard is a policy in IAM's language: apitrail guard show no-delete prints one"


@dataclass(frozen=True, slots=True)
class Guard:
    """A named policy; `sha256` (hex) is of its text, `path` the file that it was read from, if it was."""

    name: str
    text: str
    sha256: str
    rules: tuple[Rule, ...]
    allows: bool
    path: str | None = field(default=None, compare=False)
    _plans: dict[str, Plan] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def parse(cls, name: str, text: str) -> Guard:
        """A guard's JSON.

        Raises:
            UsageError: it is not a policy, or it rests on what cannot be known before a call leaves.
        """
        try:
            return cls._parse(name, text)
        except UsageError as error:
            raise UsageError(f"guard {name!r}: {error}", hint=error.hint or _HINT) from error

    @classmethod
    def _parse(cls, name: str, text: str) -> Guard:
        if len(text) > LONGEST:
            raise UsageError(f"longer than {LONGEST:,} bytes")
        try:
            content = json.loads(text, object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"not JSON: {error}") from error
        if not isinstance(content, Mapping):
            raise UsageError("not a policy: no object")
        if unknown := sorted(set(content) - {"Id", "Statement", "Version"}):
            raise UsageError(f"unknown element {unknown[0]!r}")
        if content.get("Version", _VERSIONS[0]) not in _VERSIONS:
            raise UsageError(f"unknown Version {content['Version']!r}", hint="write 2012-10-17")
        said = content.get("Statement")
        items = [said] if isinstance(said, Mapping) else said
        if not isinstance(items, list) or not items:
            raise UsageError("not a policy: no Statement")
        rules = tuple(Rule.parse(item, number) for number, item in enumerate(items, start=1))
        sids = [rule.sid for rule in rules]
        for sid in sids:
            if sids.count(sid) > 1:
                raise UsageError(f"two statements have the Sid {sid!r}", hint="name each once")
        return cls(
            name, text, hashlib.sha256(text.encode()).hexdigest(), rules,
            any(rule.effect == "allow" for rule in rules),
        )  # fmt: skip

    def __reduce__(self) -> tuple[Callable[[str, str], Guard], tuple[str, str]]:
        """Another process compiles it anew."""
        return Guard.parse, (self.name, self.text)

    def decide(self, question: Question) -> Decision:
        """What this guard says of a call."""
        if question.doubt is not None or not question.actions:
            reason = question.doubt or "its operation is not known"
            return Decision(effect="deny", guard=self.name, policy=self.sha256, reason=reason)
        worst: Decision | None = None
        for action in question.actions:
            plan = self._plans.get(action.name) or self._plan(action.name)
            keys = plan.keys(question, action)
            for resource in action.resources or (None,):
                found = self._one(plan.deciding(resource, keys, question.unknown), action, resource)
                if found.effect == "deny":
                    return found
                if worst is None or STRICTNESS[found.effect] > STRICTNESS[worst.effect]:
                    worst = found
        assert worst is not None
        return worst

    def _one(self, rule: Rule | None, action: Action, resource: str | None) -> Decision:
        """What it says of one action on one resource, by the statement that decides, if any does."""
        otherwise: Effect = "deny" if self.allows else "allow"
        return Decision(
            effect=otherwise if rule is None else rule.effect, guard=self.name,
            policy=self.sha256, statement=None if rule is None else rule.sid, action=action.name,
            resource=resource,
        )  # fmt: skip

    def _plan(self, action: str) -> Plan:
        plan = Plan.of([rule for rule in self.rules if rule.is_for(action)])
        if len(self._plans) < _REMEMBERED:
            self._plans[action] = plan
        return plan


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose members are there once: of two, readers see one or the other."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise UsageError("a member is there twice in one object")
    return found
