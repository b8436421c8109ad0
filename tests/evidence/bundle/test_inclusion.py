"""One proof for several entries: each hash once, one spelling, and nothing more than it takes."""

from __future__ import annotations

import random

import pytest

from apitrail.errors import FormatError
from apitrail.evidence.bundle.inclusion import Inclusion, path_in
from apitrail.tlog import merkle


def tree(size: int) -> tuple[list[bytes], merkle.Read]:
    leaves = [merkle.leaf_hash(b"%d" % index) for index in range(size)]
    return leaves, lambda level, index: merkle.root_of(
        leaves[index << level : (index + 1) << level]
    )


def proof(indexes: list[int], size: int) -> tuple[Inclusion, list[bytes], merkle.Read]:
    leaves, read = tree(size)
    found = Inclusion.of(indexes, size, lambda at: merkle.prove_inclusion(at, size, read))
    return found, [leaves[at] for at in indexes], read


def test_any_entries_of_any_log_make_its_root_and_every_path() -> None:
    dice = random.Random(1)
    for _ in range(100):
        size = dice.randrange(1, 300)
        indexes = sorted(dice.sample(range(size), dice.randrange(1, min(size, 256) + 1)))
        found, leaves, read = proof(indexes, size)
        assert Inclusion.parse(str(found).encode()) == found
        nodes = found.nodes(size, leaves)
        assert nodes[0, size] == merkle.root(size, read)
        for index in dice.sample(indexes, min(len(indexes), 5)):
            assert path_in(nodes, index, size) == merkle.prove_inclusion(index, size, read)


def test_neighbours_share_their_hashes() -> None:
    found, _, _ = proof(list(range(64, 128)), 256)
    assert str(found).splitlines()[1] == "entries 64-127"
    assert len(found.hashes) == 2


@pytest.mark.parametrize("change", [lambda x: x[:-1], lambda x: (*x, bytes(32))])
def test_a_hash_too_few_or_too_many_is_refused(change) -> None:
    found, leaves, _ = proof([3, 9], 20)
    with pytest.raises(FormatError, match="too"):
        Inclusion(found.indexes, change(found.hashes)).nodes(20, leaves)


def test_entries_beyond_the_log_and_leaves_of_others_are_refused() -> None:
    found, leaves, _ = proof([3, 9], 20)
    with pytest.raises(FormatError, match="other entries"):
        found.nodes(9, leaves)
    with pytest.raises(FormatError, match="other entries"):
        found.nodes(20, leaves[:1])


@pytest.mark.parametrize(
    "said", ["", "1 1", "2 1", "1 2", "1-1", "2-1", "1-2 3", "0-256", "01", "1-", "-1", "1  3", "0-9223372036854775807"],
)  # fmt: skip
def test_entries_have_one_spelling(said: str) -> None:
    with pytest.raises(FormatError):
        Inclusion.parse(f"apitrail.inclusion@v1\nentries {said}\n".encode())


@pytest.mark.parametrize("text", ["", "apitrail.inclusion@v1\n", "apitrail.inclusion@v2\nentries 1\n",
                                  "apitrail.inclusion@v1\nentries 1", "apitrail.inclusion@v1\nentry 1\n",
                                  "apitrail.inclusion@v1\nentries 1\nAAAA\n"])  # fmt: skip
def test_a_malformed_proof_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        Inclusion.parse(text.encode())
