"""Which of the decoded values carry the model's `sensitive` trait.

It does not know what else is secret: names and curated paths are redaction's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.model import Shape

from apitrail.aws.call import Path

_DEEPEST = 200


def present(shape: Shape | None, value: Any, compiled: dict[Any, bool]) -> frozenset[Path]:
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


def _children(shape: Any) -> list[tuple[str, Shape]]:
    match shape.type_name:
        case "structure":
            return list(shape.members.items())
        case "list":
            return [("*", shape.member)]
        case "map":
            return [("*", shape.value), ("*", shape.key)]
        case _:
            return []


def _paths(shape: Any, value: Any, path: Path, compiled: dict[Any, bool]) -> Iterator[Path]:
    if len(path) > _DEEPEST:
        return
    if shape.metadata.get("sensitive"):
        yield from _all(value, path)
    elif shape.type_name == "structure" and isinstance(value, dict):
        for name, item in value.items():
            member = shape.members.get(name)
            if member is not None and _concerns(member, compiled):
                yield from _paths(member, item, (*path, name), compiled)
    elif shape.type_name == "list" and isinstance(value, list):
        if _concerns(shape.member, compiled):
            for item in value:
                yield from _paths(shape.member, item, (*path, "*"), compiled)
    elif shape.type_name == "map" and isinstance(value, dict):
        if shape.key.metadata.get("sensitive") and value:
            yield path
        if _concerns(shape.value, compiled):
            for item in value.values():
                yield from _paths(shape.value, item, (*path, "*"), compiled)


def _all(value: Any, path: Path) -> Iterator[Path]:
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
