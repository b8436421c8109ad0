"""The tree of a log that goes on from a head that is known to be good.

Nothing stored before that head is believed as it is: the stored tiles must lead to the root of the
known head, and every single entry must be shown to be in the tree that is signed now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apitrail.errors import FormatError, VerificationError
from apitrail.evidence.verify.report import tampered
from apitrail.evidence.verify.segment import Segment, Visit, walk
from apitrail.tlog import merkle, tile
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail.audit import Audit


def edge(audit: Audit, known: Checkpoint) -> merkle.Frontier | None:
    """The right edge of the tree of the known head, from stored tiles; None where these do not lead
    to its root."""
    if not 0 < known.size <= audit.size:
        return None
    try:
        found = audit.frontier_at(known.size)
    except FormatError:
        return None
    return found if found.root() == known.root else None


@dataclass(frozen=True, slots=True)
class Continuation:
    """A log that is at `head` now and was at `known`, with the leaf hashes in between.

    `edge` is the one of `known`, already held against its root.
    """

    audit: Audit
    known: Checkpoint
    head: Checkpoint
    edge: merkle.Frontier
    leaves: Sequence[bytes]

    def root_at(self, size: int) -> bytes:
        """The tree hash when there were `size` entries; raises Finding where stored tiles are not
        those of this tree."""
        if size >= self.known.size:
            grown = self.edge.copy()
            grown.extend(self.leaves[: size - self.known.size])
            return grown.root()
        if not size:
            return merkle.EMPTY_ROOT
        try:
            root = self.audit.root_at(size)
            merkle.check_consistency(
                old=size, new=self.head.size, old_root=root, new_root=self.head.root,
                proof=self.audit.consistency(size, self.head.size),
            )  # fmt: skip
        except (FormatError, VerificationError) as error:
            raise tampered(
                f"the stored tiles below {size} are not of this tree: {error}"
            ) from error
        return root

    def check_tiles(self) -> None:
        """Hold each tile that became full since to be stored, and none beyond; raises Finding."""
        start = self.known.size - self.known.size % tile.WIDTH
        # `edge` was made of these, or of a stored tile that is compared here.
        before = self.audit.entries(start, self.known.size)
        leaves = [*map(merkle.leaf_hash, before), *self.leaves]
        wanted = tile.complete_tiles(
            self.known.size, self.head.size, leaf=lambda index: leaves[index - start],
            full_tile=self.audit.full_tile,
        )  # fmt: skip
        try:
            for at, data in wanted:
                if self.audit.full_tile(at.level, at.index) != data:
                    raise tampered(f"tile {at.level}/{at.index} is not of this tree")
        except FormatError as error:
            raise tampered(str(error)) from error
        if beyond := self.audit.higher_tile(self.head.size):
            raise tampered(beyond)

    def single(self, index: int, visit: Visit | None = None) -> Segment:
        """One entry, held as verification of everything holds it; raises Finding."""
        found = walk(self.audit, index, index + 1, visit=visit)
        try:
            merkle.check_inclusion(
                index=index, size=self.head.size, leaf=found.last, root=self.head.root,
                proof=self.audit.inclusion(index, self.head.size),
            )  # fmt: skip
        except (FormatError, VerificationError) as error:
            raise tampered(f"it is not of this tree: {error}", index=index) from error
        return found
