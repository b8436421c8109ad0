"""The log's public key for verifiers of other formats."""

from __future__ import annotations

import hashlib

import cbor2
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from apitrail.tlog import cose_key
from tlog import logs

PUBLIC = logs.SIGNER.verifier.public_key


def test_a_cose_key_is_of_rfc_9053() -> None:
    assert cbor2.loads(cose_key.encode(PUBLIC)) == {
        1: 1, 2: cose_key.thumbprint(PUBLIC), 3: -8, -1: 6, -2: PUBLIC,
    }  # fmt: skip


def test_the_thumbprint_is_of_what_the_key_type_requires_and_no_more() -> None:
    # RFC 9679, section 4: kty, crv and x, in the order of deterministic CBOR.
    by_hand = b"\xa3\x01\x01\x20\x06\x21\x58\x20" + PUBLIC
    assert cose_key.thumbprint(PUBLIC) == hashlib.sha256(by_hand).digest()


def test_the_pem_is_the_same_key() -> None:
    key = load_pem_public_key(cose_key.pem(PUBLIC))
    assert key.public_bytes_raw() == PUBLIC
