"""XML bodies of rest-xml: hardened parsing into small trees, and reading shapes out of them.

DTDs, and so entities, are refused.
"""

from __future__ import annotations

from typing import Any
from xml.parsers import expat

from botocore.model import Shape

from apitrail.aws.call import Map, Structure, Value
from apitrail.aws.read.scalars import READERS, Doubts, Reader
from apitrail.aws.read.shapes import Compiler
from apitrail.aws.read.shortage import is_shortage

DEEPEST = 100
MOST_ELEMENTS = 200_000


class Element:
    """One element: tag and attribute names without namespaces, children in order."""

    __slots__ = ("attributes", "children", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Element] = []
        self.text = ""


class _RefusedError(ValueError):
    pass


class _Builder:
    def __init__(self) -> None:
        self.root = Element("", {})
        self._open = [self.root]
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) > DEEPEST or self._count > MOST_ELEMENTS:
            raise _RefusedError("too deep or too many elements")
        plain = {_local(name): value for name, value in attributes.items()}
        element = Element(_local(tag), plain)
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, _tag: str) -> None:
        self._open.pop()

    def text(self, data: str) -> None:
        self._open[-1].text += data

    def refuse(self, *_: Any) -> None:
        raise _RefusedError("document type declaration")


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def parse(data: bytes, doubts: Doubts) -> Element | None:
    """The root element; None where there is no body, and with a doubt where it is not XML."""
    if not data.strip():
        return None
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.StartDoctypeDeclHandler = builder.refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, _RefusedError, LookupError, ValueError) as error:
        if is_shortage(error):
            raise MemoryError from error
        doubts.add(f"body is not XML that is read here: {error!s:.80}")
        return None
    return builder.root.children[0]


def compiler() -> Compiler:
    """Readers of elements."""
    return Compiler(structure=_structure, sequence=_list, mapping=_map)


def read(compiler: Compiler, shape: Shape, root: Element, doubts: Doubts) -> Value:
    """The shape in an element, whatever the element is called."""
    reader = compiler.reader(shape)
    return reader(root.text, doubts) if shape.type_name in READERS else reader(root, doubts)


def _is_flat(shape: Shape) -> bool:
    return bool(shape.serialization.get("flattened"))


def _structure(shape: Shape, compiler: Compiler) -> Reader:
    single: dict[str, tuple[str, Reader]] = {}
    repeated: dict[str, tuple[str, Reader]] = {}
    attributes: dict[str, tuple[str, Reader]] = {}
    for name, member in shape.members.items():
        ref = member.serialization
        wire = ref.get("name", name)
        if "location" in ref:
            continue
        entry = (name, _of_element(member, compiler))
        if ref.get("xmlAttribute"):
            attributes[_local(wire)] = (name, compiler.reader(member))
        elif member.type_name in ("list", "map") and _is_flat(member):
            inner = member.member.serialization.get("name") if member.type_name == "list" else None
            repeated[wire] = (name, compiler.reader(member))
            # The element's own name wins over the list's in some models.
            if inner:
                repeated.setdefault(inner, (name, compiler.reader(member)))
        else:
            single[wire] = entry
    return _structure_reader(single, repeated, attributes)


def _of_element(shape: Shape, compiler: Compiler) -> Reader:
    reader = compiler.reader(shape)
    if shape.type_name in READERS:
        return lambda element, doubts: reader(element.text, doubts)
    return reader


def _structure_reader(
    single: dict[str, tuple[str, Reader]],
    repeated: dict[str, tuple[str, Reader]],
    attributes: dict[str, tuple[str, Reader]],
) -> Reader:
    def read(element: Value, doubts: Doubts) -> Value:
        result: Structure = {}
        groups: dict[str, tuple[Reader, list[Element]]] = {}
        unknown: list[Element] = []
        for name, value in element.attributes.items():
            if name in attributes:
                member, reader = attributes[name]
                result[member] = reader(value, doubts)
        for child in element.children:
            if child.tag in single:
                member, reader = single[child.tag]
                if member in result:
                    doubts.twice(child.tag)
                    if doubts.turned:
                        continue
                result[member] = reader(child, doubts)
            elif child.tag in repeated:
                member, reader = repeated[child.tag]
                groups.setdefault(member, (reader, []))[1].append(child)
            else:
                doubts.add(f"unknown member {child.tag!r:.80}")
                unknown.append(child)
        for member, (reader, children) in groups.items():
            result[member] = reader(children, doubts)
        return result | by_tag(unknown) if unknown else result

    return read


def plain(element: Element) -> Value:
    """An element that no model describes: its text, or its children by tag."""
    return Map(by_tag(element.children)) if element.children else element.text


def by_tag(elements: list[Element]) -> Structure:
    """Elements that no model describes; those of one tag are a list."""
    found: dict[str, list[Value]] = {}
    for element in elements:
        found.setdefault(element.tag, []).append(plain(element))
    return {tag: items[0] if len(items) == 1 else items for tag, items in found.items()}


def _list(shape: Shape, compiler: Compiler) -> Reader:
    item = _of_element(shape.member, compiler)
    if _is_flat(shape):
        return lambda elements, doubts: [item(element, doubts) for element in elements]
    return lambda element, doubts: [item(child, doubts) for child in element.children]


def _map(shape: Shape, compiler: Compiler) -> Reader:
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    item = _of_element(shape.value, compiler)

    def read(value: Value, doubts: Doubts) -> Value:
        result: list[tuple[str, Any]] = []
        for entry in value if isinstance(value, list) else value.children:
            fields = {child.tag: child for child in entry.children}
            if key_name not in fields:
                doubts.add("map entry without a key")
                continue
            found = fields.get(value_name)
            result.append((fields[key_name].text, None if found is None else item(found, doubts)))
        return Map(doubts.unique(result))

    return read
