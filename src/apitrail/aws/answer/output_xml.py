"""Results out of XML (rest-xml, query, ec2); what the model does not name is kept with a doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apitrail.aws.answer.output_tree import unknown
from apitrail.aws.call import Map, Structure, Value
from apitrail.aws.read.scalars import READERS, Doubts, Reader
from apitrail.aws.read.shapes import Compiler
from apitrail.aws.read.xml import Element, by_tag

if TYPE_CHECKING:
    from botocore.model import Shape


type Members = dict[str, tuple[str, Reader]]


def compiler() -> Compiler:
    """Readers of elements; those of flattened lists and maps read a list of elements."""
    return Compiler(structure=_structure, sequence=_list, mapping=_map)


def reader(shape: Shape, compiler: Compiler) -> Reader:
    """The reader of one element that holds `shape`."""
    found = compiler.reader(shape)
    if shape.type_name in READERS:
        return lambda element, doubts: found(element.text, doubts)
    if _is_flat(shape):
        return lambda element, doubts: found([element], doubts)
    return found


def _is_flat(shape: Shape) -> bool:
    return bool(shape.serialization.get("flattened")) and shape.type_name in ("list", "map")


def _structure(shape: Shape, compiler: Compiler) -> Reader:
    single: Members = {}
    repeated: Members = {}
    attributes: Members = {}
    for name, member in shape.members.items():
        tag = member.serialization.get("name", name)
        if member.serialization.get("xmlAttribute"):
            attributes[tag.rpartition(":")[2]] = (name, compiler.reader(member))
        elif _is_flat(member):
            entry = (name, compiler.reader(member))
            if member.type_name == "list":
                # The item's name, where it has one, is the one that is written.
                repeated[member.member.serialization.get("name", tag)] = entry
            repeated.setdefault(tag, entry)
        else:
            single[tag] = (name, reader(member, compiler))
    return _structure_reader(single, repeated, attributes)


def _structure_reader(single: Members, repeated: Members, attributes: Members) -> Reader:
    def read(element: Element, doubts: Doubts) -> Value:
        result: Structure = {}
        groups: dict[str, list[Element]] = {}
        others: list[Element] = []
        for child in element.children:
            tag = child.tag
            if tag in repeated:
                groups.setdefault(tag, []).append(child)
            # S3's old notifications have a member and a list of the same name.
            if tag in single:
                name, member = single[tag]
                if name not in result:
                    result[name] = member(child, doubts)
            elif tag not in repeated and unknown(tag, doubts):
                others.append(child)
        for tag, children in groups.items():
            name, member = repeated[tag]
            result[name] = member(children, doubts)
        for tag, value in element.attributes.items():
            if tag in attributes:
                name, member = attributes[tag]
                result[name] = member(value, doubts)
        return result | by_tag(others) if others else result

    return read


def _list(shape: Shape, compiler: Compiler) -> Reader:
    item = reader(shape.member, compiler)
    if _is_flat(shape):
        return lambda elements, doubts: [item(element, doubts) for element in elements]
    return lambda element, doubts: [item(child, doubts) for child in element.children]


def _map(shape: Shape, compiler: Compiler) -> Reader:
    key_tag = shape.key.serialization.get("name") or "key"
    value_tag = shape.value.serialization.get("name") or "value"
    item = reader(shape.value, compiler)
    flat = _is_flat(shape)

    def read(value: Value, doubts: Doubts) -> Value:
        result = Map()
        for entry in value if flat else value.children:
            parts = {child.tag: child for child in entry.children}
            if key_tag not in parts:
                doubts.add("map entry without a key")
                continue
            found = parts.get(value_tag)
            result[parts[key_tag].text] = None if found is None else item(found, doubts)
        return result

    return read
