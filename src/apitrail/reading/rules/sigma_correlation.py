"""Sigma correlations: `event_count`, `value_count`, `value_sum`, `temporal`, `temporal_ordered`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from sigma.correlations import (
    SigmaCorrelationCondition,
    SigmaCorrelationConditionOperator,
    SigmaCorrelationRule,
    SigmaCorrelationType,
)
from sigma.rule import SigmaRule

from apitrail.codec import Json, Object
from apitrail.errors import UsageError
from apitrail.reading.rules import field_path, sigma_value, time_window
from apitrail.reading.rules.alert_rule import About, Hit
from apitrail.reading.rules.looked_at import LookedAt
from apitrail.reading.rules.time_window import Asked, Met, Window

type Holds = Callable[[Object], bool]

# Asked whenever a call comes; "fewer than" cannot be told then, but only when none comes.
_OPERATORS: Mapping[SigmaCorrelationConditionOperator, Callable[[float, float], bool]] = {
    SigmaCorrelationConditionOperator.GTE: operator.ge,
    SigmaCorrelationConditionOperator.GT: operator.gt,
    SigmaCorrelationConditionOperator.EQ: operator.eq,
}
_COUNTED = {
    SigmaCorrelationType.EVENT_COUNT: time_window.count,
    SigmaCorrelationType.VALUE_COUNT: time_window.values,
    SigmaCorrelationType.VALUE_SUM: time_window.total,
    SigmaCorrelationType.TEMPORAL: time_window.rules,
}
# The entries that an alert names.
NAMED = 100


@dataclass(frozen=True, slots=True)
class _Part:
    """One rule of a correlation, and where its fields are by which entries are put together."""

    holds: Holds
    group: tuple[field_path.Values, ...]


@dataclass(slots=True)
class Correlated:
    """Several entries that together are worth an alert."""

    about: About
    parts: tuple[_Part, ...]
    window: Window
    value: field_path.Values | None = None
    is_number: bool = False
    span: int = field(init=False)

    def __post_init__(self) -> None:
        self.span = self.window.span

    def find(self, seen: LookedAt) -> Hit | None:
        """What this entry completes."""
        found: tuple[Met, ...] = ()
        for number, part in enumerate(self.parts):
            if part.holds(seen.record):
                found = self._add(seen, number, part) or found
        if not found:
            return None
        entries = tuple(dict.fromkeys(met.index for met in found))
        return Hit(self.about, entries[-NAMED:], len(entries))

    def _add(self, seen: LookedAt, number: int, part: _Part) -> tuple[Met, ...]:
        key = tuple(_one(values(seen.record)) for values in part.group)
        if self.value is None:
            return self.window.add(key, Met(seen.index, seen.time, number))
        found: tuple[Met, ...] = ()
        for value in self._counted(self.value(seen.record)):
            met = Met(seen.index, seen.time, number, value)
            found = self.window.add(key, met) or found
        return found

    def _counted(self, values: list[Json]) -> Iterable[Hashable]:
        if not self.is_number:
            return [sigma_value.text(each) for each in values if each is not None]
        numbers = [sigma_value.as_number(each) for each in values]
        return [sum(each for each in numbers if each is not None)]


def _one(values: list[Json]) -> str | None:
    """What a field says, as text; None where it says nothing."""
    return ",".join(sigma_value.text(each) for each in values if each is not None) or None


def correlated(
    about: About, rule: SigmaCorrelationRule, holds: Callable[[SigmaRule], Holds]
) -> Correlated:
    """What finds it; `holds` compiles the rules it is made of.

    Raises:
        UsageError: it asks for what there is not here.
    """
    parts = tuple(
        _Part(_compiled(reference.rule, holds), _group(rule, reference.reference))
        for reference in rule.referenced_rules
    )
    condition = rule.condition
    if not isinstance(condition, SigmaCorrelationCondition):
        raise UsageError("a condition of a correlation cannot be an expression")
    if isinstance(condition.fieldref, list):
        raise UsageError(f"a correlation counts one field, not {condition.fieldref!r}")
    value = condition.fieldref
    return Correlated(
        about, parts, Window(rule.timespan.seconds * 1000, _complete(rule, condition)),
        None if value is None else field_path.values(value),
        rule.type is SigmaCorrelationType.VALUE_SUM,
    )  # fmt: skip


def _compiled(rule: object, holds: Callable[[SigmaRule], Holds]) -> Holds:
    if not isinstance(rule, SigmaRule):
        raise UsageError("a correlation of correlations is not understood")
    return holds(rule)


def _group(rule: SigmaCorrelationRule, reference: str) -> tuple[field_path.Values, ...]:
    """Where the fields of `group-by` are in the records of one rule."""
    aliases = {
        alias.alias: {each.reference: name for each, name in alias.mapping.items()}
        for alias in rule.aliases
    }
    names = (aliases.get(name, {}).get(reference, name) for name in rule.group_by or ())
    return tuple(map(field_path.values, names))


def _complete(rule: SigmaCorrelationRule, condition: SigmaCorrelationCondition) -> Asked:
    if rule.type is SigmaCorrelationType.TEMPORAL_ORDERED:
        return time_window.in_order(len(rule.referenced_rules))
    if (counted := _COUNTED.get(rule.type)) is None:
        raise UsageError(f"a correlation of the type {rule.type.name.lower()!r} is not understood")
    if (holds := _OPERATORS.get(condition.op)) is None:
        raise UsageError(
            f"the comparison {condition.op.name.lower()!r} of a correlation is not understood",
            hint="it can be gte, gt or eq: whether there were few is known only when time has passed",
        )
    if condition.count > time_window.ENTRIES:
        raise UsageError(f"a correlation counts up to {time_window.ENTRIES}, not {condition.count}")
    return counted(lambda number: holds(number, condition.count))
