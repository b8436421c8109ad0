"""Tiles (C2SP tlog-tiles): the tree cut into blobs of up to 256 hashes, and bundles of entries.

The tile (level, index) holds the roots of 256 neighbouring subtrees of 256**level leaves each;
level 0 holds leaf hashes. Only full tiles need to be stored: what is right of them is made
again from the at most 255 leaf hashes that no full tile holds."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from apitrail.errors import FormatError
from apitrail.tlog import encoding, merkle

HEIGHT = 8
WIDTH = 1 << HEIGHT
TILE_SIZE = WIDTH * merkle.HASH_SIZE
"""Bytes in a full tile."""

MAX_ENTRY = 0xFFFF
"""Bytes in the largest entry a bundle can hold."""

type FullTile = Callable[[int, int], bytes]
"""`full_tile(level, index)`: the 8,192 bytes of a full tile."""

type Leaf = Callable[[int], bytes]
"""`leaf(index)`: a leaf hash that is not yet in a full tile."""

_CACHED_SUBTREES = 4096
_CACHED_TILES = 64  # half a megabyte; a proof reads each tile on its path up to eight times
_COORDINATES = re.compile(r"((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?")


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Where a tile is: its level (0 to 63), its index in it, and how many hashes it holds."""

    level: int
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        if not 0 <= self.level <= 63:
            raise FormatError(f"no tile has level {self.level}")
        _check_coordinates(self.index, self.width)

    @classmethod
    def parse(cls, path: str) -> Tile:
        """Read `tile/<level>/<index>[.p/<width>]`; raises FormatError."""
        match path.split("/", 2):
            case ["tile", level, rest]:
                return cls(encoding.decode_decimal(level, "tile level"), *_parse(rest))
            case _:
                raise FormatError(f"malformed tile path: {path[:100]!r}")

    @property
    def path(self) -> str:
        """`tile/0/x001/234`, or `tile/0/x001/234.p/5` for a partial tile."""
        return f"tile/{self.level}/{_format(self.index, self.width)}"


@dataclass(frozen=True, slots=True, order=True)
class EntryBundle:
    """Where a run of entries is: those whose hashes fill the level 0 tile of the same index."""

    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        _check_coordinates(self.index, self.width)

    @classmethod
    def parse(cls, path: str) -> EntryBundle:
        """Read `tile/entries/<index>[.p/<width>]`; raises FormatError."""
        match path.split("/", 2):
            case ["tile", "entries", rest]:
                return cls(*_parse(rest))
            case _:
                raise FormatError(f"malformed entry bundle path: {path[:100]!r}")

    @property
    def path(self) -> str:
        """`tile/entries/x001/234`, or with `.p/<width>` for a partial bundle."""
        return f"tile/entries/{_format(self.index, self.width)}"


def tiles(size: int) -> Iterator[Tile]:
    """All tiles of a tree of `size` leaves, level by level, the partial one of each level last."""
    level = 0
    while size:
        full, rest = divmod(size, WIDTH)
        yield from (Tile(level, index) for index in range(full))
        if rest:
            yield Tile(level, full, rest)
        level, size = level + 1, full


def entry_bundles(size: int) -> Iterator[EntryBundle]:
    """All entry bundles of a log of `size` entries, the partial one last."""
    return (EntryBundle(tile.index, tile.width) for tile in tiles(size) if tile.level == 0)


def complete_tiles(
    old_size: int, new_size: int, *, leaf: Leaf, full_tile: FullTile
) -> Iterator[tuple[Tile, bytes]]:
    """The full tiles, with their 8,192 bytes, that growing from `old_size` to `new_size` makes.

    Lower levels come first. `leaf` is asked only for leaves from `old_size // 256 * 256` on,
    `full_tile` only for tiles that were full at `old_size`: what is yielded may be stored now
    or later.
    """
    roots: dict[int, bytes] = {}  # of the tiles made one level below
    level = 0
    while new_size >= WIDTH:
        old_size, new_size = old_size // WIDTH, new_size // WIDTH
        made = {}
        for index in range(old_size, new_size):
            positions = range(index * WIDTH, (index + 1) * WIDTH)
            if level == 0:
                data = b"".join(map(leaf, positions))
            else:
                data = b"".join(
                    roots[at] if at in roots else _tile_root(full_tile(level - 1, at))
                    for at in positions
                )
            made[index] = _tile_root(data)
            yield Tile(level, index), data
        roots, level = made, level + 1


class TileReader:
    """Answers `merkle.Read` for a tree of `size` leaves of which the full tiles are stored.

    `leaf` is asked only for the right edge, leaves from `size // 256 * 256` on. Raises
    FormatError at a tile or hash of the wrong length. Keeps what it has read, so it may be
    used for many proofs, but only over one state of the store.
    """

    def __init__(self, size: int, *, full_tile: FullTile, leaf: Leaf) -> None:
        self.size = size
        # A tile's width of leaves at the most, which every proof needs.
        self._leaf = lru_cache(WIDTH)(leaf)
        # Proofs of neighbours share most of their hashes.
        self._subtree = lru_cache(_CACHED_SUBTREES)(self._subtree_root)
        self._full_tile = lru_cache(_CACHED_TILES)(full_tile)
        # The store has no partial tiles: the root of each full tile under one is hashed once.
        self._root = lru_cache(None)(lambda level, index: _tile_root(full_tile(level, index)))

    def read(self, level: int, index: int) -> bytes:
        """Hash of the complete subtree over leaves [index << level, index+1 << level)."""
        if index < 0 or (index + 1) << level > self.size:
            raise ValueError(f"no complete subtree {index} at level {level} in {self.size} leaves")
        return self._subtree(level, index)

    def _subtree_root(self, level: int, index: int) -> bytes:
        tile_level, height = divmod(level, HEIGHT)
        start = index << height
        return _tree_root(self._hashes(tile_level, start, start + (1 << height)))

    def tile(self, tile: Tile) -> bytes:
        """The bytes of any tile of this tree, partial ones included."""
        start = tile.index * WIDTH
        end = start + tile.width
        if end > self.size >> (HEIGHT * tile.level):
            raise ValueError(f"{tile.path} is not in a tree of {self.size} leaves")
        return self._hashes(tile.level, start, end)

    def _hashes(self, level: int, start: int, end: int) -> bytes:
        """Hashes [start, end) of a tile level, which do not cross a tile's border."""
        index, offset = divmod(start, WIDTH)
        if (index + 1) << (HEIGHT * (level + 1)) <= self.size:
            data = self._full_tile(level, index)
            _check_tile(data)
            length = end - start
            return data[offset * merkle.HASH_SIZE : (offset + length) * merkle.HASH_SIZE]
        if level == 0:
            return b"".join(map(self._edge_leaf, range(start, end)))
        return b"".join(self._root(level - 1, position) for position in range(start, end))

    def _edge_leaf(self, index: int) -> bytes:
        data = self._leaf(index)
        if len(data) != merkle.HASH_SIZE:
            raise FormatError(f"leaf hash {index} has {len(data)} bytes")
        return data


def pack_entries(entries: Iterable[bytes]) -> bytes:
    """An entry bundle: each entry behind its length as a big-endian uint16."""
    return b"".join(_packed(entry) for entry in entries)


def parse_entries(data: bytes) -> list[bytes]:
    """The entries of a bundle, at most 256; raises FormatError."""
    entries: list[bytes] = []
    offset = 0
    while offset < len(data):
        start = offset + 2
        offset = start + int.from_bytes(data[start - 2 : start], "big")
        if offset > len(data) or len(entries) == WIDTH:
            raise FormatError("malformed entry bundle")
        entries.append(data[start:offset])
    return entries


def _packed(entry: bytes) -> bytes:
    if len(entry) > MAX_ENTRY:
        raise FormatError(f"an entry has {len(entry)} bytes, more than {MAX_ENTRY}")
    return len(entry).to_bytes(2, "big") + entry


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Root over the hashes of a full tile; raises FormatError."""
    return _tile_root(b"".join(hashes))


def _tile_root(data: bytes) -> bytes:
    _check_tile(data)
    return _tree_root(data)


def _tree_root(hashes: bytes) -> bytes:
    """Root over the concatenated hashes of a complete subtree."""
    # As `merkle.node_hash`, without a call for each of what may be many thousands.
    pair, sha256 = 2 * merkle.HASH_SIZE, hashlib.sha256
    while len(hashes) > merkle.HASH_SIZE:
        hashes = b"".join(
            [
                sha256(b"\x01" + hashes[at : at + pair]).digest()
                for at in range(0, len(hashes), pair)
            ]
        )
    return hashes


def _check_tile(data: bytes) -> None:
    if len(data) != TILE_SIZE:
        raise FormatError(f"a full tile has {len(data)} bytes instead of {TILE_SIZE}")


def _check_coordinates(index: int, width: int) -> None:
    if not 0 <= index <= encoding.MAX_INTEGER or not 1 <= width <= WIDTH:
        raise FormatError(f"no tile has index {index} and width {width}")


def _format(index: int, width: int) -> str:
    """The index in groups of three digits, all but the last behind an x; 256 is not written."""
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return path if width == WIDTH else f"{path}.p/{width}"


def _parse(path: str) -> tuple[int, int]:
    """Index and width of a path; only the spelling that `_format` writes is taken."""
    if not (match := _COORDINATES.fullmatch(path)):
        raise FormatError(f"malformed tile path: {path[:100]!r}")
    index = int(match[1].replace("x", "").replace("/", ""))
    width = int(match[2]) if match[2] else WIDTH
    if _format(index, width) != path:
        raise FormatError(f"malformed tile path: {path[:100]!r}")
    return index, width
