"""Form bodies of the query and ec2 protocols: `Name.member.1.Key=…` into nested values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

from botocore.model import Shape

from apitrail.aws.call import Map, Structure, Value
from apitrail.aws.read.scalars import READERS, Doubts, Reader
from apitrail.aws.read.shapes import Compile, Compiler

MOST_PAIRS = 50_000
DEEPEST = 64

VALUE = ""
"""The key below which a node of the tree keeps its own text; names are never empty."""

type Tree = Structure

type Names = Callable[[str, Any], tuple[str, ...]]
"""A member's names on the wire, from its name and shape."""


def pairs(text: str, doubts: Doubts) -> list[tuple[str, str]]:
    """The fields of a form or query string, decoded, in order, `MOST_PAIRS` at most."""
    fields = text.split("&", MOST_PAIRS)
    if len(fields) > MOST_PAIRS:
        doubts.add(f"more than {MOST_PAIRS} form fields")
        fields.pop()
    return [
        (unquote_plus(key), unquote_plus(value))
        for key, _, value in (field.partition("=") for field in fields if field)
    ]


def tree(fields: list[tuple[str, str]], doubts: Doubts) -> Tree:
    """Fields nested by the dots in their names."""
    root: Tree = {}
    for key, value in fields:
        parts = key.split(".", DEEPEST)
        if len(parts) > DEEPEST:
            doubts.add("form field nested too deeply")
            continue
        node = root
        for part in parts:
            node = node.setdefault(part or "?", {})
        if VALUE in node:
            doubts.twice(key)
            if doubts.turned:
                continue
        node[VALUE] = value
    return root


def compiler(names: Names) -> Compiler:
    """Readers of query forms whose members go by `names`."""
    return Compiler(structure=_structure(names), sequence=_query_list, mapping=_map)


def query_compiler() -> Compiler:
    """Readers of the query protocol."""
    return compiler(_query_names)


def ec2_compiler() -> Compiler:
    """Readers of the ec2 protocol."""
    return Compiler(structure=_structure(_ec2_names), sequence=_ec2_list, mapping=_map)


def read(compiler: Compiler, shape: Shape | None, root: Tree, doubts: Doubts) -> Structure:
    """The members of `shape` in a tree; unknown ones under their own names."""
    if shape is None:
        shape_members: Structure = {}
        return _structure_reader(shape_members)(root, doubts)  # type: ignore[no-any-return]
    result: Structure = compiler.reader(shape)(root, doubts)
    return result


def _query_names(name: str, member: Value) -> tuple[str, ...]:
    ref = member.serialization
    own = str(ref.get("name", name))
    # A flattened list goes by its element's name, but by its own where it is empty.
    if member.type_name == "list" and ref.get("flattened"):
        inner = member.member.serialization.get("name")
        if inner:
            return (str(inner), own)
    return (own,)


def _ec2_names(name: str, member: Value) -> tuple[str, ...]:
    ref = member.serialization
    if "queryName" in ref:
        return (str(ref["queryName"]),)
    if "name" in ref:
        return (str(ref["name"][:1].upper() + ref["name"][1:]),)
    return (name,)


def _structure(names: Names) -> Compile:
    def compiled(shape: Shape, compiler: Compiler) -> Reader:
        members: dict[str, tuple[str, Reader]] = {}
        for name, member in shape.members.items():
            reader = compiler.reader(member)
            if member.type_name in READERS:
                reader = _scalar(reader)
            for wire in names(name, member):
                members.setdefault(wire, (name, reader))
        return _structure_reader(members)

    return compiled


def _scalar(reader: Reader) -> Reader:
    def read(node: Value, doubts: Doubts) -> Value:
        if VALUE not in node:
            doubts.add("nested form fields where a value was expected")
            return _plain(node)
        if len(node) > 1:
            doubts.add("nested form fields beside a value")
        return reader(node[VALUE], doubts)

    return read


def _structure_reader(members: dict[str, tuple[str, Reader]]) -> Reader:
    def read(node: Value, doubts: Doubts) -> Value:
        result: Structure = {}
        for key, child in node.items():
            if key == VALUE:
                continue
            known = members.get(key)
            if known is None:
                doubts.add(f"unknown member {key!r:.80}")
                result[key] = _plain(child)
            elif known[0] not in result:
                result[known[0]] = known[1](child, doubts)
            else:
                # Two spellings of one member.
                doubts.twice(key)
                if not doubts.turned:
                    result[known[0]] = known[1](child, doubts)
        return result

    return read


def _plain(node: Value) -> Value:
    if len(node) == 1 and VALUE in node:
        return node[VALUE]
    return Map({key: value if key == VALUE else _plain(value) for key, value in node.items()})


def _numbered(node: Value, doubts: Doubts) -> list[Value]:
    """The children of a list in numeric order; holes close."""
    found = []
    for key, child in node.items():
        if key.isascii() and key.isdigit() and len(key) < 10:
            found.append((int(key), child))
        elif key != VALUE or node[VALUE]:
            doubts.add(f"list position {key!r:.80}")
    found.sort(key=lambda item: item[0])
    positions = [position for position, _ in found]
    if len(set(positions)) != len(positions):
        doubts.unclear("a list position is given twice")
        found = list((dict(reversed(found)) if doubts.turned else dict(found)).items())
    return [child for _, child in found]


def _element(shape: Shape, compiler: Compiler) -> Reader:
    reader = compiler.reader(shape)
    return _scalar(reader) if shape.type_name in READERS else reader


def _query_list(shape: Shape, compiler: Compiler) -> Reader:
    element = _element(shape.member, compiler)
    flattened = bool(shape.serialization.get("flattened"))
    name = shape.member.serialization.get("name", "member")

    def read(node: Value, doubts: Doubts) -> Value:
        # Old and lenient clients leave the element's name out, or use the default one.
        inner = node if flattened else node.get(name, node.get("member", node))
        return [element(child, doubts) for child in _numbered(inner, doubts)]

    return read


def _ec2_list(shape: Shape, compiler: Compiler) -> Reader:
    element = _element(shape.member, compiler)

    def read(node: Value, doubts: Doubts) -> Value:
        return [element(child, doubts) for child in _numbered(node, doubts)]

    return read


def _map(shape: Shape, compiler: Compiler) -> Reader:
    element = _element(shape.value, compiler)
    scalar = shape.value.type_name in READERS
    flattened = bool(shape.serialization.get("flattened"))
    # Old clients spell them in their own way.
    key_names = (shape.key.serialization.get("name", "key"), "Name", "Key")
    value_names = (shape.value.serialization.get("name", "value"), "Value")

    def read(node: Value, doubts: Doubts) -> Value:
        result: list[tuple[str, Any]] = []
        inner = node if flattened else node.get("entry", node)
        for entry in _numbered(inner, doubts):
            key = _first(entry, key_names)
            if key is None or VALUE not in key:
                doubts.add("map entry without a key")
                continue
            value = _first(entry, value_names)
            if value is None and not scalar:
                value = {}  # these protocols write nothing for an empty value
            result.append((key[VALUE], None if value is None else element(value, doubts)))
        return Map(doubts.unique(result))

    return read


def _first(entry: Value, names: tuple[str, ...]) -> Value:
    return next((entry[name] for name in names if name in entry), None)
