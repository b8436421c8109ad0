"""Which bodies must be read whole for a call to be told, and how long they may be.

Objects, archives and other payloads that are one blob pass as they come.
"""

from __future__ import annotations

from botocore.model import Shape

from apitrail.aws import models
from apitrail.aws.call import Call
from apitrail.aws.find.candidates import Match, is_form
from apitrail.aws.find.route import Route
from apitrail.aws.find.unmodelled import Unmodelled
from apitrail.aws.read import post_object
from apitrail.exchange import Request

_MEGABYTE = 1024 * 1024

# Protocol -> bytes of a body that are decoded. No service takes more in one request, but for
# archives in Lambda's JSON (50 MB), which are read up to here.
LONGEST = {
    "json": 32 * _MEGABYTE,
    "rest-json": 32 * _MEGABYTE,
    "smithy-rpc-v2-cbor": 32 * _MEGABYTE,
    "query": 32 * _MEGABYTE,
    "ec2": 32 * _MEGABYTE,
    "rest-xml": 32 * _MEGABYTE,
    "http": _MEGABYTE,
}
MOST = max(LONGEST.values())


def longest(request: Request, found: Route) -> int:
    """How many bytes of the body are to be held; 0 where it may pass as it comes.

    `request` may be without its body. The models that `found` needs are in memory.
    """
    match found.place:
        case Match() as place:
            return LONGEST[place.protocol] if _is_read(place) else 0
        case Unmodelled() as place:
            return LONGEST["http"] if place.reads_body else 0
        case _:
            # The operation of a form stands in its body.
            return LONGEST["query"] if is_form(request) else 0


def longest_answer(call: Call) -> int:
    """How many bytes of its answer's body are decoded; 0 where that is a blob or a stream of events.

    The call's model is in memory, as it was read with it.
    """
    if call.service is None or call.operation is None:
        return 0
    try:
        operation = models.operation(call.service, call.operation, call.api_version)
    except KeyError:
        return LONGEST["http"]  # no model's, but its answer may be JSON
    protocol = call.protocol or ""
    read = _is_structured(operation.output_shape, rest=protocol.startswith("rest-"))
    return LONGEST.get(protocol, 0) if read else 0


def _is_read(place: Match) -> bool:
    if place.operation == post_object.OPERATION:
        return False
    operation = models.operation(place.service.name, place.operation, place.service.version)
    return _is_structured(operation.input_shape, rest=place.protocol.startswith("rest-"))


def _is_structured(shape: Shape | None, *, rest: bool) -> bool:
    if shape is None:
        return False
    members = shape.members.values()
    if any(member.serialization.get("eventstream") for member in members):
        return False
    if not rest:
        return True
    payload = shape.serialization.get("payload")
    if payload is not None:
        return bool(shape.members[payload].type_name != "blob")
    return any("location" not in member.serialization for member in members)
