"""The head of a log knows its root and makes its tiles, wherever it is resumed."""

from __future__ import annotations

import hashlib

import pytest

from apitrail.entry import START
from apitrail.tlog import merkle, tile
from apitrail.trail.head import Head

LEAVES = [hashlib.sha256(str(number).encode()).digest() for number in range(70_000)]


def grown(size: int) -> Head:
    head = Head()
    for number in range(size):
        head.append(LEAVES[number], number)
    return head


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 1_000, 65_536, 65_793])
def test_the_root_is_that_of_the_leaves(size):
    head = grown(size)
    assert head.root() == merkle.root_of(LEAVES[:size])
    assert head.last == (LEAVES[size - 1] if size else START)


def test_the_tiles_are_those_of_the_specification():
    made = {(level, index): data for level, index, data in grown(66_000).take_tiles()}
    expected = {(at.level, at.index) for at in tile.tiles(66_000) if at.width == tile.WIDTH}
    assert made.keys() == expected
    leaf = LEAVES.__getitem__
    for at, data in tile.complete_tiles(0, 66_000, leaf=leaf, full_tile=lambda *k: made[k]):
        assert made[at.level, at.index] == data


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 1_000, 65_535, 65_536, 65_537])
def test_resumed_it_goes_on_as_if_never_stopped(size):
    tiles = {(level, index): data for level, index, data in grown(size).take_tiles()}
    head = Head.resume(size, time=size, leaf=LEAVES.__getitem__, tile=lambda *at: tiles[at])
    reference = grown(size)
    reference.take_tiles()
    for number in range(size, size + 600):
        head.append(LEAVES[number], number)
        reference.append(LEAVES[number], number)
    assert head.root() == reference.root()
    assert head.take_tiles() == reference.take_tiles()


def test_a_copy_can_be_forgotten():
    head = grown(300)
    copy = head.copy()
    for number in range(300, 600):
        copy.append(LEAVES[number], number)
    assert head.root() == merkle.root_of(LEAVES[:300])
    assert copy.root() == merkle.root_of(LEAVES[:600])
    assert len(head.take_tiles()) == 1
