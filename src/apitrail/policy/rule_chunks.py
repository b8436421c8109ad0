"""The statements of a guard that are about one action, ready to be asked about resources.

A guard may have hundreds. So they are asked by chunks: one regular expression tells whether any of a
chunk is about a resource.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from apitrail.iam.action import Action, Keys
from apitrail.policy.decision import STRICTNESS
from apitrail.policy.glob import UNKNOWN, expression
from apitrail.policy.guard_question import Question
from apitrail.policy.rule import Rule

_OWNER = "aws:resourceaccount"
_BOOLEANS = {False: ("false",), True: ("true",)}
_NO_KEYS: Keys = {}


_CHUNK = 16


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some statements, and what the resources of all of them look like; None for any."""

    rules: tuple[Rule, ...]
    filter: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Statements by chunks, strictest first; `conditional` says that one has conditions."""

    chunks: tuple[Chunk, ...]
    conditional: bool

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> Plan:
        """The plan of these statements."""
        ordered = sorted(rules, key=lambda rule: -STRICTNESS[rule.effect])
        starts = range(0, len(ordered), _CHUNK)
        chunks = tuple(_chunk(ordered[start : start + _CHUNK]) for start in starts)
        return cls(chunks, any(rule.conditions for rule in rules))

    def keys(self, question: Question, action: Action) -> Keys:
        """What the conditions are held against, but for the resource's owner."""
        if not self.conditional:
            return _NO_KEYS
        return {
            **question.keys,
            **action.keys,
            "apitrail:accesslevel": (action.level,),
            "apitrail:actselsewhere": _BOOLEANS[action.acts],
            "apitrail:deletes": _BOOLEANS[action.deletes],
            "apitrail:known": _BOOLEANS[action.known],
        }

    def deciding(self, resource: str | None, keys: Keys, unknown: frozenset[str]) -> Rule | None:
        """The first statement that is about this resource and whose conditions hold."""
        owner = _owner(resource) if self.conditional else None
        if owner is not None and UNKNOWN in owner:
            unknown |= {_OWNER}
        elif owner is not None:
            keys = {**keys, _OWNER: owner}
        for rule in self._about(resource):
            if not rule.conditions or _hold(rule, keys, unknown):
                return rule
        return None

    def _about(self, resource: str | None) -> Iterator[Rule]:
        """The statements that are about a resource, in their order."""
        if resource is None or UNKNOWN in resource:
            # Of what is partly unknown, each must be asked whether it can be meant.
            yield from (
                rule for chunk in self.chunks for rule in chunk.rules if rule.is_on(resource)
            )
            return
        for chunk in self.chunks:
            if chunk.filter is None or chunk.filter.fullmatch(resource):
                for rule in chunk.rules:
                    if (
                        rule.everywhere
                        or (rule.pattern.fullmatch(resource) is None) is rule.without_resource
                    ):
                        yield rule


def _chunk(rules: Sequence[Rule]) -> Chunk:
    if any(rule.everywhere or rule.without_resource for rule in rules):
        return Chunk(tuple(rules), None)
    # Without groups: `re` then compares what the alternatives have in common only once.
    texts = dict.fromkeys(expression(each) for rule in rules for each in rule.resources)
    return Chunk(tuple(rules), re.compile("|".join(texts), re.DOTALL))


def _hold(rule: Rule, keys: Mapping[str, tuple[str, ...]], unknown: frozenset[str]) -> bool:
    """Do a statement's conditions hold? What is not known counts against the call."""
    for condition in rule.conditions:
        holds = condition.holds(keys, unknown)
        if not (rule.effect != "allow" if holds is None else holds):
            return False
    return True


def _owner(resource: str | None) -> tuple[str, ...] | None:
    """The account in an ARN; an ARN without one, as S3's, does not tell."""
    if resource is None:
        return (UNKNOWN,)
    parts = resource.split(":", 5)
    return (parts[4],) if len(parts) == 6 and parts[4] else None
