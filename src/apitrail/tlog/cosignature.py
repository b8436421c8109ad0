"""Witness cosignatures with Ed25519 (C2SP tlog-cosignature, cosignature/v1): "I saw this head then".

The signature is a big-endian uint64 of seconds since the epoch and 64 bytes of Ed25519 over

    cosignature/v1
    time 1679315147
    <the checkpoint's text>

Those with ML-DSA-44 are in `mldsa_cosignature`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from apitrail.errors import FormatError
from apitrail.tlog import checkpoint, encoding, note

COSIGNATURE_V1 = 0x04

# Bytes of the signatures that follow the time: Ed25519 (type 0x04) and ML-DSA-44 (0x06).
SIZES = (64, 2420)

_TIME_SIZE = 8


class WitnessVerifier(note.NoteVerifier, Protocol):
    """A witness's public key, of either type."""

    @property
    def public_key(self) -> bytes: ...


class WitnessSigner(Protocol):
    """A witness's private key, of either type."""

    @property
    def verifier(self) -> WitnessVerifier: ...

    def cosign(self, text: str, *, time: int) -> note.Signature: ...


@dataclass(frozen=True, slots=True)
class Cosignature:
    """What a witness's signature line carries: `time` in seconds, and the algorithm's bytes."""

    time: int
    signature: bytes

    def __post_init__(self) -> None:
        # "It MUST NOT exceed 2^63 - 1"
        if not 0 <= self.time <= encoding.MAX_INTEGER or len(self.signature) not in SIZES:
            raise FormatError("malformed cosignature")

    @classmethod
    def parse(cls, data: bytes) -> Cosignature:
        """Read a signature's `data`; raises FormatError."""
        return cls(int.from_bytes(data[:_TIME_SIZE], "big"), data[_TIME_SIZE:])

    def __bytes__(self) -> bytes:
        return self.time.to_bytes(_TIME_SIZE, "big") + self.signature


@dataclass(frozen=True)
class CosignatureVerifier:
    """A witness's public key (32 bytes) under its name; goes wherever a NoteVerifier goes."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        note.check_name(self.name)
        note.check_key(self.public_key, COSIGNATURE_V1)

    @classmethod
    def parse(cls, vkey: str) -> CosignatureVerifier:
        """Read a verifier key of type 0x04; raises FormatError."""
        return cls(*note.parse_key(vkey, COSIGNATURE_V1))

    def __str__(self) -> str:
        return note.format_key(self.name, self.key_id, COSIGNATURE_V1, self.public_key)

    @cached_property
    def key_id(self) -> bytes:
        """The four bytes that stand for this key in signatures."""
        return note.key_id(self.name, COSIGNATURE_V1, self.public_key)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Is `signature` (time and Ed25519) this witness's over the note text `message`?"""
        try:
            cosignature = Cosignature.parse(signature)
        except FormatError:
            return False
        signed = _message(message, cosignature.time)
        return note.verify_ed25519(self._key, signed, cosignature.signature)

    @cached_property
    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.public_key)


@dataclass(frozen=True)
class Cosigner:
    """A witness's private key (its seed, 32 bytes) under its name."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        note.check_name(self.name)
        note.check_key(self.seed, COSIGNATURE_V1)

    @cached_property
    def verifier(self) -> CosignatureVerifier:
        """The public half."""
        return CosignatureVerifier(self.name, self._key.public_key().public_bytes_raw())

    def cosign(self, text: str, *, time: int) -> note.Signature:
        """The signature line for the checkpoint `text`, at `time` in seconds since the epoch.

        Only for a caller that has checked consistency with the last head it cosigned. Raises
        FormatError if `text` is not a checkpoint.
        """
        checkpoint.Checkpoint.parse(text)
        signed = self._key.sign(_message(text.encode("utf-8"), time))
        data = bytes(Cosignature(time, signed))
        return note.Signature(self.name, self.verifier.key_id, data)

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


def _message(text: bytes, time: int) -> bytes:
    return b"cosignature/v1\ntime %d\n%s" % (time, text)
