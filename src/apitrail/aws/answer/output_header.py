"""Members of a result that stand in a REST response's headers and status."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from apitrail.aws.answer.message import Answer, Step
from apitrail.aws.call import Map, Structure, Value
from apitrail.aws.read import commalist
from apitrail.aws.read.scalars import READERS, Doubts, Reader
from apitrail.aws.read.shapes import document

if TYPE_CHECKING:
    from botocore.model import Shape


def steps(shape: Shape) -> list[Step]:
    """What reads the members of an output that are not in the body."""
    return [
        _PLACES[member.serialization["location"]](name, member)
        for name, member in shape.members.items()
        if member.serialization.get("location") in _PLACES
    ]


def _header(name: str, shape: Shape) -> Step:
    key = shape.serialization.get("name", name).lower()
    reader = _header_reader(shape)

    def step(answer: Answer, result: Structure) -> None:
        value = answer.headers.get(key)
        if value is not None:
            result[name] = reader(value, answer.doubts)

    return step


def _header_reader(shape: Shape) -> Reader:
    if shape.type_name == "list":
        item = READERS.get(shape.member.type_name, READERS["string"])
        split = commalist.dates if shape.member.type_name == "timestamp" else commalist.items
        return lambda text, doubts: [item(part, doubts) for part in split(text)]
    if shape.serialization.get("jsonvalue"):
        return _json_value
    return READERS.get(shape.type_name, READERS["string"])


def _json_value(text: str, doubts: Doubts) -> Value:
    try:
        return document(json.loads(base64.b64decode(text)), doubts)
    except (ValueError, binascii.Error, RecursionError):
        doubts.add("header is not JSON in base64")
        return text


def _prefixed(name: str, shape: Shape) -> Step:
    prefix = shape.serialization.get("name", "").lower()

    def step(answer: Answer, result: Structure) -> None:
        # The spelling of the rest is data.
        result[name] = Map(
            {
                key[len(prefix) :]: value
                for key, value in answer.response.headers
                if key.lower().startswith(prefix)
            }
        )

    return step


def _status(name: str, _: Any) -> Step:
    def step(answer: Answer, result: Structure) -> None:
        result[name] = answer.response.status

    return step


_PLACES: dict[str, Callable[[str, Any], Step]] = {
    "header": _header,
    "headers": _prefixed,
    "statusCode": _status,
}
