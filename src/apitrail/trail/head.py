"""The growing end of the log: last hash, Merkle frontier, and the tiles that become full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from apitrail import entry
from apitrail.tlog import merkle

WIDTH = 256


@dataclass(slots=True)
class Head:
    """Mutable; `copy` it before a batch so that a failed one can be forgotten.

    `edges[n]` holds the hashes after the last full tile of level n; `full` collects
    (level, index, 8 KiB of hashes) of tiles that became full since the last `take_tiles`.
    """

    size: int = 0
    time: int = 0
    last: bytes = entry.START
    frontier: merkle.Frontier = field(default_factory=merkle.Frontier)
    edges: list[list[bytes]] = field(default_factory=lambda: [[]])
    full: list[tuple[int, int, bytes]] = field(default_factory=list)

    @classmethod
    def resume(
        cls,
        size: int,
        *,
        time: int,
        leaf: Callable[[int], bytes],
        tile: Callable[[int, int], bytes],
    ) -> Head:
        """The head of a stored log of `size`: `leaf(i)` gives leaf hashes, `tile` full tiles."""
        edges: list[list[bytes]] = []
        count, level = size, 0
        while count or not edges:
            first = count - count % WIDTH
            indexes = range(first, count)
            if level == 0:
                edges.append([leaf(i) for i in indexes])
            else:
                edges.append([_tile_root(tile(level - 1, i)) for i in indexes])
            count, level = count // WIDTH, level + 1
        last = leaf(size - 1) if size else entry.START
        return cls(size, time, last, merkle.Frontier(size, _peaks(edges)), edges)

    def copy(self) -> Head:
        """An independent head at the same place."""
        return Head(
            self.size,
            self.time,
            self.last,
            self.frontier.copy(),
            [list(edge) for edge in self.edges],
            list(self.full),
        )

    def append(self, leaf_hash: bytes, time: int) -> None:
        """One more entry."""
        self.frontier.append(leaf_hash)
        self.size, self.time, self.last = self.size + 1, time, leaf_hash
        self._extend(0, leaf_hash)

    def _extend(self, level: int, value: bytes) -> None:
        if level == len(self.edges):
            self.edges.append([])
        edge = self.edges[level]
        edge.append(value)
        if len(edge) == WIDTH:
            index = (self.size >> (8 * (level + 1))) - 1
            self.full.append((level, index, b"".join(edge)))
            self.edges[level] = []
            self._extend(level + 1, merkle.root_of(edge))

    def take_tiles(self) -> list[tuple[int, int, bytes]]:
        """The tiles that became full, once."""
        tiles, self.full = self.full, []
        return tiles

    def root(self) -> bytes:
        """RFC 6962 tree hash over all entries."""
        return self.frontier.root()


def hashes(tile: bytes) -> list[bytes]:
    """A full tile's 256 hashes."""
    return [tile[i : i + 32] for i in range(0, len(tile), 32)]


def _tile_root(tile: bytes) -> bytes:
    return merkle.root_of(hashes(tile))


def _peaks(edges: list[list[bytes]]) -> list[bytes]:
    """Roots of the perfect subtrees that make up the tree, largest first (RFC 9162 2.1.2)."""
    peaks = []
    for edge in reversed(edges):
        position = 0
        for bit in range(7, -1, -1):
            width = 1 << bit
            if len(edge) & width:
                peaks.append(merkle.root_of(edge[position : position + width]))
                position += width
    return peaks
