"""Entries of some blocks, in the three forms in which a search has them, and what is in two of them.

Bits are for many of a block, indexes for few, places for what a row of `posted` says. Which one is made of which
condition is `block_parts`'s.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from apitrail.trail import blocks, posted

# Of so few places of a block the bits are taken one by one.
_SHIFTED = 12

type Bits = dict[int, int]
"""By block, where there are any: entries, a bit for each, the block's first one highest."""


@dataclass(frozen=True, slots=True)
class Places:
    """Entries by their places in parts of many blocks: by the first entry of each part, in no order."""

    of: Mapping[int, Sequence[array[int]]]

    def __len__(self) -> int:
        return sum(map(len, chain.from_iterable(self.of.values())))

    def indexes(self) -> set[int]:
        """The same by their indexes."""
        found = set[int]()
        for first, places in self.of.items():
            found.update(map(first.__add__, chain.from_iterable(places)))
        return found

    def within(self, other: Places) -> set[int]:
        """What is in both. The other ones may be many more: of these no set is made."""
        found = set[int]()
        for first, places in self.of.items():
            if first in other.of:
                own = set(chain.from_iterable(places))
                both = own.intersection(chain.from_iterable(other.of[first]))
                found.update(map(first.__add__, both))
        return found

    def among(self, indexes: set[int]) -> set[int]:
        """Those of some entries that are here."""
        if len(self) <= len(indexes):
            return self.indexes() & indexes
        found, size = set[int](), blocks.SIZE * posted.GATHERED
        split: dict[int, set[int]] = {}
        for index in indexes:
            split.setdefault(index - index % size, set()).add(index % size)
        for first, own in split.items():
            both = own.intersection(chain.from_iterable(self.of.get(first, ())))
            found.update(map(first.__add__, both))
        return found

    def with_bit(self, bits: Bits) -> set[int]:
        """Those whose bit is set."""
        found, size = set[int](), blocks.SIZE
        for first, places in self.of.items():
            data = bytearray(posted.GATHERED * size // 8)
            for block in range(first // size, first // size + posted.GATHERED):
                if own := bits.get(block):
                    at = (block * size - first) // 8
                    data[at : at + size // 8] = own.to_bytes(size // 8)
            both = [at for at in chain.from_iterable(places) if data[at >> 3] & _BIT[at & 7]]
            found.update(map(first.__add__, both))
        return found


_BIT = tuple(128 >> at for at in range(8))

type Left = Bits | set[int] | Places
"""Entries of some blocks: by block, or by their indexes or places, where they are few."""


def within(left: Left, other: Left) -> Bits | set[int]:
    """What is in both."""
    if isinstance(left, Places):
        if isinstance(other, Places):
            return left.within(other) if len(left) <= len(other) else other.within(left)
        left, other = other, left
    if isinstance(other, Places):
        return other.among(left) if isinstance(left, set) else other.with_bit(left)
    if isinstance(left, set):
        if isinstance(other, set):
            return left & other
        return _with_bit(left, other)
    if isinstance(other, set):
        return _with_bit(other, left)
    return {block: bits for block in left if (bits := left[block] & other.get(block, 0))}


def joined(one: Left, other: Left) -> Left:
    """What is in either."""
    one = one.indexes() if isinstance(one, Places) else one
    other = other.indexes() if isinstance(other, Places) else other
    if isinstance(one, set) and isinstance(other, set):
        return one | other
    first, second = by_block(one), by_block(other)
    return {block: first.get(block, 0) | second.get(block, 0) for block in {**first, **second}}


def by_block(left: Left) -> Bits:
    """The same, by block."""
    if isinstance(left, Places):
        left = left.indexes()
    if not isinstance(left, set):
        return left
    return {block: blocks.bits_of(places) for block, places in placed(left)}


def placed(indexes: Iterable[int]) -> Iterator[tuple[int, list[int]]]:
    """The places of entries in their blocks, in order."""
    ordered, start = sorted(indexes), 0
    while start < len(ordered):
        block = ordered[start] // blocks.SIZE
        first = block * blocks.SIZE
        stop = bisect_left(ordered, first + blocks.SIZE, start)
        yield block, [index - first for index in ordered[start:stop]]
        start = stop


def count(left: Left) -> int:
    """How many they are."""
    return len(left) if isinstance(left, set | Places) else sum(map(int.bit_count, left.values()))


def _with_bit(indexes: set[int], bits: Bits) -> set[int]:
    found = set[int]()
    for block, places in placed(indexes):
        if block not in bits:
            continue
        first, own = block * blocks.SIZE, bits[block]
        if len(places) <= _SHIFTED:
            found.update(first + at for at in places if own >> blocks.SIZE - 1 - at & 1)
            continue
        data = own.to_bytes(blocks.SIZE // 8)
        found.update(first + at for at in places if data[at >> 3] & 128 >> (at & 7))
    return found
