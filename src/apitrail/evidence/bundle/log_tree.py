"""Proofs out of a log, and the root over a range of its leaves.

It does not know what a leaf says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from apitrail.errors import FormatError, UsageError
from apitrail.source import Source
from apitrail.tlog import merkle, tile
from apitrail.tlog.checkpoint import Checkpoint

type Known = Mapping[tuple[int, int], bytes]
"""Hashes of subtrees of one tree, by the leaves [start, end) they are over."""


@runtime_checkable
class Tree(Protocol):
    """The log's tree at one size."""

    def inclusion(self, index: int) -> list[bytes]:
        """The audit path of a leaf."""
        ...

    def consistency(self, old: int, new: int) -> list[bytes] | None:
        """The proof from an older size to a newer one; None where it cannot be made."""
        ...


class SourceTree:
    """The tree over a source that has all its entries, at a size that does not move."""

    def __init__(self, source: Source, size: int) -> None:
        self._source = source
        self._size = size
        self._reader = tile.TileReader(size, full_tile=self._tile, leaf=self._leaf)

    def inclusion(self, index: int) -> list[bytes]:
        """See `Tree`."""
        return merkle.prove_inclusion(index, self._size, self._reader.read)

    def consistency(self, old: int, new: int) -> list[bytes] | None:
        """See `Tree`."""
        return merkle.prove_consistency(old, new, self._reader.read)

    def _leaf(self, index: int) -> bytes:
        for data in self._source.entries(index, index + 1):
            return merkle.leaf_hash(data)
        raise UsageError(
            f"the log has no entry {index}", hint="`apitrail verify` says what is wrong with it"
        )

    def _tile(self, level: int, index: int) -> bytes:
        first = index * tile.WIDTH
        if level == 0:
            entries = self._source.entries(first, first + tile.WIDTH)
            return b"".join(map(merkle.leaf_hash, entries))
        tiles = (self._tile(level - 1, first + at) for at in range(tile.WIDTH))
        return b"".join(
            merkle.root_of(data[at : at + 32] for at in range(0, len(data), 32)) for data in tiles
        )


def tree_of(source: Source, note: str) -> Tree:
    """The tree under a checkpoint of this source; a bundle brings its own proofs."""
    if isinstance(source, Tree):
        return source
    return SourceTree(source, Checkpoint.unverified(note).size)


def siblings(index: int, size: int, path: Sequence[bytes]) -> dict[tuple[int, int], bytes]:
    """What an audit path tells of the tree; raises FormatError where it has the wrong length."""
    known = {}
    start, end = 0, size
    for sibling in reversed(path):
        if end - start < 2:
            raise FormatError(f"inclusion proof of leaf {index} is too long")
        middle = start + split(end - start)
        if index < middle:
            known[middle, end] = sibling
            end = middle
        else:
            known[start, middle] = sibling
            start = middle
    if end - start != 1:
        raise FormatError(f"inclusion proof of leaf {index} is too short")
    return known


def root(start: int, end: int, *, first: int, leaves: Sequence[bytes], known: Known) -> bytes:
    """The hash over leaves [start, end): `leaves` from `first` on, the rest out of `known`.

    Raises:
        FormatError: something in between is not known.
    """
    if first <= start and end <= first + len(leaves):
        return merkle.root_of(leaves[start - first : end - first])
    if (start, end) in known:
        return known[start, end]
    if end - start < 2:
        raise FormatError(f"nothing proves leaf {start}")
    middle = start + split(end - start)
    return merkle.node_hash(
        root(start, middle, first=first, leaves=leaves, known=known),
        root(middle, end, first=first, leaves=leaves, known=known),
    )


def path(
    index: int, size: int, *, first: int, leaves: Sequence[bytes], known: Known
) -> list[bytes]:
    """The audit path of a leaf among `leaves`; raises FormatError as `root` does."""
    found, start, end = [], 0, size
    while end - start > 1:
        middle = start + split(end - start)
        other = (middle, end) if index < middle else (start, middle)
        found.append(root(*other, first=first, leaves=leaves, known=known))
        start, end = (start, middle) if index < middle else (middle, end)
    return found[::-1]


def split(count: int) -> int:
    """The largest power of two below `count`, where RFC 6962 cuts a tree."""
    return 1 << ((count - 1).bit_length() - 1)
