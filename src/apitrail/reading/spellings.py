"""Every way in which the calls of a trail write one resource's name.

Some services ignore letter case, Route 53 writes its ids with their kind in front and without, and
Systems Manager's ARNs leave out the slash that a parameter's name begins with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from apitrail.query import IGNORING_CASE, Filter, Pattern
from apitrail.source import Source

_ROUTE53 = ("hostedzone", "healthcheck", "delegationset", "change")
_KIND = re.compile(rf"/?(?:{'|'.join(_ROUTE53)})/([A-Z0-9]+)")
# Ids that AWS makes in lower case, such as sg-0a1b2c3d.
_EXACT = re.compile(r"[a-z]+(?:-[a-z]+)*-[0-9a-f]{8}(?:[0-9a-f]{9})?")
_ARN_OF = re.compile(r"arn:[^:]*:([^:]*):")
_PARAMETERS = Filter(resource_type=("AWS::SSM::Parameter",))
_IGNORING = (
    Filter(event_source=tuple(IGNORING_CASE)),
    Filter(resource_type=tuple(Pattern(f"{prefix}*") for prefix in IGNORING_CASE.values())),
)


def spellings(source: Source, value: str) -> tuple[str, ...]:
    """The name as it is asked for, and what else means the same thing in this source."""
    plain = _KIND.sub(r"\1", value) if _KIND.fullmatch(value) else value
    forms = [value, plain, *(_with_kind(source, plain) if plain.isupper() else ())]
    parameter = replace(_PARAMETERS, resource_name=(bare := value.removeprefix("/"),))
    if bare != value and has(source, parameter):
        forms.append(bare)
    if _may_ignore_case(value) and any(has(source, where) for where in _IGNORING):
        forms += _in_another_case(source, value)
    return tuple(dict.fromkeys(forms))


def _with_kind(source: Source, name: str) -> Iterator[str]:
    """As trails of earlier versions have the ids of Route 53."""
    for kind in _ROUTE53:
        for form in (f"/{kind}/{name}", f"{kind}/{name}"):
            if has(source, Filter(resource_name=(form,))):
                yield form


def _may_ignore_case(value: str) -> bool:
    if _EXACT.fullmatch(value) or value.lower() == value.upper():
        return False
    arn = _ARN_OF.match(value)
    return arn is None or f"{arn[1]}.amazonaws.com" in IGNORING_CASE


def _in_another_case(source: Source, value: str) -> Iterator[str]:
    lower = value.lower()
    others = [
        name
        for name in source.values("resource_name")
        if name != value and len(name) == len(value) and name.lower() == lower
    ]
    for name in sorted(others):
        if any(has(source, replace(where, resource_name=(name,))) for where in _IGNORING):
            yield name


def has(source: Source, where: Filter) -> bool:
    """Does any call match?"""
    return next(iter(source.select(where, limit=1)), None) is not None
