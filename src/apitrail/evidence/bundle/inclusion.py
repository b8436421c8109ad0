"""That several entries are in a log: one text for all of them, which gives each hash once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Self

from apitrail.errors import FormatError
from apitrail.evidence.bundle import log_tree
from apitrail.tlog import encoding, merkle
from apitrail.tlog.tile import WIDTH

type Path = Callable[[int], Sequence[bytes]]
"""Gives the audit path of one leaf."""

type Nodes = dict[tuple[int, int], bytes]
"""Hashes of a tree's nodes, by the leaves [start, end) that each is over."""

_LONGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Inclusion:
    """The place of 1 to 256 entries in the log's tree.

        apitrail.inclusion@v1
        entries 0-255 300
        <base64 of 32 bytes>
        …

    The hashes are those of the largest subtrees that hold none of the entries, from left to right:
    with them and the entries' own hashes the root can be made (RFC 6962, section 2.1). Neighbours are
    written as a run, so that there is one spelling.
    """

    indexes: tuple[int, ...]
    hashes: tuple[bytes, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Inverse of `str()`; raises FormatError."""
        text = encoding.decode_utf8(data, "inclusion proof", limit=_LONGEST)
        match text.split("\n"):
            case ["apitrail.inclusion@v1", said, *hashes, ""] if said.startswith("entries "):
                return cls(
                    tuple(_indexes(said.removeprefix("entries "))),
                    tuple(encoding.decode_base64(x, "proof hash", length=32) for x in hashes),
                )
            case _:
                raise FormatError("malformed inclusion proof")

    def __str__(self) -> str:
        lines = ["apitrail.inclusion@v1", f"entries {' '.join(_runs(self.indexes))}"]
        lines += map(encoding.encode_base64, self.hashes)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def of(cls, indexes: Sequence[int], size: int, path: Path) -> Self:
        """The proof for these entries, in order, of a log of `size`."""
        known: Nodes = {}

        def hashes(start: int, end: int, lo: int, hi: int, near: int) -> Iterator[bytes]:
            if lo == hi:
                if (start, end) not in known:
                    known.update(log_tree.siblings(near, size, path(near)))
                yield known[start, end]
            elif end - start > 1:
                middle = start + log_tree.split(end - start)
                cut = bisect_left(indexes, middle, lo, hi)
                # What is beside a subtree without entries is on the path of any entry next to it.
                yield from hashes(start, middle, lo, cut, indexes[min(cut, hi - 1)])
                yield from hashes(middle, end, cut, hi, indexes[max(cut - 1, lo)])

        return cls(tuple(indexes), tuple(hashes(0, size, 0, len(indexes), indexes[0])))

    def nodes(self, size: int, leaves: Sequence[bytes]) -> Nodes:
        """The nodes that follow from the entries' leaf hashes, up to the root over [0, size).

        Raises:
            FormatError: these are not the hashes that it takes.
        """
        if self.indexes[-1] >= size or len(leaves) != len(self.indexes):
            raise FormatError("an inclusion proof of other entries")
        given = iter(self.hashes)
        found: Nodes = {}

        def node(start: int, end: int, lo: int, hi: int) -> bytes:
            if lo == hi:
                value = next(given, b"")
                if not value:
                    raise FormatError("an inclusion proof is too short")
            elif end - start == 1:
                value = leaves[lo]
            else:
                middle = start + log_tree.split(end - start)
                cut = bisect_left(self.indexes, middle, lo, hi)
                value = merkle.node_hash(node(start, middle, lo, cut), node(middle, end, cut, hi))
            found[start, end] = value
            return value

        node(0, size, 0, len(self.indexes))
        if next(given, None) is not None:
            raise FormatError("an inclusion proof is too long")
        return found


def path_in(nodes: Nodes, index: int, size: int) -> list[bytes]:
    """The audit path of one of the entries."""
    found, start, end = [], 0, size
    while end - start > 1:
        middle = start + log_tree.split(end - start)
        found.append(nodes[(middle, end) if index < middle else (start, middle)])
        start, end = (start, middle) if index < middle else (middle, end)
    return found[::-1]


def _runs(indexes: Sequence[int]) -> Iterator[str]:
    start = 0
    for at in range(1, len(indexes) + 1):
        if at == len(indexes) or indexes[at] != indexes[at - 1] + 1:
            first, last = indexes[start], indexes[at - 1]
            yield str(first) if first == last else f"{first}-{last}"
            start = at


def _indexes(text: str) -> Iterator[int]:
    before, number = -2, 0
    for run in islice(text.split(" "), WIDTH + 1):
        one, dash, other = run.partition("-")
        first = encoding.decode_decimal(one, "entry of a proof")
        last = encoding.decode_decimal(other, "entry of a proof") if dash else first
        number += last - first + 1
        if first <= before + 1 or (dash and last <= first) or number > WIDTH:
            raise FormatError("malformed inclusion proof: its entries")
        yield from range(first, last + 1)
        before = last
