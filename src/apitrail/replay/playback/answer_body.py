"""Bodies of answers written anew, where the recorded one held a secret and was not kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import cbor2

from apitrail.aws.call import Structure, Value
from apitrail.replay.playback import result_writer
from apitrail.replay.recorded import REDACTED
from apitrail.replay.recorded.native import native

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape

CBOR = "smithy-rpc-v2-cbor"
_XML = "text/xml"
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'

# What stands for a redacted number, time or blob, where no text is allowed.
_PLACEHOLDERS: Structure = {
    "integer": 0, "long": 0, "float": 0.0, "double": 0.0, "boolean": False,
    "timestamp": "1970-01-01T00:00:00Z",
}  # fmt: skip

# Protocol → Content-Type of its answers.
TYPES = {
    "json": "application/x-amz-json-1.1",
    "rest-json": "application/json",
    CBOR: "application/cbor",
    "query": _XML,
    "ec2": _XML,
    "rest-xml": "application/xml",
}


def success(operation: OperationModel, protocol: str, result: Value, request_id: str) -> bytes:
    """The body of a result (JSON, in the model's words), secrets as what stands for them.

    Raises:
        FormatError: it cannot be written: it was streamed, or is not as modelled.
    """
    shape = operation.output_shape
    if shape is None:
        done = "<return>true</return>" if protocol == "ec2" else ""
        return _enveloped(operation, protocol, done, request_id)
    value = native(shape, _placed(shape, result))
    name = shape.serialization.get("payload") if protocol.startswith("rest") else None
    if name is not None:
        return _payload(protocol, name, shape.members[name], value.get(name))
    match protocol:
        case "query" | "ec2":
            return _enveloped(
                operation, protocol, result_writer.xml_members(shape, value), request_id
            )
        case "rest-xml":
            tag = shape.serialization.get("name", f"{operation.name}Result")
            inside = result_writer.xml_members(shape, value)
            return _document(result_writer.element(tag, inside)) if inside else b""
        case _:
            return _tree(protocol, shape, value)


def _placed(shape: Shape, value: Value) -> Value:
    """The result with something of the right type in place of each secret."""
    if shape is None or getattr(shape, "is_document_type", False):
        return value
    if isinstance(value, str) and REDACTED.fullmatch(value):
        if shape.type_name == "blob":
            return value.encode()
        return _PLACEHOLDERS.get(shape.type_name, value)
    if isinstance(value, dict) and shape.type_name == "structure":
        known = shape.members
        return {n: _placed(known[n], item) for n, item in value.items() if n in known}
    if isinstance(value, dict) and shape.type_name == "map":
        return {key: _placed(shape.value, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_placed(shape.member, item) for item in value]
    return value


def _tree(protocol: str, shape: Shape, value: Value) -> bytes:
    if protocol == CBOR:
        return cbor2.dumps(result_writer.cbor_tree(shape, value))
    return json.dumps(result_writer.json_tree(shape, value)).encode()


def _payload(protocol: str, name: str, shape: Shape, value: Value) -> bytes:
    match shape.type_name:
        case _ if value is None:
            return b""
        case "blob":
            return bytes(value)
        case "string":
            return str(value).encode()
        case _ if protocol == "rest-xml":
            return _document(result_writer.xml(shape.serialization.get("name", name), shape, value))
        case _:
            return _tree(protocol, shape, value)


def _enveloped(operation: OperationModel, protocol: str, inside: str, request_id: str) -> bytes:
    match protocol:
        case "query":
            shape = operation.output_shape
            if shape is not None:
                wrapper = shape.serialization.get("resultWrapper", f"{operation.name}Result")
                inside = result_writer.element(wrapper, inside)
            inside += result_writer.element(
                "ResponseMetadata", result_writer.element("RequestId", request_id)
            )
        case "ec2":
            inside = result_writer.element("requestId", request_id) + inside
        case "rest-xml":
            return b""
        case _:
            return cbor2.dumps({}) if protocol == CBOR else b"{}"
    return _document(result_writer.element(f"{operation.name}Response", inside))


def _document(root: str) -> bytes:
    return _DECLARATION + root.encode()


def error(protocol: str, code: str, message: str, request_id: str) -> bytes:
    """The body of an error."""
    about = result_writer.element("Code", escape(code)) + result_writer.element(
        "Message", escape(message)
    )
    match protocol:
        case "query":
            about = result_writer.element("Error", "<Type>Sender</Type>" + about)
            return _document(
                result_writer.element(
                    "ErrorResponse", about + result_writer.element("RequestId", request_id)
                )
            )
        case "ec2":
            about = result_writer.element("Errors", result_writer.element("Error", about))
            return _document(
                result_writer.element(
                    "Response", about + result_writer.element("RequestID", request_id)
                )
            )
        case "rest-xml":
            return _document(
                result_writer.element(
                    "Error", about + result_writer.element("RequestId", request_id)
                )
            )
        case _ if protocol == CBOR:
            return cbor2.dumps({"__type": code, "message": message})
        case _:
            return json.dumps({"__type": code, "message": message}).encode()
