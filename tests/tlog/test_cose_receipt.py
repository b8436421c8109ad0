"""COSE Receipts: one encoding, and nothing but the proved leaf passes; scitt-cose agrees."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scitt_cose import verify_receipt

from apitrail.errors import FormatError, VerificationError
from apitrail.tlog import cose_key, merkle
from apitrail.tlog.cose_receipt import Claims, CoseReceipt
from apitrail.tlog.note import UnknownKeyError
from tlog import logs

TRUSTED = [logs.SIGNER.verifier]
PEM = cose_key.pem(logs.SIGNER.verifier.public_key)


def receipt_of(index: int, size: int) -> CoseReceipt:
    """An honest one."""
    return CoseReceipt.sign(
        logs.SIGNER, size=size, root=logs.naive_root(0, size), index=index,
        hashes=logs.naive_path(index, 0, size), issued=1_795_330_000,
    )  # fmt: skip


RECEIPT = receipt_of(5, 13)


def foreign(data: bytes, entry: bytes, pem: bytes = PEM) -> bool:
    """What PyPI's scitt-cose says."""
    return bool(verify_receipt(data, leaf_entry_hex=entry.hex(), log_public_key_pem=pem).ok)


def holds(data: bytes, entry: bytes) -> bool:
    """What we say."""
    with suppress(FormatError, VerificationError):
        CoseReceipt.parse(data).check(merkle.leaf_hash(entry), TRUSTED)
        return True
    return False


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (5, 13), (300, 700), (699, 700)])
def test_two_verifiers_accept_an_honest_receipt_and_no_other_entry(index: int, size: int) -> None:
    data = bytes(receipt_of(index, size))
    for judge in (holds, foreign):
        assert judge(data, b"entry %d" % index)
        assert not judge(data, b"entry %d" % (index + 1))


def test_it_is_what_the_rfc_says() -> None:
    found = cbor2.loads(bytes(RECEIPT))
    protected, unprotected, payload, signature = found.value
    assert (found.tag, payload, len(signature)) == (18, None, 64)
    assert cbor2.loads(protected) == {
        1: -8, 395: 1, 4: cose_key.thumbprint(logs.SIGNER.verifier.public_key),
        15: {1: logs.ORIGIN, 2: f"{logs.ORIGIN}#5", 6: 1_795_330_000},
    }  # fmt: skip
    [proof] = unprotected[396][-1]
    assert cbor2.loads(proof) == [13, 5, list(RECEIPT.hashes)]


def test_a_parsed_receipt_is_the_one_that_was_written() -> None:
    assert CoseReceipt.parse(bytes(RECEIPT)) == RECEIPT
    assert bytes(RECEIPT.claims) == RECEIPT.protected
    verifier, root = RECEIPT.check(logs.HASHES[5], TRUSTED)
    assert (verifier, root) == (logs.SIGNER.verifier, logs.naive_root(0, 13))


def test_no_flipped_bit_passes_either_verifier() -> None:
    data = bytes(RECEIPT)
    for at in range(len(data)):
        flipped = data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]
        assert not holds(flipped, b"entry 5"), at
        assert not foreign(flipped, b"entry 5"), at


@given(st.binary(max_size=80) | st.binary(max_size=80).map(lambda tail: b"\xd2\x84" + tail))
def test_junk_is_only_malformed(data: bytes) -> None:
    with pytest.raises(FormatError):
        CoseReceipt.parse(data)


def enveloped(change: Callable[[list[object]], None], tag: int = 18) -> bytes:
    """The receipt with something else in its envelope."""
    parts = [RECEIPT.protected, {396: {-1: [proof([13, 5, list(RECEIPT.hashes)])]}}, None,
             RECEIPT.signature]  # fmt: skip
    change(parts)
    return cbor2.dumps(cbor2.CBORTag(tag, parts))


def proof(value: object) -> bytes:
    return cbor2.dumps(value)


def put(at: int, value: object) -> Callable[[list[object]], None]:
    return lambda parts: parts.__setitem__(at, value)


@pytest.mark.parametrize("data", [
    b"",
    enveloped(lambda _: None) + b"\x00",
    enveloped(lambda _: None)[:-1],
    enveloped(lambda _: None, tag=61),
    enveloped(lambda parts: parts.append(None)),
    enveloped(put(0, {1: -8})),
    enveloped(put(1, {})),
    enveloped(put(1, {396: {-1: []}})),
    enveloped(put(1, {396: {-2: [proof([13, 5, []])]}})),
    enveloped(put(1, {396: {-1: [proof([13, 13, list(RECEIPT.hashes)])]}})),
    enveloped(put(1, {396: {-1: [proof([13, -1, list(RECEIPT.hashes)])]}})),
    enveloped(put(1, {396: {-1: [proof([True, 0, []])]}})),
    enveloped(put(1, {396: {-1: [proof([13.0, 5, list(RECEIPT.hashes)])]}})),
    enveloped(put(1, {396: {-1: [proof([13, 5, [b"short"]])]}})),
    enveloped(put(1, {396: {-1: [proof([13, 5, "no path"])]}})),
    enveloped(put(1, {396: {-1: [proof([2**70, 5, list(RECEIPT.hashes)])]}})),
    enveloped(put(1, {396: {-1: [proof([13, 5, [bytes(32)] * 64])]}})),
    enveloped(put(2, logs.naive_root(0, 13))),
    enveloped(put(3, "text")),
    b"\xd2\x84" * 40_000,
    b"\x81" * 70_000,
])  # fmt: skip
def test_a_malformed_receipt_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        CoseReceipt.parse(data)
    assert not foreign(data, b"entry 5")


def signed(protected: dict[int, object]) -> CoseReceipt:
    """The log's key has signed this header."""
    header = cbor2.dumps(protected, canonical=True)
    message = cbor2.dumps(["Signature1", header, b"", logs.naive_root(0, 13)])
    return replace(RECEIPT, protected=header, signature=logs.SIGNER.sign(message))


SAID: dict[int, object] = cbor2.loads(RECEIPT.protected)


@pytest.mark.parametrize("change", [
    {1: -7}, {1: "EdDSA"}, {1: None}, {2: [395]}, {395: 2}, {395: None}, {4: "text"}, {4: None},
    {15: {}}, {15: {1: logs.ORIGIN, 2: 5}}, {15: {1: logs.ORIGIN, 2: "x", 6: "today"}}, {15: None},
])  # fmt: skip
def test_a_header_that_lacks_something_is_refused_though_it_is_signed(
    change: dict[int, object],
) -> None:
    header = {label: value for label, value in (SAID | change).items() if value is not None}
    with pytest.raises(FormatError):
        signed(header).check(logs.HASHES[5], TRUSTED)


def test_what_is_said_beside_is_left_alone_and_the_newer_name_of_ed25519_is_known() -> None:
    for change in ({16: "application/x"}, {-70_000: 1}, {1: -19}):
        signed(SAID | change).check(logs.HASHES[5], TRUSTED)


def test_a_receipt_of_another_entry_or_log_does_not_hold() -> None:
    moved = signed(SAID | {15: {1: logs.ORIGIN, 2: f"{logs.ORIGIN}#6"}})
    with pytest.raises(VerificationError, match=r"is of 'example\.org/log#6', not of leaf 5"):
        moved.check(logs.HASHES[5], TRUSTED)
    named = signed(SAID | {15: {1: "example.org/other", 2: "example.org/other#5"}})
    with pytest.raises(UnknownKeyError):
        named.check(logs.HASHES[5], TRUSTED)


def test_another_key_is_not_trusted() -> None:
    with pytest.raises(UnknownKeyError, match="no trusted key has signed this"):
        RECEIPT.check(logs.HASHES[5], [logs.OTHER.verifier])
    assert not foreign(bytes(RECEIPT), b"entry 5", cose_key.pem(logs.OTHER.verifier.public_key))


def test_the_time_may_be_missing() -> None:
    said = replace(RECEIPT.claims, issued=None)
    assert Claims.parse(bytes(said)) == said
