"""JSON values as they are kept, made into the types botocore takes, by the service model's shapes."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from apitrail.aws.call import Value
from apitrail.errors import FormatError
from apitrail.replay.recorded.recorded_call import REDACTED

if TYPE_CHECKING:
    from botocore.model import Shape


type Payload = Callable[[Any], bytes | None]
"""The bytes that `{"length": …, "sha256": …}` stands for; None where they are not at hand."""


def native(shape: Shape, value: Value, payload: Payload = lambda _: None) -> Value:
    """The value as boto3 users write it: bytes, datetimes, numbers; inverse of `event.plain`.

    What stands for a secret stays as it is, whatever the shape.

    Raises:
        FormatError: the value is not of that shape.
    """
    if value is None or shape is None or getattr(shape, "is_document_type", False):
        return value
    if isinstance(value, str) and REDACTED.fullmatch(value):
        return value
    try:
        return _READERS.get(shape.type_name, _as_is)(shape, value, payload)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        kind = type(value).__name__
        raise FormatError(f"{kind} where the model has a {shape.type_name}") from error


def _structure(shape: Shape, value: Mapping[str, Value], payload: Payload) -> Value:
    # A stream of events is kept as the number of its events only.
    return {
        name: native(shape.members[name], item, payload)
        for name, item in value.items()
        if name in shape.members and not _is_stream(shape.members[name])
    }


def _is_stream(shape: Shape) -> bool:
    return bool(shape.serialization.get("eventstream"))


def _list(shape: Shape, value: list[Value], payload: Payload) -> Value:
    return [native(shape.member, item, payload) for item in value]


def _map(shape: Shape, value: Mapping[str, Value], payload: Payload) -> Value:
    return {key: native(shape.value, item, payload) for key, item in value.items()}


def _blob(_shape: Shape, value: Value, payload: Payload) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, dict):
        return _told(value, payload)
    return base64.b64decode(value, validate=True)


def _string(_shape: Shape, value: Value, payload: Payload) -> Value:
    # A long value in a long body is kept as its length and digest.
    return _told(value, payload).decode("utf-8") if isinstance(value, dict) else value


def _told(value: Value, payload: Payload) -> bytes:
    found = payload(value)
    if found is None:
        raise FormatError("its body was kept only in part")
    return found


def _timestamp(_shape: Shape, value: Value, _payload: Payload) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


def _integer(_shape: Shape, value: Value, _payload: Payload) -> int:
    return int(value)


def _float(_shape: Shape, value: Value, _payload: Payload) -> float:
    return float(value)


def _as_is(_shape: Shape, value: Value, _payload: Payload) -> Value:
    return value


_READERS: dict[str, Callable[[Any, Any, Payload], Any]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "blob": _blob,
    "string": _string,
    "timestamp": _timestamp,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "double": _float,
}
"""By the model's type name."""
