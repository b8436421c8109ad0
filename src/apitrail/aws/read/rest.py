"""REST operations: labels, query, headers, host labels and payload into one set of members."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from botocore.model import OperationModel, Shape

from apitrail.aws.call import EventStream, Map, Structure, Value
from apitrail.aws.read import body, commalist, eventstream, json_protocol, xml
from apitrail.aws.read.scalars import READERS, Doubts, Reader
from apitrail.aws.read.shapes import Compiler, document
from apitrail.errors import FormatError
from apitrail.exchange import Headers, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the route left of a request to read: raw labels, decoded query, headers.

    `headers` are all values of each, by lower-case name.
    """

    request: Request
    labels: dict[str, str]
    query: list[tuple[str, str]]
    headers: dict[str, list[str]]
    host_labels: dict[str, str] = field(default_factory=dict)


def by_name(headers: Headers) -> dict[str, list[str]]:
    """All values of each header, by lower-case name."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    return found


type Step = Callable[[Parts, Structure, Doubts], None]


def steps(operation: OperationModel, compiler: Compiler) -> list[Step]:
    """Compile an operation's input into the steps that read it."""
    shape = operation.input_shape
    if shape is None:
        return []
    made: list[Step] = []
    bound = {
        member.serialization.get("name", name)
        for name, member in shape.members.items()
        if member.serialization.get("location") == "querystring"
    }
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        if location in _STEPS:
            made.append(_STEPS[location](name, member, bound))
        if member.serialization.get("hostLabel"):
            made.append(_host_label(name))
    made.append(_body(operation, compiler))
    made.append(_required(shape))
    return made


def _required(shape: Shape) -> Step:
    """AWS refuses a call without these; a stand-in may do something else than what was found."""
    names = [
        name
        for name in shape.required_members
        if shape.members[name].serialization.get("location") in _STEPS
    ]

    def step(_parts: Parts, result: Structure, doubts: Doubts) -> None:
        for name in names:
            if name not in result:
                doubts.add(f"required {name!r} is missing")

    return step


def _text_reader(shape: Shape) -> Reader:
    if shape.serialization.get("jsonvalue"):
        return _json_value
    return READERS.get(shape.type_name, READERS["string"])


def _json_value(value: Value, doubts: Doubts) -> Value:
    try:
        text = base64.b64decode(value)
        return document(json.loads(text, object_pairs_hook=doubts.unique), doubts)
    except (ValueError, binascii.Error, RecursionError):
        doubts.add("header is not JSON in base64")
        return value


def _label(name: str, shape: Shape, _: set[str]) -> Step:
    key = shape.serialization.get("name", name)
    reader = _text_reader(shape)

    def step(parts: Parts, result: Structure, doubts: Doubts) -> None:
        if key in parts.labels:
            result[name] = reader(unquote(parts.labels[key]), doubts)

    return step


def _host_label(name: str) -> Step:
    def step(parts: Parts, result: Structure, _doubts: Doubts) -> None:
        if name in parts.host_labels:
            result.setdefault(name, parts.host_labels[name])

    return step


def _query(name: str, shape: Shape, bound: set[str]) -> Step:
    key = shape.serialization.get("name", name)
    if shape.type_name == "map":
        return _query_map(name, shape, bound)
    if shape.type_name == "list":
        reader = _text_reader(shape.member)

        def many(parts: Parts, result: Structure, doubts: Doubts) -> None:
            values = [value for k, value in parts.query if k == key]
            if values:
                result[name] = [reader(value, doubts) for value in values]

        return many
    reader = _text_reader(shape)

    def one(parts: Parts, result: Structure, doubts: Doubts) -> None:
        if values := [value for k, value in parts.query if k == key]:
            result[name] = _or_nothing(shape, doubts.one(key, values), reader, doubts)

    return one


def _or_nothing(shape: Shape, value: str, reader: Reader, doubts: Doubts) -> Value:
    """S3 clients send `max-keys=` for "not given"."""
    return value if value == "" and shape.type_name != "string" else reader(value, doubts)


def _query_map(name: str, shape: Shape, bound: set[str]) -> Step:
    many = shape.value.type_name == "list"

    def step(parts: Parts, result: Structure, doubts: Doubts) -> None:
        pairs = [(key, value) for key, value in parts.query if key not in bound]
        found = Map() if many else Map(doubts.unique(pairs))
        if many:
            for key, value in pairs:
                found.setdefault(key, []).append(value)
        if found:
            result[name] = found

    return step


def _header(name: str, shape: Shape, _: set[str]) -> Step:
    key = shape.serialization.get("name", name).lower()
    if shape.type_name == "list":
        split = commalist.dates if shape.member.type_name == "timestamp" else commalist.items
        reader = _text_reader(shape.member)

        def many(parts: Parts, result: Structure, doubts: Doubts) -> None:
            if values := parts.headers.get(key):
                result[name] = [reader(item, doubts) for item in split(",".join(values))]

        return many
    reader = _text_reader(shape)

    if key == "content-encoding":
        return _content_encoding(name)
    in_query = key.startswith("x-amz-")

    def one(parts: Parts, result: Structure, doubts: Doubts) -> None:
        values = [_decoded(value) for value in parts.headers.get(key, ())]
        if in_query and parts.query:
            # Presigned URLs may carry these headers in the query.
            values += [value for k, value in parts.query if k.lower() == key]
        if values:
            result[name] = reader(doubts.one(key, values), doubts)

    return one


def _content_encoding(name: str) -> Step:
    """S3 takes its own framing off the object's encoding."""

    def step(parts: Parts, result: Structure, _doubts: Doubts) -> None:
        values = parts.headers.get("content-encoding", ())
        tokens = [token.strip() for token in ",".join(values).split(",")]
        kept = [token for token in tokens if token and token.lower() != "aws-chunked"]
        if kept or (values and not any(tokens)):
            result[name] = ",".join(kept)

    return step


def _decoded(value: str) -> str:
    """Header bytes came in as latin-1; clients mean UTF-8 where it is."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode("utf-8")
    except (UnicodeDecodeError, UnicodeEncodeError):
        return value


def _prefix_headers(name: str, shape: Shape, _: set[str]) -> Step:
    prefix = shape.serialization.get("name", "").lower()

    def step(parts: Parts, result: Structure, doubts: Doubts) -> None:
        pairs = [
            (key[len(prefix) :], _decoded(value))
            for key, value in parts.request.headers
            if key.lower().startswith(prefix)
        ]
        if len({key.lower() for key, _ in pairs}) != len(pairs):
            doubts.unclear(f"a header that begins with {prefix!r} is given twice")
        if pairs:
            result[name] = Map(reversed(pairs) if doubts.turned else pairs)

    return step


_STEPS: dict[str, Callable[[str, Any, set[str]], Step]] = {
    "uri": _label,
    "querystring": _query,
    "header": _header,
    "headers": _prefix_headers,
}


def _body(operation: OperationModel, compiler: Compiler) -> Step:
    shape = operation.input_shape
    payload = shape.serialization.get("payload")
    is_xml = operation.service_model.metadata["protocol"] == "rest-xml"
    if payload is not None:
        return _payload(payload, shape.members[payload], compiler, is_xml=is_xml)
    if all("location" in member.serialization for member in shape.members.values()):
        return _nothing
    return _structured(None, shape, compiler, is_xml=is_xml)


def _nothing(_parts: Parts, _result: Structure, _doubts: Doubts) -> None:
    pass


def _payload(name: str, shape: Shape, compiler: Compiler, *, is_xml: bool) -> Step:
    if shape.serialization.get("eventstream"):
        return _events(name)
    if shape.type_name == "blob":
        return _raw_blob(name, streaming=bool(shape.serialization.get("streaming")))
    if shape.type_name == "string":
        return _raw_text(name)
    return _structured(name, shape, compiler, is_xml=is_xml)


def _events(name: str) -> Step:
    def step(parts: Parts, result: Structure, doubts: Doubts) -> None:
        counts = Map()
        try:
            for message in _unsigned(parts.request.body.data):
                counts[message.type] = counts.get(message.type, 0) + 1
        except FormatError as error:
            doubts.add(f"event stream: {error}")
        result[name] = EventStream(counts=counts)

    return step


def _unsigned(data: bytes) -> Iterator[eventstream.Message]:
    """The events of a stream; signed ones are wrapped in a message that has no type."""
    for message in eventstream.messages(data):
        if message.type == "unknown":
            yield from eventstream.messages(message.payload)
        else:
            yield message


def _raw_blob(name: str, *, streaming: bool) -> Step:
    def step(parts: Parts, result: Structure, doubts: Doubts) -> None:
        request = parts.request
        if streaming or not request.body.whole:
            found = body.blob(request, doubts)
            if found.length:
                result[name] = found
        elif request.body.length:
            result[name] = body.content(request, doubts)

    return step


def _raw_text(name: str) -> Step:
    def step(parts: Parts, result: Structure, doubts: Doubts) -> None:
        data = body.content(parts.request, doubts)
        if data:
            result[name] = data.decode("utf-8", "replace")

    return step


def _structured(name: str | None, shape: Shape, compiler: Compiler, *, is_xml: bool) -> Step:
    def read(data: bytes, doubts: Doubts) -> Value:
        if is_xml:
            root = xml.parse(data, doubts)
            return None if root is None else xml.read(compiler, shape, root, doubts)
        value = json_protocol.parse_request(data, doubts)
        return None if value is None else compiler.reader(shape)(value, doubts)

    def step(parts: Parts, result: Structure, doubts: Doubts) -> None:
        data = body.content(parts.request, doubts)
        if not data:
            return
        value = read(data, doubts)
        if name is not None:
            # An empty structure says something: it is how logging is switched off.
            if value is not None:
                result[name] = value
        elif isinstance(value, dict):
            for key, item in value.items():
                result.setdefault(key, item)

    return step
