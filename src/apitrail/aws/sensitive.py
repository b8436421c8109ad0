"""Which of the decoded values the model marks as sensitive.

Names and curated paths of other secrets are in `apitrail.redact`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.model import Shape

from apitrail.aws.call import Path, Value

_DEEPEST = 200


def present(shape: Shape | None, value: Value, compiled: dict[Any, bool]) -> frozenset[Path]:
    """Paths in `value` that are sensitive, whatever lies below sensitive ones included.

    `compiled` remembers, by shape name, which shapes have anything sensitive below them.
    """
    if shape is None or not _concerns(shape, compiled):
        return frozenset()
    return frozenset(_paths(shape, value, (), compiled))


def _concerns(shape: Shape, compiled: dict[Any, bool]) -> bool:
    key = ("sensitive", shape.name)
    found = compiled.get(key)
    if found is None:
        found = compiled[key] = _search(shape)
    return found


def _search(shape: Shape) -> bool:
    seen: set[str] = set()
    queue = [shape]
    while queue:
        current = queue.pop()
        if current.metadata.get("sensitive"):
            return True
        if current.name not in seen:
            seen.add(current.name)
            queue.extend(child for _, child in _children(current))
    return False


def _children(shape: Shape) -> list[tuple[str, Shape]]:
    match shape.type_name:
        case "structure":
            return list(shape.members.items())
        case "list":
            return [("*", shape.member)]
        case "map":
            return [("*", shape.value), ("*", shape.key)]
        case _:
            return []


def _paths(shape: Shape, value: Value, path: Path, compiled: dict[Any, bool]) -> Iterator[Path]:
    if len(path) > _DEEPEST:
        return
    if shape.metadata.get("sensitive"):
        yield from _all(value, path)
        return
    if shape.type_name == "map" and value and shape.key.metadata.get("sensitive"):
        yield path
    for step, child, item in _inside(shape, value):
        if _concerns(child, compiled):
            yield from _paths(child, item, (*path, step), compiled)


def _inside(shape: Shape, value: Value) -> Iterator[tuple[str, Shape, Any]]:
    match shape.type_name, value:
        case "structure", dict():
            for name, item in value.items():
                if name in shape.members:
                    yield name, shape.members[name], item
        case "list", list():
            yield from (("*", shape.member, item) for item in value)
        case "map", dict():
            yield from (("*", shape.value, item) for item in value.values())


def _all(value: Value, path: Path) -> Iterator[Path]:
    yield path
    if len(path) > _DEEPEST:
        return
    if isinstance(value, dict):
        # The keys of a document are data, and so is everything else in here.
        for key, item in value.items():
            yield from _all(item, (*path, key if type(value) is dict else "*"))
    elif isinstance(value, list):
        for item in value:
            yield from _all(item, (*path, "*"))
