"""An Ed25519 public key as other formats write it: COSE_Key (RFC 9052) and PEM."""

from __future__ import annotations

import hashlib

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# Key types and curves of RFC 9053: {1: OKP, -1: Ed25519, -2: the key}.
_KTY, _KID, _ALG, _CRV, _X = 1, 2, 3, -1, -2
_OKP, _ED25519, _EDDSA = 1, 6, -8


def encode(public_key: bytes) -> bytes:
    """The COSE_Key, with its key id, for signatures of EdDSA."""
    key = {
        _KTY: _OKP, _KID: thumbprint(public_key), _ALG: _EDDSA, _CRV: _ED25519, _X: public_key,
    }  # fmt: skip
    return cbor2.dumps(key, canonical=True)


def thumbprint(public_key: bytes) -> bytes:
    """The key id: the COSE Key Thumbprint of RFC 9679, by SHA-256."""
    required = {_KTY: _OKP, _CRV: _ED25519, _X: public_key}
    return hashlib.sha256(cbor2.dumps(required, canonical=True)).digest()


def pem(public_key: bytes) -> bytes:
    """SubjectPublicKeyInfo in PEM, as OpenSSL reads it."""
    key = Ed25519PublicKey.from_public_bytes(public_key)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
