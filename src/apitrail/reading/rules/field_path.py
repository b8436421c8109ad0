"""The values of a record that a field's path leads to: `requestParameters.ipPermissions.items.cidrIp`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from apitrail.codec import Json, Object

type Values = Callable[[Object], list[Json]]


def values(path: str) -> Values:
    """What gives the values at `path`: none where it leads nowhere, several where it crosses lists.

    A member whose own name has dots is found too.
    """
    parts = tuple(path.split("."))
    if len(parts) == 1:
        return lambda record: list(_spread(record[path])) if path in record else []
    return lambda record: list(_at(record, parts))


def _at(value: Json, parts: tuple[str, ...]) -> Iterator[Json]:
    if isinstance(value, list):
        for each in value:
            yield from _at(each, parts)
    elif not parts:
        yield value
    elif isinstance(value, dict):
        if parts[0] in value:
            yield from _at(value[parts[0]], parts[1:])
        elif len(parts) > 1:
            yield from _with_dots(value, parts)


def _with_dots(value: Object, parts: tuple[str, ...]) -> Iterator[Json]:
    for length in range(len(parts), 1, -1):
        if (name := ".".join(parts[:length])) in value:
            yield from _at(value[name], parts[length:])
            return


def _spread(value: Json) -> Iterator[Json]:
    yield from _at(value, ())


def leaves(value: Json) -> Iterator[Json]:
    """Everything in it that is no object and no list."""
    if isinstance(value, dict):
        for each in value.values():
            yield from leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each)
    else:
        yield value
