"""Writes the entries that a large bundle shows: in packs, each of up to 256 of them.

A file for each part of each entry is easiest to read, but of a million calls that is more files than
zips are read with. `packs.py` reads what this writes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import batched

from apitrail import entry
from apitrail.entry import Entry
from apitrail.errors import UsageError
from apitrail.evidence.bundle import layout
from apitrail.evidence.bundle.inclusion import Inclusion
from apitrail.evidence.bundle.layout import Opened
from apitrail.evidence.bundle.log_tree import Tree
from apitrail.source import Contents, Source
from apitrail.tlog import tile

FROM = 10_000
"""Of more entries than this, packs are written."""

# A pack is parsed as one; bodies can be large.
_LARGEST = 4 << 20

_FILES = 3

type Shown = tuple[int, tuple[str, ...]]
"""An entry, and the facets of it to open."""


def most_files(shown: int, total: int) -> int:
    """How many files the packs of so many entries can have, of so many bytes together."""
    # Each pack is full, or together with the next one it has too many bytes for one.
    return _FILES * min(shown, shown // tile.WIDTH + 1 + 2 * (total // _LARGEST))


def files(
    source: Source, tree: Tree, size: int, shown: Iterable[Shown]
) -> Iterator[tuple[str, bytes]]:
    """The files of all packs for these entries, which are in order, of a log of `size`.

    Raises:
        UsageError: the source lacks one of them.
    """
    pack: list[tuple[Entry, bytes]] = []
    held = 0
    for link, line in _lines(source, shown):
        if pack and (len(pack) == tile.WIDTH or held + len(line) > _LARGEST):
            yield from _files(tree, size, pack)
            pack, held = [], 0
        pack.append((link, line))
        held += len(line)
    if pack:
        yield from _files(tree, size, pack)


def _files(tree: Tree, size: int, pack: list[tuple[Entry, bytes]]) -> Iterator[tuple[str, bytes]]:
    links, lines = zip(*pack, strict=True)
    indexes = [link.index for link in links]
    proof = Inclusion.of(indexes, size, tree.inclusion)
    yield layout.packed(indexes[0], "proof"), str(proof).encode()
    yield layout.packed(indexes[0], "entries"), tile.pack_entries(link.data for link in links)
    yield layout.packed(indexes[0], "opened.jsonl"), b"".join(lines)


def _lines(source: Source, shown: Iterable[Shown]) -> Iterator[tuple[Entry, bytes]]:
    """Each entry, and the line of what is opened of it."""
    for run in _runs(shown):
        first, stop = run[0][0], run[-1][0] + 1
        links = map(Entry.parse, source.entries(first, stop))
        contents = source.contents(first, stop)
        index, content = next(contents, (stop, Contents(None)))
        for (wanted, tags), link in zip(run, links, strict=False):
            if link.index != wanted:
                break
            while index < wanted:
                index, content = next(contents, (stop, Contents(None)))
            found = _opened(link, content, tags) if index == wanted else {}
            yield link, Opened(wanted, found).line if found else b""
            first = wanted + 1
        if first != stop:
            raise UsageError(
                f"the log has no entry {first}",
                hint="`apitrail verify` says what is wrong with it",
            )


def _runs(shown: Iterable[Shown]) -> Iterator[list[Shown]]:
    """Entries without a hole between them, which are read together."""
    for some in batched(shown, tile.WIDTH, strict=False):
        start = 0
        for at in range(1, len(some) + 1):
            if at == len(some) or some[at][0] != some[at - 1][0] + 1:
                yield list(some[start:at])
                start = at


def _opened(
    link: Entry, content: Contents, tags: tuple[str, ...]
) -> dict[str, tuple[bytes, bytes]]:
    """Salt and content of those facets that are there; the event key is never given away."""
    found: dict[str, tuple[bytes, bytes]] = {}
    for tag in link.commitments:
        facet = content.facets.get(tag) if tag in tags else None
        if facet is None:
            continue
        key = content.event_key
        salt = facet.salt if key is None else entry.salt(key, tag)
        if salt is not None:
            found[tag] = (salt, facet.content)
    return found
