"""Between two checkpoints that are kept there are never too many entries."""

from __future__ import annotations

from typing import Any

import pytest

from apitrail.evidence.verify import Finding
from apitrail.evidence.verify.heads import KEPT_EVERY, Tree, check_kept
from apitrail.evidence.verify.key_history import History
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from trails import ORIGIN, SIGNER

ROOT = bytes(32)
HISTORY = History(ORIGIN, (SIGNER.verifier,))


def kept(*sizes: int) -> list[tuple[int, str]]:
    return [(size, note.sign(str(Checkpoint(ORIGIN, size, ROOT)), SIGNER)) for size in sizes]


def check(size: int, *sizes: int, closes: Any = ()) -> int:
    tree = Tree(Checkpoint(ORIGIN, size, ROOT), lambda _: ROOT)
    return check_kept(kept(*sizes), tree, HISTORY, closes)


def test_as_many_as_a_writer_leaves_between_two_are_fine():
    assert check(3 * KEPT_EVERY, KEPT_EVERY, 2 * KEPT_EVERY) == 2


@pytest.mark.parametrize(
    ("size", "sizes", "message"),
    [
        (KEPT_EVERY + 1, (), "no checkpoint is kept after 0"),
        (KEPT_EVERY + 1, (KEPT_EVERY + 1,), f"kept between 0 and {KEPT_EVERY + 1}"),
        (2 * KEPT_EVERY + 1, (9, KEPT_EVERY + 10), f"kept between 9 and {KEPT_EVERY + 10}"),
        (2 * KEPT_EVERY + 1, (KEPT_EVERY,), f"no checkpoint is kept after {KEPT_EVERY}"),
    ],
)
def test_one_more_is_a_finding(size, sizes, message):
    with pytest.raises(Finding, match=message):
        check(size, *sizes)


def test_the_checkpoint_of_a_stop_is_kept():
    assert check(9, 5, closes=[4]) == 1
    with pytest.raises(Finding, match="entry 5: the checkpoint of this stop is not kept"):
        check(9, 5, closes=[5])
