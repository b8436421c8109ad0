"""Random results for any botocore output shape, and how services write them on the wire.

Independent of the code under test: it knows the models and the protocols' rules, nothing else.
"""

from __future__ import annotations

import base64
import json
import math
import random
import struct
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

REQUEST_ID = "2f1c9d1e-5c5a-4f0e-9c3b-0123456789ab"
HOST_ID = "host+id/of=s3"
NAMESPACE = "http://example.amazonaws.com/doc/2012-06-01/"
DEEPEST = 5
AWKWARD = (
    "a b", "100%", "é ü", "日本", "<x>&amp;", '"q"', "it's", "a,b", "", " lead", "trail ", "true",
    "0", "null", "tab\there", "𝄞", "a:b", "]]>", "line\nbreak", "\\back", "#", "1e5", "{}",
)  # fmt: skip
IN_HEAD = ("header", "headers", "statusCode")
HEADER_SAFE = ("plain", "a b", "100%", "a/b=c; d", "it's", "0", "true", "x")


class Results:
    """Values as boto3 would show them; the same seed gives the same values."""

    def __init__(self, seed: str, protocol: str) -> None:
        self.random = random.Random(seed)
        self.protocol = protocol
        self.xml = protocol in ("rest-xml", "query", "ec2")
        self.left = 400

    def output(self, shape: Any) -> dict[str, Any]:
        """All members of an output but event streams and sometimes a few others."""
        made: dict[str, Any] = {}
        rest = self.protocol.startswith("rest")
        payload = shape.serialization.get("payload") if rest else None
        for name, member in shape.members.items():
            location = member.serialization.get("location") if rest else None
            location = location if location in IN_HEAD else None
            if member.serialization.get("eventstream"):
                continue
            if payload is not None and location is None and name != payload:
                continue
            # The status is always there, whether one likes it or not.
            if name == payload or location == "statusCode" or self.random.random() < 0.9:
                made[name] = self.value(member, 0, location)
        return {name: value for name, value in made.items() if value is not None}

    def value(self, shape: Any, depth: int, location: str | None = None) -> Any:
        """One value; None where the wire could not carry one."""
        self.left -= 1
        return getattr(self, f"_{shape.type_name}")(shape, depth, location)

    def _structure(self, shape: Any, depth: int, location: str | None) -> Any:
        if shape.is_document_type:
            return self._document()
        names = list(shape.members)
        if shape.is_tagged_union:
            names = [self.random.choice(names)]
        elif self.left < 0 or depth > DEEPEST:
            names = [n for n in names if shape.members[n].type_name == "string"][:2]
        made = {name: self.value(shape.members[name], depth + 1) for name in names}
        return {name: value for name, value in made.items() if value is not None}

    def _document(self) -> Any:
        return self.random.choice(
            ({"k": [1, "two", 2.5, True], "n": {"é": {"x": []}}}, {}, {"a": {"b": "c"}})
        )

    def _list(self, shape: Any, depth: int, location: str | None) -> Any:
        least = 1 if location or shape.serialization.get("flattened") else 0
        count = least if self.left < 0 or depth > DEEPEST else self.random.randint(least, 3)
        found = [self.value(shape.member, depth + 1, location) for _ in range(count)]
        return [item for item in found if item is not None] or (None if least else [])

    def _map(self, shape: Any, depth: int, location: str | None) -> Any:
        least = 1 if location or shape.serialization.get("flattened") else 0
        count = least if self.left < 0 or depth > DEEPEST else self.random.randint(least, 2)
        if location == "headers":
            return {f"Key-{i}": self.random.choice(HEADER_SAFE) for i in range(count)}
        if shape.value.type_name in ("list", "map") and self.xml:
            count = min(count, 1)
        found = {
            f"{self._text(shape.key)}{i}": self.value(shape.value, depth + 1) for i in range(count)
        }
        return {key: value for key, value in found.items() if value is not None}

    def _text(self, shape: Any) -> str:
        if getattr(shape, "enum", None) and self.random.random() < 0.8:
            return str(self.random.choice(shape.enum))
        if self.random.random() < 0.4:
            return self.random.choice(AWKWARD)
        return f"text-{self.random.randrange(10**6)}"

    def _string(self, shape: Any, depth: int, location: str | None) -> Any:
        if shape.serialization.get("jsonvalue") and location == "header":
            return self._document()
        return self.random.choice(HEADER_SAFE) if location else self._text(shape)

    def _character(self, shape: Any, depth: int, location: str | None) -> str:
        return "c"

    def _boolean(self, shape: Any, depth: int, location: str | None) -> bool:
        return self.random.random() < 0.5

    def _integer(self, shape: Any, depth: int, location: str | None) -> int:
        if location == "statusCode":
            return 200
        return self.random.choice((0, 1, 25, 300, -3, 2**31 - 1))

    def _long(self, shape: Any, depth: int, location: str | None) -> int:
        return self.random.choice((0, 5_000_000_000, 2**53 + 1, -(2**40)))

    def _float(self, shape: Any, depth: int, location: str | None) -> float:
        return self.random.choice((0.0, 1.5, -0.25, 1024.0, 3.0, math.inf))

    def _double(self, shape: Any, depth: int, location: str | None) -> float:
        return self.random.choice((0.1, -1e-9, 1e20, 7.0, 3.141592653589793, -math.inf))

    def _timestamp(self, shape: Any, depth: int, location: str | None) -> datetime:
        moment = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
        moment += timedelta(seconds=self.random.randrange(1_500_000_000))
        if location or shape.serialization.get("timestampFormat") in ("rfc822", "unixTimestamp"):
            return moment
        return moment.replace(microsecond=self.random.choice((0, 0, 250_000)))

    def _blob(self, shape: Any, depth: int, location: str | None) -> bytes:
        return self.random.randbytes(self.random.choice((0, 1, 5, 40)))


@dataclass
class Written:
    """A response ready to be parsed: what is on the wire, and what it holds of event streams."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    counts: dict[str, int] = field(default_factory=dict)


# --- scalars


def timestamp(value: datetime, form: str) -> Any:
    match form:
        case "rfc822":
            return format_datetime(value, usegmt=True)
        case "unixTimestamp":
            seconds = value.timestamp()
            return int(seconds) if seconds.is_integer() else seconds
        case _:
            fraction = ".250" if value.microsecond else ""
            return value.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


def number(value: float) -> str:
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def text(shape: Any, value: Any, default_time: str) -> str:
    match shape.type_name:
        case "boolean":
            return "true" if value else "false"
        case "timestamp":
            return str(timestamp(value, shape.serialization.get("timestampFormat", default_time)))
        case "blob":
            return base64.b64encode(value).decode()
        case "float" | "double":
            return number(value)
        case _:
            return str(value)


# --- JSON and CBOR trees


def json_tree(shape: Any, value: Any, *, located: bool = True) -> Any:
    match shape.type_name:
        case "structure" if shape.is_document_type:
            return value
        case "structure":
            return {
                shape.members[name].serialization.get("name", name): json_tree(
                    shape.members[name], item
                )
                for name, item in value.items()
                if located or shape.members[name].serialization.get("location") not in IN_HEAD
            }
        case "list":
            return [json_tree(shape.member, item) for item in value]
        case "map":
            return {key: json_tree(shape.value, item) for key, item in value.items()}
        case "timestamp":
            return timestamp(value, shape.serialization.get("timestampFormat", "unixTimestamp"))
        case "blob":
            return base64.b64encode(value).decode()
        case "float" | "double" if math.isinf(value):
            return number(value)
        case _:
            return value


def cbor_bytes(shape: Any, value: Any) -> bytes:
    match shape.type_name:
        case "structure" if shape.is_document_type:
            return plain_cbor(value)
        case "structure":
            items = [
                plain_cbor(name) + cbor_bytes(shape.members[name], item)
                for name, item in value.items()
            ]
            # Services write maps of unknown length.
            return b"\xbf" + b"".join(items) + b"\xff"
        case "list":
            return _head(4, len(value)) + b"".join(cbor_bytes(shape.member, i) for i in value)
        case "map":
            return _head(5, len(value)) + b"".join(
                plain_cbor(key) + cbor_bytes(shape.value, item) for key, item in value.items()
            )
        case "timestamp":
            return b"\xc1" + b"\xfb" + struct.pack(">d", value.timestamp())
        case _:
            return plain_cbor(value)


def plain_cbor(value: Any) -> bytes:
    match value:
        case bool():
            return b"\xf5" if value else b"\xf4"
        case None:
            return b"\xf6"
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case float():
            return b"\xfb" + struct.pack(">d", value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            return _head(3, len(value.encode())) + value.encode()
        case list():
            return _head(4, len(value)) + b"".join(plain_cbor(item) for item in value)
        case dict():
            pairs = (plain_cbor(k) + plain_cbor(v) for k, v in value.items())
            return _head(5, len(value)) + b"".join(pairs)
    raise TypeError(value)


def _head(major: int, count: int) -> bytes:
    if count < 24:
        return bytes([major << 5 | count])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if count < 1 << (8 * size):
            return bytes([major << 5 | info]) + count.to_bytes(size)
    raise ValueError(count)


# --- XML


def element(tag: str, inside: str, attributes: str = "") -> str:
    return f"<{tag}{attributes}>{inside}</{tag}>"


def xml_members(shape: Any, value: dict[str, Any]) -> str:
    return "".join(
        xml_member(name, shape.members[name], item)
        for name, item in value.items()
        if not shape.members[name].serialization.get("xmlAttribute")
    )


def xml_member(name: str, shape: Any, value: Any) -> str:
    tag = shape.serialization.get("name", name)
    if shape.serialization.get("flattened"):
        if shape.type_name == "list":
            tag = shape.member.serialization.get("name", tag)
            return "".join(xml_element(tag, shape.member, item) for item in value)
        return "".join(element(tag, entry) for entry in xml_entries(shape, value))
    return xml_element(tag, shape, value)


def xml_element(tag: str, shape: Any, value: Any) -> str:
    match shape.type_name:
        case "structure":
            attributes = "".join(
                f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
                f"{member.serialization['name']}={quoteattr(value[name])}"
                for name, member in shape.members.items()
                if member.serialization.get("xmlAttribute") and name in value
            )
            return element(tag, xml_members(shape, value), attributes)
        case "list":
            item_tag = shape.member.serialization.get("name", "member")
            return element(tag, "".join(xml_element(item_tag, shape.member, i) for i in value))
        case "map":
            entries = (element("entry", entry) for entry in xml_entries(shape, value))
            return element(tag, "".join(entries))
        case _:
            return element(tag, escape(text(shape, value, "iso8601")))


def xml_entries(shape: Any, value: dict[str, Any]) -> list[str]:
    key_tag = shape.key.serialization.get("name") or "key"
    value_tag = shape.value.serialization.get("name") or "value"
    return [
        xml_element(key_tag, shape.key, key) + xml_element(value_tag, shape.value, item)
        for key, item in value.items()
    ]


# --- event streams


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    head = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + len(value).to_bytes(2) + value.encode()
        for name, value in headers.items()
    )
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    prelude += struct.pack(">I", zlib.crc32(prelude))
    message = prelude + head + payload
    return message + struct.pack(">I", zlib.crc32(message))


def stream(shape: Any, rng: random.Random) -> tuple[bytes, dict[str, int]]:
    """Some events of each type a stream has, their payloads of no importance."""
    body = b""
    counts: dict[str, int] = {}
    for name, event in shape.members.items():
        count = rng.randint(0, 3)
        kind = "exception" if event.metadata.get("exception") else "event"
        for _ in range(count):
            body += frame({f":{kind}-type": name, ":message-type": kind}, rng.randbytes(9))
        if count:
            counts[name] = count
    return body, counts


# --- whole responses


def write(operation: Any, protocol: str, value: dict[str, Any], rng: random.Random) -> Written:
    """A success as a service would write it."""
    written = Written(status=200)
    written.headers.append(("x-amzn-RequestId", REQUEST_ID))
    shape = operation.output_shape
    if protocol.startswith("rest"):
        written.headers += _header_members(shape, value)
    stream_name = shape.event_stream_name
    if stream_name is not None:
        body, written.counts = stream(shape.members[stream_name], rng)
        first = b""
        if not protocol.startswith("rest"):
            first = frame(
                {":event-type": "initial-response", ":message-type": "event"},
                _tree_body(protocol, shape, value),
            )
        written.body = first + body
        return written
    written.body = _body(operation, protocol, shape, value)
    return written


def _tree_body(protocol: str, shape: Any, value: Any) -> bytes:
    if protocol == "smithy-rpc-v2-cbor":
        return cbor_bytes(shape, value)
    ascii_only = len(value) % 2 == 0
    return json.dumps(json_tree(shape, value, located=False), ensure_ascii=ascii_only).encode()


def _header_members(shape: Any, value: dict[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, member in shape.members.items():
        if name not in value:
            continue
        tag = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "header" if member.type_name == "list":
                parts = [text(member.member, item, "rfc822") for item in value[name]]
                found.append((tag, ", ".join(parts)))
            case "header" if member.serialization.get("jsonvalue"):
                found.append((tag, base64.b64encode(json.dumps(value[name]).encode()).decode()))
            case "header":
                found.append((tag, text(member, value[name], "rfc822")))
            case "headers":
                found += [(tag + key, item) for key, item in value[name].items()]
    return found


def _body(operation: Any, protocol: str, shape: Any, value: dict[str, Any]) -> bytes:
    payload = shape.serialization.get("payload") if protocol.startswith("rest") else None
    if payload is not None:
        return _payload(protocol, payload, shape.members[payload], value.get(payload))
    if protocol in ("query", "ec2"):
        return _enveloped(operation, protocol, shape, value)
    if protocol != "rest-xml":
        return _tree_body(protocol, shape, value)
    if operation.name == "GetBucketLocation":
        # The one answer that is not as modelled.
        return _document(element("LocationConstraint", escape(value["LocationConstraint"])))
    inside = {
        name: item
        for name, item in value.items()
        if shape.members[name].serialization.get("location") not in IN_HEAD
    }
    tag = shape.serialization.get("name", f"{operation.name}Result")
    members = xml_members(shape, inside)
    return _document(element(tag, members, f' xmlns="{NAMESPACE}"')) if inside else b""


def _payload(protocol: str, name: str, shape: Any, value: Any) -> bytes:
    match shape.type_name:
        case _ if value is None:
            return b""
        case "blob":
            return bytes(value)
        case "string":
            return str(value).encode()
        case _ if protocol == "rest-xml":
            return _document(xml_element(shape.serialization.get("name", name), shape, value))
        case _:
            return _tree_body(protocol, shape, value)


def _enveloped(operation: Any, protocol: str, shape: Any, value: dict[str, Any]) -> bytes:
    inside = xml_members(shape, value)
    if protocol == "ec2":
        inside = element("requestId", REQUEST_ID) + inside
    else:
        if "resultWrapper" in shape.serialization:
            inside = element(shape.serialization["resultWrapper"], inside)
        inside += element("ResponseMetadata", element("RequestId", REQUEST_ID))
    return _document(element(f"{operation.name}Response", inside, f' xmlns="{NAMESPACE}"'))


def _document(root: str) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + root.encode()


# --- errors


def refuse(
    protocol: str, shape: Any, message: str, rng: random.Random, *, compatible: bool
) -> tuple[Written, str]:
    """A modelled error as a service would write it, and the code boto3 shows for it."""
    error = shape.metadata.get("error") or {}
    written = Written(status=error.get("httpStatusCode", 400))
    written.headers.append(("x-amzn-RequestId", REQUEST_ID))
    code = shape.error_code
    match protocol:
        case "query":
            inside = element("Code", code) + element("Message", escape(message))
            body = element("Error", "<Type>Sender</Type>" + inside)
            written.body = _document(
                element(
                    "ErrorResponse", body + element("RequestId", REQUEST_ID), ' xmlns="http://x/"'
                )
            )
        case "ec2":
            inside = element("Code", code) + element("Message", escape(message))
            body = element("Errors", element("Error", inside))
            written.body = _document(element("Response", body + element("RequestID", REQUEST_ID)))
        case "rest-xml":
            inside = element("Code", code) + element("Message", escape(message))
            if rng.random() < 0.5:
                inside += element("RequestId", REQUEST_ID) + element("HostId", HOST_ID)
                written.body = _document(element("Error", inside))
            else:
                body = element("Error", inside) + element("RequestId", REQUEST_ID)
                written.body = _document(element("ErrorResponse", body, ' xmlns="http://x/"'))
        case _:
            code = _refuse_in_tree(written, protocol, shape, message, rng, compatible=compatible)
    return written, code


def _refuse_in_tree(
    written: Written,
    protocol: str,
    shape: Any,
    message: str,
    rng: random.Random,
    *,
    compatible: bool,
) -> str:
    name = shape.name
    decorated = rng.choice(
        (name, f"com.amazonaws.x#{name}", f"{name}:http://internal/x/", f"ns#{name}:http://x")
    )
    tree: dict[str, Any] = {rng.choice(("message", "Message")): message}
    if protocol == "rest-json" and rng.random() < 0.7:
        written.headers.append(("x-amzn-ErrorType", decorated))
    elif protocol == "rest-json" and rng.random() < 0.5:
        tree[rng.choice(("code", "Code"))] = decorated
    else:
        tree["__type"] = decorated
    if protocol == "smithy-rpc-v2-cbor":
        written.headers.append(("Content-Type", "application/cbor"))
        written.body = plain_cbor(tree)
    else:
        written.body = json.dumps(tree).encode()
    if compatible:
        written.headers.append(("x-amzn-query-error", f"{shape.error_code};Sender"))
        return str(shape.error_code)
    return str(name)
