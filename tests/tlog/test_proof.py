"""Proof files: one spelling, and nothing but the proved leaf passes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.errors import FormatError, VerificationError
from apitrail.tlog.note import UnknownKeyError
from apitrail.tlog.proof import Proof
from tlog import logs

TRUSTED = [logs.SIGNER.verifier]
PROOF = logs.proof_of(5, 13)
TEXT = str(PROOF)

proofs = st.builds(
    Proof,
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple),
    st.just(PROOF.checkpoint_note),
    st.none() | st.binary(min_size=1),
)


def test_a_proof_looks_as_the_specification_says() -> None:
    lines = str(replace(PROOF, extra=b"age-v1.2.1")).split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra YWdlLXYxLjIuMQ==", "index 5"]
    assert [len(line) for line in lines[3:8]] == [44, 44, 44, 44, 0]
    assert "\n".join(lines[8:]) == logs.signed_head(13)


@given(proofs)
def test_proofs_and_their_texts_are_inverses(value: Proof) -> None:
    assert Proof.parse(str(value)) == Proof.parse(str(value).encode()) == value


@given(
    st.binary()
    | st.text()
    | st.from_regex(r"(extra [\w+/=]*\n)?(index \d*\n)?([\w+/=]{44}\n)*", fullmatch=True).map(
        lambda middle: f"c2sp.org/tlog-proof@v1\n{middle}\n{PROOF.checkpoint_note}"
    )
)
def test_what_parses_is_what_is_printed_and_junk_is_only_malformed(data: bytes | str) -> None:
    with suppress(FormatError):
        parsed = str(Proof.parse(data))
        assert data in (parsed, parsed.encode())


@pytest.mark.parametrize(("before", "after"), [
    ("proof@v1", "proof@v2"),
    ("c2sp", " c2sp"),
    ("index 5", "index 05"),
    ("index 5", "index -5"),
    ("index 5", "index  5"),
    ("index 5", "index 5\r"),
    ("index 5", "Index 5"),
    ("index 5", "5"),
    ("index 5\n", ""),
    ("index 5", "index 5\nindex 5"),
    ("index 5", "extra \nindex 5"),
    ("index 5", "extra\nindex 5"),
    ("index 5", "extra QR==\nindex 5"),
    ("index 5", "extra QQ==\nextra QQ==\nindex 5"),
    ("index 5", "index 5\nextra QQ=="),
    ("index 5", "index 5\nQQ=="),
    ("index 5", "\nindex 5"),
    ("=\n\nexample", "=\nexample"),
    ("=\n\nexample", "=\n\n\nexample"),
    ("=\n\n— ", "=\n— "),
    ("\n13\n", "\n013\n"),
])  # fmt: skip
def test_a_malformed_proof_is_refused(before: str, after: str) -> None:
    assert before in TEXT
    with pytest.raises(FormatError):
        Proof.parse(TEXT.replace(before, after, 1))


def test_a_value_that_could_not_be_written_is_refused() -> None:
    for changes in ({"index": -1}, {"hashes": (b"x" * 31,)}, {"hashes": (b"x" * 32,) * 64}):
        with pytest.raises(FormatError, match="malformed proof of leaf"):
            replace(PROOF, **changes)
    with pytest.raises(FormatError, match="empty extra data"):
        replace(PROOF, extra=b"")


@pytest.mark.parametrize("size", range(1, 20))
def test_every_leaf_s_proof_gives_the_verified_head(size: int) -> None:
    for index in range(size):
        head = Proof.parse(str(logs.proof_of(index, size))).check(logs.HASHES[index], TRUSTED)
        assert (head.origin, head.size, head.root) == (
            logs.ORIGIN, size, logs.naive_root(0, size),
        )  # fmt: skip


def test_another_leaf_another_place_or_another_head_does_not_hold() -> None:
    with pytest.raises(VerificationError, match="leaf 5 is not what"):
        PROOF.check(logs.HASHES[6], TRUSTED)
    with pytest.raises(VerificationError, match="leaf 4 is not what"):
        replace(PROOF, index=4).check(logs.HASHES[5], TRUSTED)
    with pytest.raises(VerificationError, match="leaf 5 is not what"):
        replace(PROOF, checkpoint_note=logs.signed_head(14)).check(logs.HASHES[5], TRUSTED)


def test_an_unknown_key_is_told_from_a_broken_proof() -> None:
    with pytest.raises(UnknownKeyError, match="no trusted key"):
        PROOF.check(logs.HASHES[5], [logs.OTHER.verifier])


def test_any_flipped_bit_of_a_proof_file_is_refused() -> None:
    for flipped in logs.flips(TEXT.encode()):
        with pytest.raises((FormatError, VerificationError)):
            Proof.parse(flipped).check(logs.HASHES[5], TRUSTED)
