"""Tiles: paths to the letter of C2SP, and a tree answered from nothing but full tiles."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vectors
from apitrail.errors import FormatError
from apitrail.tlog import merkle, tile
from apitrail.tlog.tile import EntryBundle, Tile, TileReader
from tlog import logs

PATHS = {
    "tile/0/000": Tile(0, 0),
    "tile/0/999": Tile(0, 999),
    "tile/0/x001/000": Tile(0, 1000),
    "tile/0/x001/234.p/5": Tile(0, 1234, 5),
    "tile/1/x001/x234/067": Tile(1, 1234067),
    "tile/63/000.p/255": Tile(63, 0, 255),
}

MALFORMED = [
    "", "tile", "tile/0", "tile/0/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/00/000",
    "tile/64/000", "tile/-1/000", "tile/0/x000/001", "tile/0/001/234", "tile/0/x001/x234",
    "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/05", "tile/0/000.p/256",
    "tile/0/000.p/999", "tile/0/000/", "/tile/0/000", "tile/0/000\n", "tile/0/\u0660\u0660\u0660", "tile/0/+01",
    "tile/entries/000", "tile/0/" + "x999/" * 6 + "999", "tile/0/" + "x999/" * 900 + "999",
]  # fmt: skip


class Store:
    """Full tiles in a dict, as a log keeps them, and the leaf hashes that no tile holds yet."""

    def __init__(self) -> None:
        self.size = 0
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.hashes: list[bytes] = []

    def full_tile(self, level: int, index: int) -> bytes:
        return self.tiles[level, index]

    def leaf(self, index: int) -> bytes:
        assert index >= self.size // 256 * 256, "a leaf hash that only a tile has"
        return self.hashes[index]

    def grow(self, hashes: list[bytes]) -> list[Tile]:
        self.hashes += hashes
        new = len(self.hashes)
        made = list(tile.complete_tiles(self.size, new, leaf=self.leaf, full_tile=self.full_tile))
        for where, data in made:
            assert (where.level, where.index) not in self.tiles
            self.tiles[where.level, where.index] = data
        self.size = new
        return [where for where, _ in made]

    def reader(self) -> TileReader:
        return TileReader(self.size, full_tile=self.full_tile, leaf=self.leaf)


@pytest.mark.parametrize(("path", "expected"), PATHS.items())
def test_a_path_parses_and_prints_itself(path: str, expected: Tile) -> None:
    assert Tile.parse(path) == expected
    assert expected.path == path


@pytest.mark.parametrize("path", MALFORMED)
def test_any_other_spelling_of_a_path_is_refused(path: str) -> None:
    with pytest.raises(FormatError, match="tile"):
        Tile.parse(path)


@given(st.integers(0, 63), st.integers(0, 2**63 - 1), st.integers(1, 256))
def test_paths_and_tiles_are_inverses(level: int, index: int, width: int) -> None:
    assert Tile.parse(Tile(level, index, width).path) == Tile(level, index, width)
    assert EntryBundle.parse(EntryBundle(index, width).path) == EntryBundle(index, width)


@given(st.text() | st.from_regex(r"tile/(\d|entries)/[x0-9./p]*", fullmatch=True))
def test_a_path_that_parses_is_the_one_that_is_printed(path: str) -> None:
    for kind in (Tile, EntryBundle):
        with suppress(FormatError):
            assert kind.parse(path).path == path


def test_entry_bundles_have_paths_of_their_own() -> None:
    assert EntryBundle(1234, 5).path == "tile/entries/x001/234.p/5"
    with pytest.raises(FormatError, match="malformed entry bundle"):
        EntryBundle.parse("tile/0/000")


@pytest.mark.parametrize(("index", "width"), [(-1, 1), (0, 0), (0, 257), (2**63, 1)])
def test_coordinates_no_tile_has_are_refused(index: int, width: int) -> None:
    with pytest.raises(FormatError, match="no tile has index"):
        Tile(0, index, width)
    with pytest.raises(FormatError, match="no tile has index"):
        EntryBundle(index, width)


def test_the_tiles_of_the_specification_s_example() -> None:
    # C2SP tlog-tiles, "Partial Tiles": a tree of size 70,000, and one of size 256.
    found = list(tile.tiles(70_000))
    assert sum(t.level == 0 and t.width == 256 for t in found) == 273
    assert [t for t in found if t.level or t.width < 256] == [
        Tile(0, 273, 112), Tile(1, 0), Tile(1, 1, 17), Tile(2, 0, 1),
    ]  # fmt: skip
    assert list(tile.tiles(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tile.tiles(0)) == []
    assert list(tile.entry_bundles(300)) == [EntryBundle(0), EntryBundle(1, 44)]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 513, 700])
def test_a_tree_is_answered_from_full_tiles_and_the_right_edge(size: int) -> None:
    store = Store()
    store.grow(logs.HASHES[:size])
    read = store.reader().read
    assert merkle.root(size, read) == logs.naive_root(0, size)
    for index in range(0, size, 7):
        assert merkle.prove_inclusion(index, size, read) == logs.naive_path(index, 0, size)
    for old in range(1, size + 1, 7):
        assert merkle.prove_consistency(old, size, read) == logs.naive_subproof(old, 0, size)


@pytest.mark.parametrize("step", [1, 100, 255, 256, 257, 600])
def test_tiles_come_out_the_same_however_the_tree_grows(step: int) -> None:
    store, whole = Store(), Store()
    for start in range(0, 700, step):
        store.grow(logs.HASHES[start : start + step])
    assert whole.grow(logs.HASHES) == [Tile(0, 0), Tile(0, 1)]
    assert store.tiles == whole.tiles
    assert store.tiles[0, 1] == b"".join(logs.HASHES[256:512])


@pytest.mark.parametrize("steps", [[131_500], [65_535, 1, 65_000, 964], [66_000, 65_500]])
def test_a_tree_of_three_tile_levels(steps: list[int]) -> None:
    hashes = [merkle.leaf_hash(b"%d" % index) for index in range(sum(steps))]
    store = Store()
    made = [found for start, step in zip([0, *accumulated(steps)], steps, strict=False)
            for found in store.grow(hashes[start : start + step])]  # fmt: skip
    assert [t for t in made if t.level] == [Tile(1, 0), Tile(1, 1)]
    assert sorted(made) == [t for t in tile.tiles(131_500) if t.width == 256]

    read = store.reader().read
    root = merkle.root_of(hashes)
    assert merkle.root(131_500, read) == root
    for index in (0, 65_535, 65_536, 131_071, 131_072, 131_499):
        path = merkle.prove_inclusion(index, 131_500, read)
        merkle.check_inclusion(index=index, size=131_500, leaf=hashes[index], proof=path, root=root)
    old_root = merkle.root_of(hashes[:70_001])
    path = merkle.prove_consistency(70_001, 131_500, read)
    merkle.check_consistency(old=70_001, new=131_500, old_root=old_root, new_root=root, proof=path)


def accumulated(steps: list[int]) -> list[int]:
    return [sum(steps[: count + 1]) for count in range(len(steps))]


def test_partial_tiles_are_served_though_only_full_ones_are_stored() -> None:
    store = Store()
    store.grow(logs.HASHES)
    reader = store.reader()
    assert reader.tile(Tile(0, 2, 188)) == b"".join(logs.HASHES[512:700])
    assert reader.tile(Tile(0, 1)) == b"".join(logs.HASHES[256:512])
    assert reader.tile(Tile(1, 0, 2)) == logs.naive_root(0, 256) + logs.naive_root(256, 512)
    with pytest.raises(ValueError, match="not in a tree of 700"):
        reader.tile(Tile(0, 2, 189))


@pytest.mark.parametrize(("level", "index"), [(0, 700), (3, 87), (10, 0), (0, -1)])
def test_a_subtree_that_is_not_complete_has_no_hash_yet(level: int, index: int) -> None:
    store = Store()
    store.grow(logs.HASHES)
    with pytest.raises(ValueError, match="no complete subtree"):
        store.reader().read(level, index)


@pytest.mark.parametrize(("level", "index"), [(0, 3), (8, 0), (7, 1)])
def test_a_stored_tile_of_the_wrong_length_is_refused(level: int, index: int) -> None:
    reader = TileReader(600, full_tile=lambda *_: b"x" * 8191, leaf=logs.HASHES.__getitem__)
    with pytest.raises(FormatError, match="8191 bytes"):
        reader.read(level, index)


def test_a_leaf_hash_of_the_wrong_length_is_refused() -> None:
    reader = TileReader(6, full_tile=lambda *_: b"", leaf=lambda _: b"short")
    with pytest.raises(FormatError, match="leaf hash 0 has 5 bytes"):
        reader.read(2, 0)
    with pytest.raises(FormatError, match="1280 bytes"):
        list(tile.complete_tiles(0, 256, leaf=lambda _: b"short", full_tile=lambda *_: b""))


@given(st.lists(st.binary(max_size=50), max_size=256))
def test_bundles_and_entries_are_inverses(entries: list[bytes]) -> None:
    assert tile.parse_entries(tile.pack_entries(entries)) == entries


@given(st.binary(max_size=200))
def test_a_bundle_that_parses_is_the_one_that_is_packed(data: bytes) -> None:
    with suppress(FormatError):
        assert tile.pack_entries(tile.parse_entries(data)) == data


def test_the_largest_entry_fits_and_the_next_does_not() -> None:
    assert tile.parse_entries(tile.pack_entries([b"x" * 65_535])) == [b"x" * 65_535]
    with pytest.raises(FormatError, match="65536 bytes"):
        tile.pack_entries([b"x" * 65_536])


def test_a_bundle_cut_short_or_of_too_many_entries_is_refused() -> None:
    packed = tile.pack_entries([b"one", b"two"])
    for cut in (1, 2, 4, 6, 9):
        with pytest.raises(FormatError, match="malformed entry bundle"):
            tile.parse_entries(packed[:cut])
    with pytest.raises(FormatError, match="malformed entry bundle"):
        tile.parse_entries(tile.pack_entries([b""] * 257))


@pytest.mark.parametrize("size", range(1, 16))
def test_tessera_s_tiles_and_bundles_are_ours(size: int) -> None:
    # Its partial tiles and bundles are prefixes of its largest ones.
    log = vectors.read("tlog")["tessera"]
    published = tile.parse_entries(base64.b64decode(log["entries"]))
    hashes = [merkle.leaf_hash(entry) for entry in published]
    [where] = tile.tiles(size)
    reader = TileReader(size, full_tile=lambda *_: b"", leaf=hashes.__getitem__)
    assert reader.tile(where) == base64.b64decode(log["hashes"])[: 32 * size]
    packed = tile.pack_entries(published[:size])
    assert base64.b64decode(log["entries"]).startswith(packed)
    assert tile.parse_entries(packed) == published[:size]
