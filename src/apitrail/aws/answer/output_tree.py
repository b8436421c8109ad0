"""Results out of JSON and CBOR trees; what the model does not name is kept with a doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apitrail.aws.call import Map, Structure, Value
from apitrail.aws.read.scalars import Doubts, Reader
from apitrail.aws.read.shapes import Compiler, document

if TYPE_CHECKING:
    from botocore.model import Shape


# Services name the type of union members beside them.
_IGNORED = "__type"


def compiler(*, named_on_the_wire: bool) -> Compiler:
    """Readers of trees; CBOR knows members by their own names, JSON by location names."""

    def structure(shape: Shape, compiler: Compiler) -> Reader:
        return _structure(
            {
                member.serialization.get("name", name) if named_on_the_wire else name: (
                    name,
                    compiler.reader(member),
                )
                for name, member in shape.members.items()
            }
        )

    return Compiler(structure=structure, sequence=_list, mapping=_map)


def _structure(members: dict[str, tuple[str, Reader]]) -> Reader:
    def read(value: Value, doubts: Doubts) -> Value:
        if not isinstance(value, dict):
            doubts.add(f"{type(value).__name__} where a structure was expected")
            return {}
        result: Structure = {}
        for key, item in value.items():
            known = members.get(key)
            if known is None:
                if unknown(key, doubts):
                    result[key] = document(item, doubts)
            elif item is not None:
                result[known[0]] = known[1](item, doubts)
        return result

    return read


def unknown(name: str, doubts: Doubts) -> bool:
    """Note a member that the model does not have. False if it does not belong to the result."""
    if name == _IGNORED:
        return False
    doubts.add(f"unknown member {name!r:.80} in the response")
    return True


def _list(shape: Shape, compiler: Compiler) -> Reader:
    element = compiler.reader(shape.member)

    def read(value: Value, doubts: Doubts) -> Value:
        if not isinstance(value, list):
            doubts.add(f"{type(value).__name__} where a list was expected")
            return []
        return [None if item is None else element(item, doubts) for item in value]

    return read


def _map(shape: Shape, compiler: Compiler) -> Reader:
    element = compiler.reader(shape.value)

    def read(value: Value, doubts: Doubts) -> Value:
        if not isinstance(value, dict):
            doubts.add(f"{type(value).__name__} where a map was expected")
            return Map()
        return Map({key: None if v is None else element(v, doubts) for key, v in value.items()})

    return read
