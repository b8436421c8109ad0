"""Identifiers without an object for each are those of `uuid`."""

from __future__ import annotations

import uuid

from apitrail.recording.proxy import random_ids


def test_an_identifier_is_a_random_uuid():
    made = {random_ids.new() for _ in range(100)}
    read = [uuid.UUID(each) for each in made]
    assert len(made) == 100
    assert {str(each) for each in read} == made
    assert {(each.version, each.variant) for each in read} == {(4, uuid.RFC_4122)}
