"""Compiles a shape into the function that reads it, once per shape and protocol.

Each protocol gives its own way to compile structures, lists and maps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.model import Shape

from apitrail.aws.call import Map, Value
from apitrail.aws.read.scalars import READERS, Doubts, Reader

type Compile = Callable[[Shape, Compiler], Reader]

DEEPEST = 100
"""Free documents nest no deeper than this; modelled shapes are bounded by their parsers."""


class Compiler:
    """The compiled readers of one model in one protocol."""

    def __init__(self, *, structure: Compile, sequence: Compile, mapping: Compile) -> None:
        self._compile = {"structure": structure, "list": sequence, "map": mapping}
        self._readers: dict[Any, Reader] = {}

    def reader(self, shape: Shape) -> Reader:
        """The function that reads this shape; compiled at the first call."""
        # A scalar's spelling is the same wherever it stands; only its place has a name.
        if shape.type_name in READERS:
            return READERS[shape.type_name]
        ref = shape.serialization
        key = (shape.name, ref.get("name"), ref.get("queryName"), bool(ref.get("flattened")))
        found = self._readers.get(key)
        if found is None:
            found = self._readers[key] = self._new(shape)
        return found

    def forget(self) -> None:
        """Nothing is compiled any more. Readers know their compiler, and it knows them."""
        self._readers.clear()

    def _new(self, shape: Shape) -> Reader:
        if getattr(shape, "is_document_type", False):
            return document
        compiled = self._compile[shape.type_name]
        made: list[Reader] = []

        # Compiled when first called: shapes may be recursive, and most are never met.
        def late(value: Value, doubts: Doubts) -> Value:
            if not made:
                made.append(compiled(shape, self))
            return made[0](value, doubts)

        return late


def document(value: Value, doubts: Doubts, depth: int = 0) -> Value:
    """A free document: what was sent, its objects marked as data."""
    if depth > DEEPEST:
        doubts.add("document nested too deeply")
        return None
    if isinstance(value, dict):
        return Map({str(k): document(v, doubts, depth + 1) for k, v in value.items()})
    if isinstance(value, list):
        return [document(item, doubts, depth + 1) for item in value]
    return value
