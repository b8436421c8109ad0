"""Results written as JSON and CBOR trees and as XML, by the service model's shapes.

The inverse of `aws.output_tree` and `aws.output_xml`; it does not know responses.
"""

from __future__ import annotations

import base64
import math
from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from apitrail import when
from apitrail.aws.call import Structure, Value

if TYPE_CHECKING:
    from botocore.model import Shape


IN_HEAD = frozenset({"header", "headers", "statusCode"})
_INSTANCE = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def json_tree(shape: Shape, value: Value) -> Value:
    """A value as awsJson and restJson carry it."""
    if getattr(shape, "is_document_type", False):
        return value
    match shape.type_name:
        case "structure":
            return {
                _name(name, shape.members[name]): json_tree(shape.members[name], item)
                for name, item in value.items()
                if shape.members[name].serialization.get("location") not in IN_HEAD
            }
        case "list":
            return [json_tree(shape.member, item) for item in value]
        case "map":
            return {key: json_tree(shape.value, item) for key, item in value.items()}
        case "timestamp":
            form = shape.serialization.get("timestampFormat", "unixTimestamp")
            return seconds(value) if form == "unixTimestamp" else time_text(value, form)
        case "blob":
            return base64.b64encode(value).decode()
        case "float" | "double" if not math.isfinite(value):
            return _number(value)
        case _:
            return value


def cbor_tree(shape: Shape, value: Value) -> Value:
    """A value for cbor2: bytes and times are its own, and names are the model's."""
    match shape.type_name:
        case "structure" if not shape.is_document_type:
            return {name: cbor_tree(shape.members[name], item) for name, item in value.items()}
        case "list":
            return [cbor_tree(shape.member, item) for item in value]
        case "map":
            return {key: cbor_tree(shape.value, item) for key, item in value.items()}
        case _:
            return value


def xml_members(shape: Shape, value: Structure) -> str:
    """The members of a structure, one element after the other."""
    return "".join(
        _member(_name(name, shape.members[name]), shape.members[name], item)
        for name, item in value.items()
        if item is not None
        and shape.members[name].serialization.get("location") not in IN_HEAD
        and not shape.members[name].serialization.get("xmlAttribute")
    )


def element(tag: str, inside: str, attributes: str = "") -> str:
    """`<tag>inside</tag>`."""
    return f"<{tag}{attributes}>{inside}</{tag}>"


def xml(tag: str, shape: Shape, value: Value) -> str:
    """A value as an element."""
    match shape.type_name:
        case "structure":
            return element(tag, xml_members(shape, value), _attributes(shape, value))
        case "list":
            below = shape.member.serialization.get("name", "member")
            return element(tag, "".join(xml(below, shape.member, item) for item in value))
        case "map":
            return element(tag, "".join(element("entry", e) for e in _entries(shape, value)))
        case _:
            return element(tag, escape(text(shape, value)))


def text(shape: Shape, value: Value) -> str:
    """A scalar in XML."""
    match shape.type_name:
        case "boolean":
            return "true" if value else "false"
        case "timestamp":
            return time_text(value, shape.serialization.get("timestampFormat", "iso8601"))
        case "blob":
            return base64.b64encode(value).decode()
        case "float" | "double":
            return _number(value)
        case _:
            return str(value)


def seconds(value: datetime) -> int | float:
    """Seconds since the epoch, whole where they are."""
    found = value.timestamp()
    return int(found) if found.is_integer() else found


def time_text(value: datetime, form: str) -> str:
    """A point in time in one of the three formats of Smithy."""
    match form:
        case "rfc822":
            return format_datetime(value.replace(microsecond=0), usegmt=True)
        case "unixTimestamp":
            return str(seconds(value))
        case _:
            return when.iso_exact(value)


def _name(name: str, shape: Shape) -> str:
    return str(shape.serialization.get("name", name))


def _member(tag: str, shape: Shape, value: Value) -> str:
    if not shape.serialization.get("flattened"):
        return xml(tag, shape, value)
    if shape.type_name == "list":
        tag = shape.member.serialization.get("name", tag)
        return "".join(xml(tag, shape.member, item) for item in value)
    return "".join(element(tag, entry) for entry in _entries(shape, value))


def _entries(shape: Shape, value: Structure) -> list[str]:
    key, item = (
        _name(default, part) for default, part in (("key", shape.key), ("value", shape.value))
    )
    return [xml(key, shape.key, k) + xml(item, shape.value, v) for k, v in value.items()]


def _attributes(shape: Shape, value: Structure) -> str:
    found = [
        f"{_name(name, member)}={quoteattr(value[name])}"
        for name, member in shape.members.items()
        if member.serialization.get("xmlAttribute") and name in value
    ]
    return f"{_INSTANCE} {' '.join(found)}" if found else ""


def _number(value: float) -> str:
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)
