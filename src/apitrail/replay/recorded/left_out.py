"""Required lists, maps and structures with nothing in them, which some protocols leave off the wire.

boto3 wants them to be given all the same: `CreatePlatformApplication(Attributes={})`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from apitrail.aws.call import Structure, Value
from apitrail.replay.recorded.recorded_call import Recorded

if TYPE_CHECKING:
    from botocore.model import Shape

# Protocols that write a container as the sum of what is in it.
_FLAT = frozenset({"query", "ec2"})
# Where all others have no place for an empty one ("header" is a single one's list).
_OUTSIDE = frozenset({"querystring", "header", "headers"})
_EMPTY: dict[str, type[dict[str, Value] | list[Value]]] = {
    "list": list,
    "map": dict,
    "structure": dict,
}


def completed(call: Recorded, shape: Shape) -> Structure:
    """The parameters of a call, if it succeeded with the containers that were empty."""
    parameters = call.parameters or {}
    if call.error is not None:
        return parameters
    return _structure(shape, parameters, flat=call.protocol in _FLAT)


def _structure(shape: Shape, value: Structure, *, flat: bool) -> Structure:
    found = {
        name: _value(shape.members[name], item, flat=flat) if name in shape.members else item
        for name, item in value.items()
    }
    for name in shape.required_members:
        member = shape.members[name]
        if name not in found and _may_be_empty(member, flat=flat):
            found[name] = _EMPTY[member.type_name]()
    return found


def _value(shape: Shape, value: Value, *, flat: bool) -> Value:
    if shape.type_name == "structure" and isinstance(value, dict):
        return _structure(shape, value, flat=flat)
    if shape.type_name == "list" and isinstance(value, list):
        return [_value(shape.member, item, flat=flat) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: _value(shape.value, item, flat=flat) for key, item in value.items()}
    return value


def _may_be_empty(shape: Shape, *, flat: bool) -> bool:
    if shape.type_name not in _EMPTY:
        return False
    if not flat and shape.serialization.get("location") not in _OUTSIDE:
        return False
    return not getattr(shape, "required_members", ())
