"""What can be checked of one entry at once."""

from __future__ import annotations

import pytest

import trails
from apitrail.evidence.verify import Trust
from apitrail.trail.reader import Reader
from apitrail.web.console import entry_proof


@pytest.fixture
def path(tmp_path):
    return trails.make(tmp_path / "trail", calls=5)


def checks(path, index, trust=trails.TRUST):
    with Reader(path) as reader:
        return [(c.holds, c.text) for c in entry_proof.checks(reader, reader.entry(index), trust)]


def test_content_place_and_signature(path):
    found = checks(path, 4)
    assert [holds for holds, _ in found] == [True] * 3
    assert "tree of 9 entries" in found[1][1]
    assert trails.ORIGIN in found[2][1]


def test_another_key_than_the_one_that_is_trusted(path):
    [content, signed] = checks(path, 4, Trust((trails.OTHER.verifier,), "--key"))
    assert content[0] is True
    assert signed[0] is False


def test_an_entry_that_was_exchanged(path):
    with trails.forge(path) as database:
        database.execute(
            "UPDATE facet SET data = (SELECT data FROM facet WHERE idx = 3 AND tag = 'what') WHERE idx = 4 AND tag = 'what'"
        )
    [(holds, text)] = checks(path, 4)
    assert (holds, text) == (False, "entry 4: facet 'what' was altered")
