"""Witness cosignatures: real ones by Sunlight's witness, and our own."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vectors
from apitrail.errors import FormatError, VerificationError
from apitrail.tlog import note
from apitrail.tlog.cosignature import Cosignature, CosignatureVerifier, Cosigner
from apitrail.tlog.note import Note, UnknownKeyError
from tlog import logs

REAL = vectors.read("tlog")["cosigned"]

WITNESS = Cosigner("witness.example", bytes(range(32)))
NOON = 1_795_348_800


def cosigned(time: int = NOON) -> Note:
    head = Note.parse(logs.signed_head(9))
    return Note(head.text, (*head.signatures, WITNESS.cosign(head.text, time=time)))


@pytest.mark.parametrize("real", REAL)
def test_a_real_witness_s_cosignature_holds(real: dict[str, str]) -> None:
    vkey = real["key"]
    verifier = CosignatureVerifier.parse(vkey)
    assert str(verifier) == vkey

    opened = note.open(real["note"], [verifier])
    [signature] = opened.signatures
    assert signature.name == verifier.name
    assert Cosignature.parse(signature.data).time == 1_767_139_200  # 2025-12-31T00:00:00Z


@pytest.mark.parametrize("real", REAL)
def test_any_flipped_bit_under_a_real_cosignature_is_refused(real: dict[str, str]) -> None:
    vkey = real["key"]
    text, _, lines = real["note"].partition("\n\n")
    [line] = [line for line in lines.splitlines() if vkey.split("+")[0] in line]
    for flipped in logs.flips(f"{text}\n\n{line}\n".encode()):
        with pytest.raises((FormatError, VerificationError)):
            note.open(flipped, [CosignatureVerifier.parse(vkey)])


def test_a_head_carries_the_log_s_signature_and_a_witness_s() -> None:
    opened = note.open(str(cosigned()), [logs.SIGNER.verifier, WITNESS.verifier])
    assert [line.name for line in opened.signatures] == [logs.ORIGIN, "witness.example"]
    assert Cosignature.parse(opened.signatures[1].data).time == NOON


def test_the_time_is_signed() -> None:
    head = cosigned()
    line = head.signatures[1]
    later = bytes(Cosignature(NOON + 1, Cosignature.parse(line.data).signature))
    forged = Note(head.text, (head.signatures[0], note.Signature(line.name, line.key_id, later)))
    with pytest.raises(VerificationError, match=r"by 'witness.example' is not good"):
        note.open(str(forged), [logs.SIGNER.verifier, WITNESS.verifier])


def test_a_witness_counts_once_however_often_it_signs() -> None:
    head, later = cosigned(), cosigned(NOON + 60)
    twice = Note(head.text, (*head.signatures, later.signatures[1]))
    opened = note.open(str(twice), [WITNESS.verifier])
    assert opened.signatures == (head.signatures[1],)


def test_a_plain_signature_is_no_cosignature() -> None:
    plain = note.Signer.generate("witness.example", bytes(range(32)))
    assert plain.verifier.public_key == WITNESS.verifier.public_key
    assert plain.verifier.key_id != WITNESS.verifier.key_id
    with pytest.raises(UnknownKeyError, match="no trusted key"):
        note.open(logs.signed_head(9, plain), [WITNESS.verifier])
    assert not WITNESS.verifier.verify(b"text\n", plain.sign(b"text\n"))


def test_only_a_checkpoint_is_cosigned() -> None:
    with pytest.raises(FormatError, match="malformed checkpoint"):
        WITNESS.cosign("any text\n", time=NOON)


@pytest.mark.parametrize("time", [-1, 2**63])
def test_a_time_that_cannot_be_written_is_refused(time: int) -> None:
    with pytest.raises(FormatError, match="malformed cosignature"):
        WITNESS.cosign(cosigned().text, time=time)


@given(st.integers(0, 2**63 - 1), st.binary(min_size=64, max_size=64))
def test_cosignatures_and_bytes_are_inverses(time: int, signature: bytes) -> None:
    value = Cosignature(time, signature)
    assert Cosignature.parse(bytes(value)) == value


@given(st.binary(max_size=100) | st.binary(min_size=72, max_size=72))
def test_junk_is_malformed_and_verifies_nothing(data: bytes) -> None:
    assert not WITNESS.verifier.verify(b"text\n", data)
    with suppress(FormatError):
        assert bytes(Cosignature.parse(data)) == data


@given(st.text())
def test_junk_for_keys_is_only_malformed(text: str) -> None:
    with pytest.raises(FormatError):
        CosignatureVerifier.parse(text)


def test_a_log_s_key_is_no_witness_s() -> None:
    with pytest.raises(FormatError, match="not of type 0x04"):
        CosignatureVerifier.parse(str(logs.SIGNER.verifier))


def test_the_secret_is_not_in_the_repr() -> None:
    assert repr(WITNESS) == "Cosigner(name='witness.example')"
