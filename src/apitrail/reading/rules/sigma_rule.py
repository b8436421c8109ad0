"""Sigma rules for CloudTrail, compiled to closures over the record.

pySigma reads the rules (`pip install 'apitrail[sigma]'`); what it makes of a condition is a tree, and each
node of it becomes one function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sigma import conditions, types
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError
from sigma.policy import SigmaPolicy
from sigma.rule import SigmaLogSource, SigmaRule
from yaml import YAMLError

from apitrail.codec import Object
from apitrail.errors import UsageError
from apitrail.reading.rules import field_path, sigma_value
from apitrail.reading.rules.alert_rule import About, Alone, Finder, Matches
from apitrail.reading.rules.linear_regex import QuietRegexEngine
from apitrail.reading.rules.sigma_correlation import correlated

type Holds = Callable[[Object], bool]

_HINT = "docs/alerts.md says which parts of Sigma are understood"
_POLICY = SigmaPolicy(regex_engine=QuietRegexEngine())
# Log sources of Sigma's rules for CloudTrail (product, category, service).
_OURS: tuple[set[str | None], ...] = ({None, "aws"}, {None}, {None, "cloudtrail"})


def parse(text: str) -> list[Finder]:
    """The rules of a file, which has one or several YAML documents.

    Rules that a correlation names raise no alert of their own, unless it says `generate: true`.

    Raises:
        UsageError: it is not Sigma, or asks for what there is not here.
    """
    try:
        found = SigmaCollection.from_yaml(text, policy=_POLICY)
        found.resolve_rule_references()
    except (SigmaError, YAMLError, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UsageError(f"not a Sigma rule: {reason}", hint=_HINT) from error
    except (TypeError, AttributeError, KeyError) as error:
        # pySigma takes the shape of a rule for granted.
        reason = "it has not the shape of one: title, logsource, detection with a condition"
        raise UsageError(f"not a Sigma rule: {reason}", hint=_HINT) from error
    if not found.rules:
        raise UsageError("not a Sigma rule: nothing is in it", hint=_HINT)
    return list(_finders(found.rules))


def _finders(rules: Sequence[SigmaRule | SigmaCorrelationRule]) -> Iterator[Finder]:
    quiet = {
        id(reference.rule)
        for rule in rules
        if isinstance(rule, SigmaCorrelationRule) and not rule.generate
        for reference in rule.referenced_rules
    }
    for number, rule in enumerate(rules, 1):
        try:
            if isinstance(rule, SigmaCorrelationRule):
                found: Finder = correlated(about(rule), rule, holds)
            else:
                found = Alone(about(rule), _of_record(holds(rule)))
        except (UsageError, SigmaError) as error:
            hint = error.hint if isinstance(error, UsageError) and error.hint else _HINT
            raise UsageError(f"rule {rule.title or number!r}: {error}", hint=hint) from error
        if id(rule) not in quiet:
            yield found


def _of_record(test: Holds) -> Matches:
    return lambda seen: test(seen.record)


def about(rule: SigmaRule | SigmaCorrelationRule) -> About:
    """What alerts of this rule say."""
    title = str(rule.title or "a rule without a title")
    level = rule.level.name.lower() if rule.level is not None else "medium"
    return About(name=str(rule.name or rule.id or title), title=title, level=level)


def holds(rule: SigmaRule) -> Holds:
    """Does a record match this rule?

    Raises:
        UsageError: it is for other logs, or asks for what there is not here.
    """
    _check_source(rule.logsource)
    found = [_node(condition.parsed) for condition in rule.detection.parsed_condition]
    if not found:
        raise UsageError("it has no condition")
    return _any(found)


def _check_source(source: SigmaLogSource) -> None:
    named: tuple[str | None, ...] = (source.product, source.category, source.service)
    for value, ours in zip(named, _OURS, strict=True):
        if value not in ours:
            raise UsageError(
                f"it is for the logs of {value!r}, not for CloudTrail's",
                hint="its logsource is to be product: aws, service: cloudtrail",
            )


def _node(node: object) -> Holds:
    match node:
        case conditions.ConditionAND(args=args):
            return _all([_node(each) for each in args])
        case conditions.ConditionOR(args=args):
            return _any([_node(each) for each in args])
        case conditions.ConditionNOT(args=[one]):
            inner = _node(one)
            return lambda record: not inner(record)
        case conditions.ConditionFieldEqualsValueExpression(field=field, value=value):
            return _of_field(field, value)
        case conditions.ConditionValueExpression(value=value):
            return _of_keyword(value)
        case _:
            raise UsageError("a part of its condition is empty")


def _all(parts: list[Holds]) -> Holds:
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        first, second = parts
        return lambda record: first(record) and second(record)

    def held(record: Object) -> bool:
        for part in parts:  # noqa: SIM110  # quicker than a generator, and every call is asked
            if not part(record):
                return False
        return True

    return held


def _any(parts: list[Holds]) -> Holds:
    if len(parts) == 1:
        return parts[0]

    def held(record: Object) -> bool:
        for part in parts:  # noqa: SIM110  # as above
            if part(record):
                return True
        return False

    return held


def _of_field(field: str, value: types.SigmaType) -> Holds:
    values = field_path.values(field)
    match value:
        case types.SigmaNull():
            return lambda record: all(found is None for found in values(record))
        case types.SigmaExists(exists=wanted):
            return lambda record: bool(values(record)) is wanted
        case types.SigmaFieldReference():
            return _of_two_fields(values, value)
    test = sigma_value.test(value)
    if "." in field:
        return lambda record: any(map(test, values(record)))

    def held(record: Object) -> bool:
        found = record.get(field)
        if found is None:
            return False
        return any(map(test, values(record))) if isinstance(found, list) else test(found)

    return held


def _of_two_fields(values: field_path.Values, value: types.SigmaFieldReference) -> Holds:
    others = field_path.values(value.field)

    def is_like(found: str, other: str) -> bool:
        if value.starts_with or value.ends_with:
            starts = not value.starts_with or found.startswith(other)
            return starts and (not value.ends_with or found.endswith(other))
        return found == other

    def held(record: Object) -> bool:
        texts = [sigma_value.text(each).lower() for each in others(record)]
        return any(
            is_like(sigma_value.text(found).lower(), other)
            for found in values(record)
            for other in texts
        )

    return held


def _of_keyword(value: types.SigmaType) -> Holds:
    """Words without a field stand anywhere in the record."""
    if isinstance(value, types.SigmaString):
        any_text = types.SpecialChars.WILDCARD_MULTI
        value = any_text + value + any_text
    test = sigma_value.test(value)
    return lambda record: any(map(test, field_path.leaves(record)))
