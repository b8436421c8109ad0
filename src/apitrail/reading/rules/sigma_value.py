"""A value of a Sigma rule as a test on the values of a record's field.

The semantics are those of the Sigma specification 2.1: text is compared without regard to letter case
unless a modifier says `cased`, `*` and `?` are wildcards, `null` is a field that is not there.
"""

from __future__ import annotations

import ipaddress
import json
import operator
import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from sigma import types

from apitrail.codec import Json
from apitrail.errors import UsageError
from apitrail.reading.rules import linear_regex

type Test = Callable[[Json], bool]

_COMPARES: dict[types.CompareOperators, Callable[[float, float], bool]] = {
    types.CompareOperators.LT: operator.lt,
    types.CompareOperators.LTE: operator.le,
    types.CompareOperators.GT: operator.gt,
    types.CompareOperators.GTE: operator.ge,
    types.CompareOperators.NEQ: operator.ne,
}
_FLAGS = types.SigmaRegularExpression.sigma_to_re_flag
# Which part of a time a modifier such as `hour` asks for.
_PARTS: dict[types.TimestampPart, Callable[[datetime], int]] = {
    types.TimestampPart.MINUTE: lambda time: time.minute,
    types.TimestampPart.HOUR: lambda time: time.hour,
    types.TimestampPart.DAY: lambda time: time.day,
    types.TimestampPart.WEEK: lambda time: time.isocalendar().week,
    types.TimestampPart.MONTH: lambda time: time.month,
    types.TimestampPart.YEAR: lambda time: time.year,
}


def test(value: types.SigmaType) -> Test:
    """Does one value of a record match this one of a rule?

    Raises:
        UsageError: rules here have no such values.
    """
    match value:
        case types.SigmaString():
            return _of_text(value)
        case types.SigmaTimestampPart():
            return _of_time(value)
        case types.SigmaNumber(number=number):
            return lambda found: as_number(found) == number
        case types.SigmaBool(boolean=boolean):
            return lambda found: text(found).lower() == str(boolean).lower()
        case types.SigmaRegularExpression():
            return _of_expression(value)
        case types.SigmaCIDRExpression(network=network):
            return lambda found: _is_within(text(found), network)
        case types.SigmaCompareExpression(number=number, op=compare):
            return _of_comparison(compare, number.number)
        case types.SigmaExpansion(values=several):
            tests = [test(each) for each in several]
            return lambda found: any(each(found) for each in tests)
        case _:
            raise UsageError(f"values of the kind {type(value).__name__[5:]!r} are not understood")


def text(value: Json) -> str:
    """A value of a record as text: an object as its JSON, since rules look into that."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return "" if value is None else str(value)


def as_number(value: Json) -> float | None:
    """A number, also one that is written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _of_text(value: types.SigmaString) -> Test:
    if value.contains_placeholder():
        raise UsageError(f"the placeholder in {str(value)!r} stands for nothing here")
    cased = isinstance(value, types.SigmaCasedString)
    parts = [part if isinstance(part, str) else None for part in value.s]
    folded = [part if part is None or cased else part.lower() for part in parts]
    wild = types.SpecialChars.WILDCARD_SINGLE in value.s
    look: Callable[[Json], str] = text if cased else lambda found: text(found).lower()
    match folded:
        case []:
            return lambda found: not text(found)
        case [str(whole)]:
            return lambda found: look(found) == whole
        case _ if wild:
            return _of_wildcards(value, cased=cased)
        case [None, str(end)]:
            return lambda found: look(found).endswith(end)
        case [str(start), None]:
            return lambda found: look(found).startswith(start)
        case [None, str(part), None]:
            return lambda found: part in look(found)
        case _:
            return _of_wildcards(value, cased=cased)


def _of_wildcards(value: types.SigmaString, *, cased: bool) -> Test:
    signs = {types.SpecialChars.WILDCARD_MULTI: ".*", types.SpecialChars.WILDCARD_SINGLE: "."}
    form = "".join(
        re.escape(part) if isinstance(part, str) else signs[part]
        for part in value.s
        if not isinstance(part, types.Placeholder)
    )
    return _searching(rf"(?s{'' if cased else 'i'})\A{form}\z", str(value))


def _of_expression(value: types.SigmaRegularExpression) -> Test:
    flags = "".join(sorted(_FLAGS[flag] for flag in value.flags))
    form = str(value.regexp)
    return _searching(f"(?{flags}){form}" if flags else form, form)


def _searching(form: str, shown: str) -> Test:
    expression = linear_regex.compiled(form, shown)
    return lambda found: expression.search(_encodable(text(found))) is not None


def _encodable(shown: str) -> str:
    """RE2 works on UTF-8, which half a surrogate pair has no place in."""
    return shown if shown.isascii() else shown.encode("utf-8", "replace").decode("utf-8")


def _of_comparison(compare: types.CompareOperators, number: float) -> Test:
    holds = _COMPARES[compare]

    def compared(found: Json) -> bool:
        value = as_number(found)
        return value is not None and holds(value, number)

    return compared


def _of_time(value: types.SigmaTimestampPart) -> Test:
    part, number = _PARTS[value.timestamp_part], value.number

    def is_at(found: Json) -> bool:
        try:
            return part(datetime.fromisoformat(text(found))) == number
        except ValueError:
            return False

    return is_at


@lru_cache(4096)
def _address(shown: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(shown)
    except ValueError:
        return None


def _is_within(shown: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    """An address, or a network, all of which is in this one."""
    if (address := _address(shown)) is not None:
        return address in network
    if "/" not in shown:
        return False
    try:
        found = ipaddress.ip_network(shown, strict=False)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Network) and isinstance(network, ipaddress.IPv4Network):
        return found.subnet_of(network)
    if isinstance(found, ipaddress.IPv6Network) and isinstance(network, ipaddress.IPv6Network):
        return found.subnet_of(network)
    return False
