"""Conditions of a statement: IAM's operators over the context keys of a call.

Each test answers in three values: True, False, or None where the key is one that the call has and
nobody here knows.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from apitrail.errors import UsageError
from apitrail.iam.action import Keys
from apitrail.policy.budget import PREFIX
from apitrail.policy.glob import compiled
from apitrail.policy.known_keys import check_key
from apitrail.remembered import remembered

type Test = Callable[[str], bool]


def _equals(wanted: str) -> Test:
    return lambda value: value == wanted


def _equals_any_case(wanted: str) -> Test:
    lower = wanted.lower()
    return lambda value: value.lower() == lower


def _like(wanted: str) -> Test:
    pattern = compiled(wanted)
    return lambda value: pattern.fullmatch(value) is not None


def _arn_like(wanted: str) -> Test:
    """Each part is compared by itself: a star in one does not reach into the next."""
    parts = wanted.split(":", 5)
    if len(parts) < 6:
        raise UsageError(
            f"not the six parts of an ARN: {wanted!r}", hint="such as arn:aws:iam::*:role/*"
        )
    patterns = [compiled(part) for part in parts]

    def test(value: str) -> bool:
        found = value.split(":", 5)
        return len(found) == 6 and all(
            pattern.fullmatch(part) for pattern, part in zip(patterns, found, strict=True)
        )

    return test


def _bool(wanted: str) -> Test:
    lower = wanted.lower()
    if lower not in ("true", "false"):
        raise UsageError(f"not true or false: {wanted!r}")
    return lambda value: value.lower() == lower


def _ip(wanted: str) -> Test:
    try:
        network = ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        raise UsageError(f"not an address or a network: {wanted!r}") from None

    def test(value: str) -> bool:
        address = _address(value)
        return address is not None and address in network

    return test


@remembered(1024)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """An address, IPv4 in IPv6's clothes as what it is; None where the text is none."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found


def _compared(
    read: Callable[[str], float], holds: Callable[[float, float], bool]
) -> Callable[[str], Test]:
    def test_of(wanted: str) -> Test:
        limit = read(wanted)

        def test(value: str) -> bool:
            try:
                return holds(read(value), limit)
            except UsageError:
                return False

        return test

    return test_of


def _number(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        raise UsageError(f"not a number: {text!r}") from None
    if not math.isfinite(found):
        raise UsageError(f"not a number: {text!r}")
    return found


def _date(text: str) -> float:
    """ISO 8601, or seconds since 1970."""
    with suppress(UsageError):
        return _number(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"not a date: {text!r}") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


_ORDER: dict[str, Callable[[float, float], bool]] = {
    "Equals": lambda value, limit: value == limit,
    "LessThan": lambda value, limit: value < limit,
    "LessThanEquals": lambda value, limit: value <= limit,
    "GreaterThan": lambda value, limit: value > limit,
    "GreaterThanEquals": lambda value, limit: value >= limit,
}

# "IAM JSON policy elements: Condition operators"; those with Not are below.
_OPERATORS: dict[str, Callable[[str], Test]] = {
    "StringEquals": _equals,
    "StringEqualsIgnoreCase": _equals_any_case,
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": _bool,
    "IpAddress": _ip,
    **{f"Numeric{name}": _compared(_number, holds) for name, holds in _ORDER.items()},
    **{f"Date{name}": _compared(_date, holds) for name, holds in _ORDER.items()},
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
    "NotIpAddress": "IpAddress",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
}
ALL, ANY = "ForAllValues", "ForAnyValue"
# Keys of many values: IAM does not say what an operator for one value tells of them.
_MANY = frozenset({"aws:tagkeys"})
NULL = "Null"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One key of one operator: `matches` tells of a value, `negated` turns that around.

    `over` is ForAllValues or ForAnyValue for keys of many values; `if_exists` lets pass a call
    without the key; `absent` is what Null asks, None for other operators.
    """

    key: str
    matches: Test = bool
    negated: bool = False
    over: str | None = None
    if_exists: bool = False
    absent: frozenset[bool] | None = None

    def holds(self, keys: Keys, unknown: frozenset[str]) -> bool | None:
        """Does it hold for a call? None where the call has the key and nobody knows its value."""
        if self.key in unknown:
            return None
        values = keys.get(self.key)
        if self.absent is not None:
            return (not values) in self.absent
        if not values:
            # IAM: a key that is not there matches no operator, and every negated one. Over sets, all
            # of nothing matches and any of nothing does not, also with IfExists.
            return self.over == ALL if self.over else self.if_exists or self.negated
        if len(values) == 1:
            return self.matches(values[0]) is not self.negated
        matched = (self.matches(value) is not self.negated for value in values)
        return all(matched) if self.over == ALL else any(matched)


def parse(block: object) -> tuple[Condition, ...]:
    """The conditions of a statement's `Condition`; all must hold.

    Raises:
        UsageError: an operator or a key that cannot be told here, or a value that does not fit.
    """
    if not isinstance(block, Mapping):
        raise UsageError("Condition is not an object")
    found = []
    for operator, keys in block.items():
        if not isinstance(keys, Mapping):
            raise UsageError(f"condition {operator!r} is not an object")
        found += [_condition(str(operator), str(key), value) for key, value in keys.items()]
    return tuple(found)


def _condition(operator: str, key: str, value: object) -> Condition:
    lower = check_key(key)
    over, _, bare = operator.rpartition(":")
    if over and over not in (ALL, ANY):
        raise UsageError(f"unknown condition operator {operator!r}")
    if_exists = bare.endswith("IfExists")
    bare = bare.removesuffix("IfExists")
    values = [_text(each, key) for each in _as_list(value)]
    if not values:
        raise UsageError(f"{operator} of {key} has no value", hint="it would hold for no call")
    if bare == NULL and not over and not if_exists and not lower.startswith(PREFIX):
        if not {each.lower() for each in values} <= {"true", "false"}:
            raise UsageError(f"Null of {key} is neither true nor false: {value!r:.60}")
        absent = frozenset(each.lower() == "true" for each in values)
        return Condition(key=lower, absent=absent)
    if lower in _MANY and not over:
        raise UsageError(
            f"{operator} of {key}, which has many values",
            hint=f"write {ALL}:{operator} or {ANY}:{operator}",
        )
    if lower.startswith(PREFIX) and (not bare.startswith("Numeric") or over or if_exists):
        raise UsageError(
            f"{operator} of {key}: a budget is a number", hint="write NumericGreaterThan"
        )
    negated = bare in _NEGATED
    make = _OPERATORS.get(_NEGATED.get(bare, bare))
    if make is None:
        raise UsageError(
            f"unknown condition operator {operator!r}",
            hint=f"known are {', '.join([*_OPERATORS, *_NEGATED, NULL])}, also with IfExists",
        )
    try:
        tests = tuple(make(each) for each in values)
    except UsageError as error:
        raise UsageError(f"{operator} of {key}: {error}", hint=error.hint) from error
    exact = _NEGATED.get(bare, bare) == "StringEquals"
    matches = frozenset(values).__contains__ if exact else _any(tests)
    return Condition(
        key=lower, matches=matches, negated=negated, over=over or None, if_exists=if_exists
    )


def _any(tests: Sequence[Test]) -> Test:
    return lambda value: any(test(value) for test in tests)


def _as_list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


def _text(value: object, key: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if not isinstance(value, str):
        raise UsageError(f"condition on {key} has no text, number or boolean: {value!r:.60}")
    if "${" in value:
        raise UsageError(
            f"condition on {key} has a policy variable: {value!r:.60}",
            hint="write the value itself: a guard knows no policy variables",
        )
    return value
