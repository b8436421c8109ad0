"""Heads of the log that were signed before, held against the tree as it is now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from apitrail.evidence.verify.coverage import Gap
from apitrail.evidence.verify.key_history import History
from apitrail.evidence.verify.report import Finding, Verdict, tampered
from apitrail.tlog.checkpoint import Checkpoint

type RootAt = Callable[[int], bytes]
"""The tree hash when there were so many entries."""

# The writer keeps a checkpoint at least every 65,536 entries; a batch may end later, and
# entries that are owed from a full disk may make it longer.
KEPT_EVERY = 2 * 65_536


@dataclass(frozen=True, slots=True)
class Tree:
    """The log's tree after its entries were checked."""

    head: Checkpoint
    root_at: RootAt
    gaps: tuple[Gap, ...] = ()

    def continues(self, seen: Checkpoint, where: str) -> None:
        """Hold an earlier head to be of this tree, or of a past it says it has lost.

        Raises:
            Finding: TRUNCATED or FORK.
        """
        if any(seen in gap.lost for gap in self.gaps):
            return
        if seen.size > self.head.size:
            raise Finding(
                Verdict.TRUNCATED,
                f"the log has {self.head.size} entries, and had {seen.size}: {where} says so",
                index=None,
            )
        if self.root_at(seen.size) != seen.root:
            raise Finding(
                Verdict.FORK,
                f"the log had other entries among its first {seen.size}: {where} says so",
            )


def check_kept(
    kept: Iterable[tuple[int, str]],
    tree: Tree,
    history: History,
    closes: Sequence[int],
    *,
    start: int = 0,
) -> int:
    """Hold every kept checkpoint of `start` entries or more against the tree; gives how many there
    are in all.

    Raises:
        Finding: one is not the log's, or one that must be there is missing.
    """
    before, sizes = 0, []
    for size, text in kept:
        sizes.append(size)
        if size < start:
            before = size
            continue
        what = f"the kept checkpoint of {size}"
        head = history.open(text, what)
        if head.size != size:
            raise tampered(f"{what} is of {head.size}")
        tree.continues(head, what)
        if size - before > KEPT_EVERY:
            raise tampered(f"no checkpoint is kept between {before} and {size}")
        before = size
    if tree.head.size - before > KEPT_EVERY:
        raise tampered(f"no checkpoint is kept after {before}")
    for rotation in history.rotations:
        if rotation.index + 1 not in sizes:
            raise tampered("the checkpoint that shows it is not kept", index=rotation.index)
    # A stop is the last of its batch, and its checkpoint is kept.
    for index in closes:
        if index + 1 not in sizes:
            raise tampered("the checkpoint of this stop is not kept", index=index)
    return len(sizes)
