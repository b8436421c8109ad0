"""The names that AWS's models have, for questions that no event answers.

Each function loads what it needs when it is called: a listing that finds something needs none.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache


@cache
def operations() -> frozenset[tuple[str, str]]:
    """Every operation as (service, event name), both as CloudTrail writes them."""
    return frozenset(_operations())


def _operations() -> Iterator[tuple[str, str]]:
    from apitrail.aws.find import index
    from apitrail.cloudtrail import names

    for service in index.load().services:
        source = names.SOURCES.get(service.name, service.name)
        renamed = names.NAMES.get(service.name, {})
        for operation in service.operations.values():
            yield source, renamed.get(operation, operation)


@cache
def renamed() -> dict[str, str]:
    """What CloudTrail calls an operation that the SDKs call by another name, in lower case."""
    from apitrail.cloudtrail import names

    return {
        name.lower(): written for each in names.NAMES.values() for name, written in each.items()
    }


@cache
def event_names() -> frozenset[str]:
    """The name of every operation."""
    return frozenset(name for _, name in operations())


@cache
def event_sources() -> frozenset[str]:
    """Every service, as an event source."""
    return frozenset(f"{service}.amazonaws.com" for service, _ in operations())


def resource_types(like: str) -> frozenset[str]:
    """The types of resources that are known, with those of the service that `like` names."""
    from apitrail.cloudtrail.resources import iam_types, types

    owner = like.lower().split("::")[1] if like.count("::") > 1 else ""
    prefixes = [prefix for prefix, name in types.SERVICES.items() if name.lower() == owner]
    templates = [item for prefix in prefixes or [owner] for item in iam_types.templates(prefix)]
    found = {template.type for template in templates if template.type}
    return frozenset({*types.TYPES.values(), *types.BARE.values(), *found})


def known(field: str, value: str) -> frozenset[str]:
    """What the models have for a field of a filter; nothing where they cannot know."""
    match field:
        case "event_name":
            return event_names()
        case "event_source":
            return event_sources()
        case "resource_type":
            return resource_types(value)
        case _:
            return frozenset()
