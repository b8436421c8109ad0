"""EC2's tables against the wire names in botocore's model."""

from __future__ import annotations

import pytest
from botocore.session import get_session

from apitrail.cloudtrail.access import READ_ONLY_PREFIXES
from apitrail.cloudtrail.ec2_names import (
    RESULT_NAMES,
    newer_list,
    newer_result_set,
    result_set,
    structure_names,
)
from apitrail.cloudtrail.ec2_operations import is_newer
from apitrail.cloudtrail.spelling import lower_first

MODEL = get_session().get_service_model("ec2")


def structures(shape, seen):
    """Every structure at or below a shape, once."""
    if shape is None or shape.name in seen:
        return
    seen.add(shape.name)
    if shape.type_name == "structure":
        yield shape
        for member in shape.members.values():
            yield from structures(member, seen)
    elif shape.type_name == "list":
        yield from structures(shape.member, seen)


def told(name, member, shape, *, newer):
    if member.type_name == "list":
        return newer_result_set(name) if newer else result_set(name)
    special = {} if newer else structure_names(shape.members)
    return special.get(name) or RESULT_NAMES.get(name) or lower_first(name)


@pytest.mark.parametrize("newer", [False, True])
def test_results_have_the_wires_names(newer):
    seen: set[str] = set()
    right, wrong = 0, []
    for operation in MODEL.operation_names:
        if operation.startswith(READ_ONLY_PREFIXES) or is_newer(operation) is not newer:
            continue
        for shape in structures(MODEL.operation_model(operation).output_shape, seen):
            for name, member in shape.members.items():
                wire = member.serialization.get("name", name)
                ours = told(name, member, shape, newer=newer)
                # Structures made for requests are spelled in capitals, and answered rarely.
                if ours == wire or wire[0].isupper() or wire == "return":
                    right += 1
                else:
                    wrong.append((operation, shape.name, name, wire, ours))
    assert right > 500
    assert len(wrong) <= 0.01 * right, wrong


def test_newer_requests_have_the_wires_names():
    seen: set[str] = set()
    right, wrong = 0, []
    for operation in filter(is_newer, MODEL.operation_names):
        for shape in structures(MODEL.operation_model(operation).input_shape, seen):
            for name, member in shape.members.items():
                wire = member.serialization.get("name", name)
                wire = member.serialization.get("queryName") or wire[0].upper() + wire[1:]
                ours = newer_list(operation, name) if member.type_name == "list" else name
                if ours == wire:
                    right += 1
                else:
                    wrong.append((operation, shape.name, name, wire, ours))
    assert right > 1000
    assert len(wrong) <= 0.02 * right, wrong
