"""A tree that goes on from a known head: what is stored before it is believed only with a proof."""

from __future__ import annotations

import pytest

import trails
from apitrail.evidence.verify.continuation import Continuation, edge
from apitrail.evidence.verify.report import Finding
from apitrail.tlog import merkle
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail.audit import Audit

KNOWN, SIZE = 300, 604


@pytest.fixture(scope="module")
def trail(tmp_path_factory):
    return trails.make(tmp_path_factory.mktemp("grown") / "trail", 600)


def continuation(audit: Audit) -> Continuation:
    known = Checkpoint(trails.ORIGIN, KNOWN, audit.root_at(KNOWN))
    head = Checkpoint(trails.ORIGIN, SIZE, audit.root_at(SIZE))
    right = edge(audit, known)
    assert right is not None
    leaves = [merkle.leaf_hash(data) for data in audit.entries(KNOWN, SIZE)]
    return Continuation(audit, known, head, right, leaves)


@pytest.mark.parametrize("size", [0, 1, 256, 299, 300, 301, 512, 604])
def test_the_root_is_told_of_every_size(trail, size):
    with Audit(trail) as audit:
        assert continuation(audit).root_at(size) == audit.root_at(size)


@pytest.mark.parametrize("size", [0, 605])
def test_a_head_of_no_entries_or_of_more_has_no_edge(trail, size):
    with Audit(trail) as audit:
        assert edge(audit, Checkpoint(trails.ORIGIN, size, merkle.EMPTY_ROOT)) is None


def test_a_head_of_another_tree_has_no_edge(trail):
    with Audit(trail) as audit:
        assert edge(audit, Checkpoint(trails.ORIGIN, KNOWN, bytes(32))) is None


def test_an_older_root_needs_tiles_that_lead_to_the_head_too(trail, tmp_path):
    """Tiles that only an older head needs could be put in its place."""
    with Audit(trail) as audit:
        sound = continuation(audit)
        other = trails.make(tmp_path / "other", 300)
        with Audit(other) as forged:
            lying = Continuation(forged, sound.known, sound.head, sound.edge, sound.leaves)
            with pytest.raises(Finding, match="stored tiles below 256 are not of this tree"):
                lying.root_at(256)


def test_the_tiles_that_became_full_since_are_compared(trail, tmp_path):
    with Audit(trail) as audit:
        sound = continuation(audit)
        sound.check_tiles()
        wrong = Continuation(audit, sound.known, sound.head, sound.edge, sound.leaves[::-1])
        with pytest.raises(Finding, match="tile 0/1 is not of this tree"):
            wrong.check_tiles()
