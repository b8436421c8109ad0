"""Cosignatures with ML-DSA-44: one that torchwood made, and our own."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vectors
from apitrail.errors import FormatError, VerificationError
from apitrail.tlog import checkpoint, note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.cosignature import Cosignature, CosignatureVerifier, Cosigner
from apitrail.tlog.mldsa_cosignature import MldsaCosigner, MldsaVerifier, parse_verifier
from apitrail.tlog.note import Note
from tlog import logs

REAL = vectors.read("tlog")["mldsa"]

WITNESS = MldsaCosigner("witness.example/pq", bytes(range(32)))
NOON = 1_795_348_800


def cosigned(time: int = NOON, witness: MldsaCosigner = WITNESS) -> Note:
    head = Note.parse(logs.signed_head(9))
    return Note(head.text, (*head.signatures, witness.cosign(head.text, time=time)))


@pytest.mark.parametrize("real", REAL)
def test_a_signature_that_torchwood_made_holds(real: dict[str, str]) -> None:
    verifier = MldsaVerifier.parse(real["key"])
    assert str(verifier) == real["key"]
    head, opened = checkpoint.open(real["note"], [verifier])
    assert head.size == 1
    assert Cosignature.parse(opened.signatures[0].data).time == 0  # it says nothing of the time


@pytest.mark.parametrize("real", REAL)
def test_flipped_bits_under_it_are_refused(real: dict[str, str]) -> None:
    verifier = MldsaVerifier.parse(real["key"])
    text = real["note"].partition("\n\n")[0] + "\n"
    line = Note.parse(real["note"]).signatures[0]
    for index in (0, 3, 7, 8, 40, 1000, 2427):
        data = bytearray(line.data)
        data[index] ^= 1
        assert not verifier.verify(text.encode(), bytes(data))
    for other in (text.replace("\n1\n", "\n2\n"), text.replace("example", "exemple"), "no\n"):
        assert not verifier.verify(other.encode(), line.data)


def test_a_head_carries_both_kinds_of_cosignature_under_one_name() -> None:
    ed25519 = Cosigner(WITNESS.name, WITNESS.seed)
    head = cosigned()
    both = Note(head.text, (*head.signatures, ed25519.cosign(head.text, time=NOON)))
    opened = note.open(str(both), [ed25519.verifier, WITNESS.verifier])
    assert [line.name for line in opened.signatures] == [WITNESS.name, WITNESS.name]
    assert WITNESS.verifier.key_id != ed25519.verifier.key_id


def test_the_time_and_the_witness_s_name_are_signed() -> None:
    head = cosigned()
    mine = Cosignature.parse(head.signatures[1].data)
    later = bytes(Cosignature(NOON + 1, mine.signature))
    assert not WITNESS.verifier.verify(head.text.encode(), later)
    renamed = MldsaVerifier("other.example/pq", WITNESS.verifier.public_key)
    assert not renamed.verify(head.text.encode(), bytes(mine))


def test_extension_lines_are_not_part_of_it() -> None:
    plain = Checkpoint.parse(cosigned().text)
    extended = Checkpoint(plain.origin, plain.size, plain.root, ("more",))
    assert WITNESS.verifier.verify(str(extended).encode(), cosigned().signatures[1].data)


@pytest.mark.parametrize("time", [-1, 2**63])
def test_a_time_that_cannot_be_written_is_refused(time: int) -> None:
    with pytest.raises(FormatError, match="malformed cosignature"):
        WITNESS.cosign(cosigned().text, time=time)


@pytest.mark.parametrize("length", [255, 256])
def test_an_origin_of_at_most_255_bytes_is_cosigned(length: int) -> None:
    text = str(Checkpoint("o" * length, 1, bytes(32)))
    if length == 255:
        line = WITNESS.cosign(text, time=NOON)
        assert WITNESS.verifier.verify(text.encode(), line.data)
        return
    with pytest.raises(FormatError, match="too long a name"):
        WITNESS.cosign(text, time=NOON)
    assert not WITNESS.verifier.verify(text.encode(), cosigned().signatures[1].data)


def test_only_a_checkpoint_is_cosigned() -> None:
    with pytest.raises(FormatError, match="malformed checkpoint"):
        WITNESS.cosign("any text\n", time=NOON)


def test_a_cosignature_of_the_other_kind_is_none_of_ours() -> None:
    text = cosigned().text
    other = Cosigner(WITNESS.name, WITNESS.seed)
    assert not WITNESS.verifier.verify(text.encode(), other.cosign(text, time=NOON).data)
    assert not other.verifier.verify(text.encode(), WITNESS.cosign(text, time=NOON).data)


def test_a_verifier_key_of_either_type_is_read() -> None:
    ed25519 = Cosigner("w", bytes(32)).verifier
    assert parse_verifier(str(WITNESS.verifier)) == WITNESS.verifier
    assert parse_verifier(str(ed25519)) == ed25519
    assert isinstance(parse_verifier(str(ed25519)), CosignatureVerifier)
    with pytest.raises(FormatError, match="not of type 0x04"):
        parse_verifier(str(logs.SIGNER.verifier))


@given(st.text())
def test_junk_for_keys_is_only_malformed(text: str) -> None:
    with pytest.raises(FormatError):
        parse_verifier(text)


@given(st.binary(max_size=100) | st.binary(min_size=2428, max_size=2428))
def test_junk_verifies_nothing(data: bytes) -> None:
    assert not WITNESS.verifier.verify(b"text\n", data)
    with suppress(FormatError):
        assert bytes(Cosignature.parse(data)) == data


def test_a_seed_of_the_wrong_size_is_refused() -> None:
    with pytest.raises(FormatError, match="31 bytes"):
        MldsaCosigner("w", bytes(31))


def test_the_secret_is_not_in_the_repr() -> None:
    assert repr(WITNESS) == "MldsaCosigner(name='witness.example/pq')"


def test_a_bad_cosignature_by_a_known_key_fails_the_note() -> None:
    head = cosigned()
    broken = note.Signature(WITNESS.name, WITNESS.verifier.key_id, bytes(2428))
    with pytest.raises(VerificationError, match="is not good"):
        note.open(str(Note(head.text, (head.signatures[0], broken))), [WITNESS.verifier])
