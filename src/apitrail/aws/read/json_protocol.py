"""JSON bodies (json 1.0, 1.1 and rest-json), and CBOR ones once parsed: same tree, same rules."""

from __future__ import annotations

import json
from collections.abc import Callable

from botocore.model import Shape

from apitrail.aws.call import Map, Structure, Value
from apitrail.aws.read.scalars import Doubts, Reader
from apitrail.aws.read.shapes import Compiler, document


def parse(data: bytes, doubts: Doubts) -> Value:
    """The JSON value in `data`, {} where there is none; None with a doubt where it is not JSON."""
    return _parsed(data, doubts, json.loads)


def parse_request(data: bytes, doubts: Doubts) -> Value:
    """The same, with a doubt for each name that an object has twice (RFC 8259, section 4)."""
    try:
        return _parsed(data, doubts, _STRICT.decode)
    except _TwiceError:
        return _parsed(data, doubts, json.JSONDecoder(object_pairs_hook=doubts.unique).decode)


class _TwiceError(Exception):
    """An object has a name twice."""


def _once(pairs: list[tuple[str, Value]]) -> Structure:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _TwiceError
    return made


# To make a decoder takes longer than to decode a small body.
_STRICT = json.JSONDecoder(object_pairs_hook=_once)


def _parsed(data: bytes, doubts: Doubts, decode: Callable[[str], Value]) -> Value:
    if not data.strip():
        return {}
    try:
        return decode(_text(data))
    except (ValueError, RecursionError):
        doubts.add("body is not JSON")
        return None


def _text(data: bytes) -> str:
    """As `json.loads` reads bytes: a second byte that is no zero is UTF-8's."""
    encoding = "utf-8" if data[:2] == b'{"' else json.detect_encoding(data)
    return data.decode(encoding, "surrogatepass")


def compiler() -> Compiler:
    """Readers of parsed JSON, keyed by member location names."""
    return Compiler(structure=_structure, sequence=_list, mapping=_map)


def _structure(shape: Shape, compiler: Compiler) -> Reader:
    members: dict[str, tuple[str, Reader]] = {}
    for name, member in shape.members.items():
        if "location" not in member.serialization:
            members[member.serialization.get("name", name)] = (name, compiler.reader(member))
    return _structure_reader(members)


def _structure_reader(members: dict[str, tuple[str, Reader]]) -> Reader:
    def read(value: Value, doubts: Doubts) -> Value:
        if not isinstance(value, dict):
            return _other(value, doubts, "an object")
        result: Structure = {}
        for key, item in value.items():
            known = members.get(key)
            if known is None:
                doubts.add(f"unknown member {key!r:.80}")
                result[key] = document(item, doubts)
            elif item is not None:
                result[known[0]] = known[1](item, doubts)
        return result

    return read


def _list(shape: Shape, compiler: Compiler) -> Reader:
    element = compiler.reader(shape.member)

    def read(value: Value, doubts: Doubts) -> Value:
        if not isinstance(value, list):
            return _other(value, doubts, "a list")
        return [None if item is None else element(item, doubts) for item in value]

    return read


def _map(shape: Shape, compiler: Compiler) -> Reader:
    element = compiler.reader(shape.value)

    def read(value: Value, doubts: Doubts) -> Value:
        if not isinstance(value, dict):
            return _other(value, doubts, "an object")
        return Map({str(k): None if v is None else element(v, doubts) for k, v in value.items()})

    return read


def _other(value: Value, doubts: Doubts, expected: str) -> Value:
    if value is not None:
        doubts.add(f"{type(value).__name__} where {expected} was expected")
    return document(value, doubts)


def read(compiler: Compiler, shape: Shape | None, value: Value, doubts: Doubts) -> Structure:
    """The members of `shape` in a parsed body; unknown ones under their own names."""
    if not isinstance(value, dict):
        if value is not None:
            doubts.add("body is not an object")
        return {}
    if shape is None:
        if value:
            doubts.add("body where none was expected")
        return {str(k): document(v, doubts) for k, v in value.items()}
    result: Structure = compiler.reader(shape)(value, doubts)
    return result
