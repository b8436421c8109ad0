"""The tree against RFC 6962's own definitions at every small size, and against real logs."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vectors
from apitrail.errors import FormatError, VerificationError
from apitrail.tlog import merkle
from tlog import logs

SIZES = range(1, 101)
PUBLISHED = vectors.read("tlog")


def check_inclusion(index: int, size: int, proof: list[bytes], leaf: bytes, root: bytes) -> None:
    merkle.check_inclusion(index=index, size=size, leaf=leaf, proof=proof, root=root)


def check_consistency(
    old: int, new: int, proof: list[bytes], old_root: bytes, new_root: bytes
) -> None:
    merkle.check_consistency(old=old, new=new, old_root=old_root, new_root=new_root, proof=proof)


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert merkle.root(0, logs.reader(0)) == merkle.Frontier().root() == merkle.root_of([])
    assert merkle.EMPTY_ROOT.hex().startswith("e3b0c44298fc1c14")


def test_a_growing_frontier_has_the_root_of_the_definition_at_each_size() -> None:
    frontier = merkle.Frontier()
    for size in range(101):
        assert frontier.size == size
        assert frontier.root() == logs.naive_root(0, size)
        assert merkle.root(size, logs.reader(size)) == frontier.root()
        assert merkle.root_of(logs.HASHES[:size]) == frontier.root()
        frontier.append(logs.HASHES[size])


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_of_every_small_tree_is_proved_and_holds(size: int) -> None:
    root = logs.naive_root(0, size)
    for index in range(size):
        proof = merkle.prove_inclusion(index, size, logs.reader(size))
        assert proof == logs.naive_path(index, 0, size)
        check_inclusion(index, size, proof, logs.HASHES[index], root)


@pytest.mark.parametrize("new", SIZES)
def test_every_small_tree_is_proved_to_continue_every_smaller_one(new: int) -> None:
    for old in range(1, new + 1):
        proof = merkle.prove_consistency(old, new, logs.reader(new))
        assert proof == logs.naive_subproof(old, 0, new)
        check_consistency(old, new, proof, logs.naive_root(0, old), logs.naive_root(0, new))


@pytest.mark.parametrize("size", range(1, 25))
def test_an_inclusion_proof_holds_for_its_own_leaf_place_and_size_only(size: int) -> None:
    root = logs.naive_root(0, size)
    for index in range(size):
        proof = logs.naive_path(index, 0, size)
        for other in range(-1, 30):
            if other != index:
                with pytest.raises(VerificationError, match="leaf"):
                    check_inclusion(other, size, proof, logs.HASHES[index], root)
        for changed in (proof[:-1] if proof else [root], [*proof, root], [root, *proof]):
            with pytest.raises(VerificationError, match="leaf"):
                check_inclusion(index, size, changed, logs.HASHES[index], root)
        with pytest.raises(VerificationError, match="is not what the tree"):
            check_inclusion(index, size, proof, logs.HASHES[index + 1], root)


@pytest.mark.parametrize("new", range(1, 25))
def test_a_consistency_proof_holds_for_its_own_two_trees_only(new: int) -> None:
    for old in range(1, new + 1):
        proof = logs.naive_subproof(old, 0, new)
        roots = logs.naive_root(0, old), logs.naive_root(0, new)
        forged = logs.naive_root(1, old + 1)
        for old_root, new_root in ((forged, roots[1]), (roots[0], forged), (forged, forged[::-1])):
            with pytest.raises(VerificationError, match="tree"):
                check_consistency(old, new, proof, old_root, new_root)
        for changed in (proof[:-1] if proof else [forged], [*proof, forged], [forged, *proof]):
            with pytest.raises(VerificationError, match=r"tree|proof"):
                check_consistency(old, new, changed, *roots)


def test_a_proof_may_not_go_on_above_the_root() -> None:
    # The hashes do lead to the given roots, but not in trees of these sizes.
    with pytest.raises(VerificationError, match="too long"):
        check_inclusion(0, 1, [logs.HASHES[0]], logs.HASHES[1], logs.naive_root(0, 2))
    proof = logs.naive_subproof(3, 0, 4)
    old_root = merkle.node_hash(logs.HASHES[9], logs.naive_root(0, 3))
    new_root = merkle.node_hash(logs.HASHES[9], logs.naive_root(0, 4))
    with pytest.raises(VerificationError, match="too long"):
        check_consistency(3, 4, [*proof, logs.HASHES[9]], old_root, new_root)


@pytest.mark.parametrize("new", [0, 1, 5])
def test_continuing_the_empty_tree_is_no_evidence(new: int) -> None:
    with pytest.raises(VerificationError, match="does not continue a tree of 0"):
        check_consistency(0, new, [], merkle.EMPTY_ROOT, logs.naive_root(0, new))


def test_any_flipped_bit_of_a_proof_is_noticed() -> None:
    index, old, size = 37, 42, 77
    old_root, root = logs.naive_root(0, old), logs.naive_root(0, size)
    path, between = logs.naive_path(index, 0, size), logs.naive_subproof(old, 0, size)
    for at in range(len(path)):
        for flipped in logs.flips(path[at]):
            proof = [*path[:at], flipped, *path[at + 1 :]]
            with pytest.raises(VerificationError, match="is not what the tree"):
                check_inclusion(index, size, proof, logs.HASHES[index], root)
    for at in range(len(between)):
        for flipped in logs.flips(between[at]):
            proof = [*between[:at], flipped, *between[at + 1 :]]
            with pytest.raises(VerificationError, match="does not continue"):
                check_consistency(old, size, proof, old_root, root)


@given(
    st.integers(-2, 2**64),
    st.integers(-2, 2**64),
    st.lists(st.binary(min_size=31, max_size=33), max_size=70),
)
def test_junk_is_refused_as_evidence_and_nothing_else(
    one: int, other: int, proof: list[bytes]
) -> None:
    with pytest.raises(VerificationError):
        check_inclusion(one, other, proof, logs.HASHES[0], logs.HASHES[1])
    with pytest.raises(VerificationError):
        check_consistency(one, other, proof, logs.HASHES[0], logs.HASHES[1])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 5), (5, 5)])
def test_a_leaf_outside_the_tree_cannot_be_proved(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="is not in a tree"):
        merkle.prove_inclusion(index, size, logs.reader(size))


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 5), (6, 5), (-1, 5)])
def test_nothing_continues_the_empty_tree_or_a_larger_one(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="cannot be shown to continue"):
        merkle.prove_consistency(old, new, logs.reader(5))


def test_a_reader_that_answers_with_something_else_than_a_hash_is_refused() -> None:
    with pytest.raises(FormatError, match="31 bytes"):
        merkle.root(5, lambda level, index: b"x" * 31)


def test_a_frontier_goes_on_from_its_peaks_and_a_copy_grows_alone() -> None:
    frontier = merkle.Frontier.read(77, logs.reader(77))
    again = merkle.Frontier(77, frontier.peaks)
    twin = frontier.copy()
    twin.extend(logs.HASHES[77:90])
    assert twin.root() == logs.naive_root(0, 90)
    assert frontier.root() == again.root() == logs.naive_root(0, 77)


@pytest.mark.parametrize(("size", "count"), [(-1, 1), (0, 1), (3, 1), (4, 2)])
def test_peaks_that_do_not_fit_the_size_are_refused(size: int, count: int) -> None:
    with pytest.raises(FormatError, match="do not make a tree"):
        merkle.Frontier(size, logs.HASHES[:count])


def test_a_frontier_refuses_what_is_not_a_hash() -> None:
    frontier = merkle.Frontier()
    with pytest.raises(FormatError, match="33 bytes"):
        frontier.append(b"x" * 33)
    with pytest.raises(FormatError, match="0 bytes"):
        merkle.Frontier(1, [b""])
    assert frontier.root() == merkle.EMPTY_ROOT


# Published vectors


def published(kind: str) -> list[Any]:
    return [pytest.param(case, id=name) for name, case in PUBLISHED[kind].items()]


def decoded(text: str | None) -> bytes:
    return base64.b64decode(text or "")


@pytest.mark.parametrize("case", published("inclusion"))
def test_published_inclusion_case(case: dict[str, Any]) -> None:
    proof = [decoded(line) for line in case["proof"] or []]
    leaf, root = decoded(case["leafHash"]), decoded(case["root"])
    try:
        check_inclusion(case["leafIdx"], case["treeSize"], proof, leaf, root)
    except VerificationError:
        assert case["wantErr"]
    else:
        assert not case["wantErr"]


# Their roots are eleven bytes of text; we take nothing but SHA-256 hashes.
NOT_HASHES = PUBLISHED["consistency"]["additional/sizes-are-equal-one-and-proof-is-empty"]


@pytest.mark.parametrize("case", published("consistency"))
def test_published_consistency_case(case: dict[str, Any]) -> None:
    proof = [decoded(line) for line in case["proof"] or []]
    roots = decoded(case["root1"]), decoded(case["root2"])
    refused = case["wantErr"] or case is NOT_HASHES
    try:
        check_consistency(case["size1"], case["size2"], proof, *roots)
    except VerificationError:
        assert refused
    else:
        assert not refused


def test_all_published_cases_are_there() -> None:
    assert len(published("inclusion")) + len(published("consistency")) == 196


def test_the_classic_roots_of_certificate_transparency() -> None:
    cases = PUBLISHED["roots"]
    assert len(cases) == 8
    for case in cases:
        leaves = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in case["leaves"]]
        assert merkle.root_of(leaves).hex() == case["root"]


def test_a_certificate_of_2013_is_in_its_log() -> None:
    case = PUBLISHED["certificate"]
    path = [bytes.fromhex(node) for node in case["audit_path"]]
    leaf = merkle.leaf_hash(bytes.fromhex(case["leaf_hex"]))
    root = bytes.fromhex(case["root"])
    check_inclusion(case["index"], case["tree_size"], path, leaf, root)
    with pytest.raises(VerificationError, match="leaf 848048 is not what"):
        check_inclusion(case["index"] - 1, case["tree_size"], path, leaf, root)
