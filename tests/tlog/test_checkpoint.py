"""Checkpoints: one spelling, signed under their origin, and those of a Tessera log."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vectors
from apitrail.errors import FormatError, VerificationError
from apitrail.tlog import checkpoint, merkle, note, tile
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.note import Signer, UnknownKeyError, Verifier
from tlog import logs

# The example of C2SP tlog-checkpoint.
EXAMPLE = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="

TESSERA = vectors.read("tlog")["tessera"]
TESSERA_KEY = TESSERA["key"]
lines = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), min_size=1)
checkpoints = st.builds(
    Checkpoint,
    lines,
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(lines, max_size=3).map(tuple),
)


def test_the_specification_s_example_parses_and_prints_itself() -> None:
    parsed = Checkpoint.parse(EXAMPLE)
    assert (parsed.origin, parsed.size) == ("example.com/behind-the-sofa", 20852163)
    assert parsed.root.hex().startswith("0ac5186a91863e8e")
    assert str(parsed) == EXAMPLE


@given(checkpoints)
def test_checkpoints_and_their_texts_are_inverses(value: Checkpoint) -> None:
    assert Checkpoint.parse(str(value)) == value


@given(st.text() | st.from_regex(rf"\w*\n\d+\n({ROOT}|[A-Q=]*)\n(\w*\n)?", fullmatch=True))
def test_what_parses_is_what_is_printed_and_junk_is_only_malformed(text: str) -> None:
    with suppress(FormatError):
        assert str(Checkpoint.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", "o\n", "o\n1\n", f"o\n1\n{ROOT}", f"\n1\n{ROOT}\n", f"o\n01\n{ROOT}\n",
        f"o\n-1\n{ROOT}\n", f"o\n+1\n{ROOT}\n", f"o\n\n{ROOT}\n", f"o\n{2**63}\n{ROOT}\n",
        f"o\n1\n{ROOT}\n\n", f"o\n1\n{ROOT}\n\next\n", f"o\n1\n{ROOT}\next\n\n",
        f"o\r\n1\n{ROOT}\n", f"o\n1\n{ROOT} \n", f"o\n1\n{ROOT[:-1]}\n", "o\n1\nQQ==\n",
        f"o\n1\n{ROOT[:-2]}J=\n", f"o\n1\n{ROOT}\ne\tt\n",
    ],
)  # fmt: skip
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="checkpoint"):
        Checkpoint.parse(text)


def test_a_value_that_could_not_be_written_is_refused() -> None:
    for origin, size, root in (("a\nb", 1, b"x" * 32), ("a", -1, b"x" * 32), ("a", 1, b"x")):
        with pytest.raises(FormatError, match="malformed checkpoint"):
            Checkpoint(origin, size, root)


def test_a_signed_head_is_opened_by_its_log_s_key() -> None:
    head, opened = checkpoint.open(logs.signed_head(9), [logs.SIGNER.verifier])
    assert head == Checkpoint(logs.ORIGIN, 9, logs.naive_root(0, 9))
    assert [line.name for line in opened.signatures] == [logs.ORIGIN]


def test_a_signature_under_another_name_does_not_make_it_the_log_s() -> None:
    witness = Signer.generate("witness.example", bytes(32))
    trusted = [logs.SIGNER.verifier, witness.verifier]
    assert checkpoint.open(logs.signed_head(9, logs.SIGNER, witness), trusted)
    with pytest.raises(UnknownKeyError, match=r"of 'example.org/log' has signed"):
        checkpoint.open(logs.signed_head(9, witness), trusted)


def test_a_signed_note_that_is_no_checkpoint_is_malformed() -> None:
    with pytest.raises(FormatError, match="malformed checkpoint"):
        checkpoint.open(note.sign("hello\n", logs.SIGNER), [logs.SIGNER.verifier])


def test_tessera_s_log_holds_at_each_of_its_sixteen_sizes() -> None:
    entries = tile.parse_entries(base64.b64decode(TESSERA["entries"]))
    hashes = [merkle.leaf_hash(entry) for entry in entries]
    heads = [tessera_head(size) for size in range(16)]
    for size, head in enumerate(heads):
        assert head.size == size
        assert head.root == merkle.root_of(hashes[:size])


def test_every_proof_of_tessera_s_log_holds() -> None:
    hashes = base64.b64decode(TESSERA["hashes"])
    leaves = [hashes[at : at + 32] for at in range(0, len(hashes), 32)]
    heads = [tessera_head(size) for size in range(16)]
    for head in heads:
        reader = tile.TileReader(head.size, full_tile=no_tile, leaf=leaves.__getitem__)
        for index in range(head.size):
            path = merkle.prove_inclusion(index, head.size, reader.read)
            merkle.check_inclusion(
                index=index, size=head.size, leaf=leaves[index], proof=path, root=head.root
            )
        for old in heads[1 : head.size + 1]:
            path = merkle.prove_consistency(old.size, head.size, reader.read)
            merkle.check_consistency(
                old=old.size, new=head.size, old_root=old.root, new_root=head.root, proof=path
            )


def test_a_head_of_tessera_with_another_s_signature_is_refused() -> None:
    text, _, _ = TESSERA["checkpoints"][7].partition("\n\n")
    _, _, signatures = TESSERA["checkpoints"][8].partition("\n\n")
    with pytest.raises(VerificationError, match="is not good"):
        checkpoint.open(f"{text}\n\n{signatures}", [Verifier.parse(TESSERA_KEY)])


def tessera_head(size: int) -> Checkpoint:
    signed = TESSERA["checkpoints"][size].encode()
    head, _ = checkpoint.open(signed, [Verifier.parse(TESSERA_KEY)])
    return head


def no_tile(level: int, index: int) -> bytes:
    raise AssertionError("a log of fifteen entries has no full tile")
