"""The table of readings is held to botocore's models: every path, every member, every parameter."""

from __future__ import annotations

import re
from functools import cache

import botocore.session
import pytest

from apitrail.state import readings
from apitrail.state.reading_table import TABLE

LINES = [reading for service in TABLE for reading in readings.of_service(service).values()]


@cache
def model(service: str):
    return botocore.session.get_session().get_service_model(service)


def item_of(shape, path: tuple[str, ...]):
    """The shape at the end of a path."""
    for name in path:
        shape = shape.member if name == "[]" else shape.members[name]
    return shape


@pytest.mark.parametrize("service", TABLE)
def test_every_line_is_one_of_the_models(service):
    for reading in readings.of_service(service).values():
        operation = model(service).operation_model(reading.operation)
        shape = item_of(operation.output_shape, reading.path)
        assert shape.type_name in ("structure", "map"), reading
        assert reading.is_item == (not reading.asked), reading
        for name in reading.names:
            assert shape.members[name].type_name == "string", (reading, name)
        for name in (*reading.asked, *reading.by):
            assert name in operation.input_shape.members, (reading, name)


def test_no_operation_stands_twice():
    for service, text in TABLE.items():
        operations = [line.split()[0] for line in text.strip().splitlines()]
        assert len(operations) == len(set(operations)), service


def test_a_part_that_a_write_shows_is_shown_by_a_read_as_well():
    for reading in LINES:
        others = readings.of_service(reading.service).values()
        assert any(each.is_read for each in others if each.aspect == reading.aspect), reading


def test_what_the_verbs_of_writes_are_about_exists():
    """`PutBucketPolicy` is about the part `BucketPolicy`, and so on: the parts are named for it."""
    found = {
        (service, aspect)
        for service in TABLE
        for aspect in readings.aspects(service)
        for name in model(service).operation_names
        if not re.match("Get|List|Describe|Head", name)
        if readings.part_of(service, name) == aspect
    }
    assert ("s3", "BucketPolicy") in found
    assert ("s3", "BucketLifecycleConfiguration") in found
    assert ("iam", "RolePolicy") in found
    assert ("kms", "KeyRotation") in found
    assert ("sqs", "QueueAttributes") in found
