"""Entries that a bundle shows by the hundred, instead of each in files of its own."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Mapping
from functools import lru_cache

from apitrail.errors import FormatError
from apitrail.evidence.bundle import layout
from apitrail.evidence.bundle.archive import Archive
from apitrail.evidence.bundle.inclusion import Inclusion, Nodes, path_in
from apitrail.evidence.bundle.layout import Opened
from apitrail.tlog import merkle
from apitrail.tlog.tile import parse_entries

# A pack is asked for all its entries before the next one is read; each may be some megabytes.
_CACHED = 2
_FILE = re.compile(rf"packed/({layout.NUMBER})/(proof|entries|opened\.jsonl)")


class Packs:
    """The packs of a bundle: `packed/<first>/…`, in the order of their entries.

    Reading a bundle opens the proofs alone, which say what entries there are.
    """

    def __init__(self, archive: Archive, size: int, *, there: bool) -> None:
        """None where they are not `there`. Raises FormatError."""
        self._archive = archive
        self._size = size
        self.firsts = _firsts(archive.names) if there else []
        self.indexes = array("q")
        for first in self.firsts:
            indexes = self._proof(first).indexes
            if indexes[0] != first or (self.indexes and self.indexes[-1] >= first):
                raise FormatError(f"packed/{first} holds entries out of order")
            if indexes[-1] >= size:
                raise FormatError(f"packed/{first} holds entries that the log has not")
            self.indexes.extend(indexes)
        self.entries = lru_cache(_CACHED)(self._read_entries)
        self.opened = lru_cache(_CACHED)(self._read_opened)
        self.nodes = lru_cache(_CACHED)(self._read_nodes)

    def first(self, index: int) -> int:
        """The pack that an entry is in, by its first entry."""
        return self.firsts[bisect_right(self.firsts, index) - 1]

    def path(self, index: int) -> list[bytes]:
        """The audit path of one of the entries."""
        return path_in(self.nodes(self.first(index)), index, self._size)

    def _proof(self, first: int) -> Inclusion:
        name = layout.packed(first, "proof")
        try:
            return Inclusion.parse(self._archive.read(name))
        except FormatError as error:
            raise FormatError(f"{name}: {error}") from error

    def _read_entries(self, first: int) -> Mapping[int, bytes]:
        """The exact bytes of a pack's entries, by index."""
        name, indexes = layout.packed(first, "entries"), self._proof(first).indexes
        found = parse_entries(self._archive.read(name))
        if len(found) != len(indexes):
            raise FormatError(f"{name} does not hold the entries that its proof says")
        return dict(zip(indexes, found, strict=True))

    def _read_opened(self, first: int) -> Mapping[int, Opened]:
        """What is opened of a pack's entries, by index."""
        name = layout.packed(first, "opened.jsonl")
        if name not in self._archive.names:
            return {}
        indexes, found = self.entries(first), dict[int, Opened]()
        for line in self._archive.read(name).splitlines():
            opened = Opened.parse(line)
            if opened.index in found or opened.index not in indexes:
                raise FormatError(f"{name}: entry {opened.index} does not belong here")
            found[opened.index] = opened
        return found

    def _read_nodes(self, first: int) -> Nodes:
        """What a pack tells of the tree, up to its root; raises FormatError."""
        leaves = [merkle.leaf_hash(data) for data in self.entries(first).values()]
        try:
            return self._proof(first).nodes(self._size, leaves)
        except FormatError as error:
            raise FormatError(f"{layout.packed(first, 'proof')}: {error}") from error


def _firsts(names: frozenset[str]) -> list[int]:
    """Raises FormatError where a pack lacks a file."""
    files: dict[int, set[str]] = {}
    for name in names:
        if match := _FILE.fullmatch(name):
            files.setdefault(int(match[1]), set()).add(match[2])
    for first, found in sorted(files.items()):
        if not {"proof", "entries"} <= found:
            raise FormatError(f"packed/{first} is not whole")
    return sorted(files)
