"""Identifiers without an object for each are those of `uuid`."""

from __future__ import annotations

import os
import uuid

from apitrail.recording.proxy import random_ids


def test_an_identifier_is_a_random_uuid():
    made = {random_ids.new() for _ in range(100)}
    read = [uuid.UUID(each) for each in made]
    assert len(made) == 100
    assert {str(each) for each in read} == made
    assert {(each.version, each.variant) for each in read} == {(4, uuid.RFC_4122)}


def test_a_process_that_was_forked_has_others():
    random_ids.new()  # some are laid by
    reads, writes = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writes, random_ids.new().encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(reads, 36).decode()
    os.close(reads)
    os.close(writes)
    assert len(theirs) == 36
    assert theirs not in {random_ids.new() for _ in range(100)}
