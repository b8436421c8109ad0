"""Witness cosignatures with ML-DSA-44 (C2SP tlog-cosignature, type 0x06), which no quantum computer breaks.

The signature is a big-endian uint64 of seconds since the epoch and 2,420 bytes of ML-DSA-44 (FIPS
204, empty context) over this, in the notation of RFC 8446:

    uint8 label[12] = "subtree/v1\\n\\0";
    opaque cosigner_name<1..2^8-1>;
    uint64 timestamp;                  0 says nothing of the time
    opaque log_origin<1..2^8-1>;
    uint64 start;                      0 for a checkpoint
    uint64 end;                        the checkpoint's size
    uint8 hash[32];                    its root

Unlike Ed25519's it names the witness, and says nothing of a checkpoint's extension lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from apitrail.errors import FormatError, VerificationError
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.cosignature import Cosignature, CosignatureVerifier, WitnessVerifier

MLDSA_44 = 0x06

_LABEL = b"subtree/v1\n\0"
_SEED_SIZE = 32


@dataclass(frozen=True)
class MldsaVerifier:
    """A witness's public key (1,312 bytes) under its name; goes wherever a NoteVerifier goes."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        note.check_name(self.name)
        note.check_key(self.public_key, MLDSA_44)

    @classmethod
    def parse(cls, vkey: str) -> MldsaVerifier:
        """Read a verifier key of type 0x06; raises FormatError."""
        return cls(*note.parse_key(vkey, MLDSA_44))

    def __str__(self) -> str:
        return note.format_key(self.name, self.key_id, MLDSA_44, self.public_key)

    @cached_property
    def key_id(self) -> bytes:
        """The four bytes that stand for this key in signatures."""
        return note.key_id(self.name, MLDSA_44, self.public_key)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Is `signature` (time and ML-DSA-44) this witness's over the note text `message`?"""
        try:
            cosignature = Cosignature.parse(signature)
            signed = _message(self.name, cosignature.time, message.decode("utf-8"))
            self._key.verify(cosignature.signature, signed)
        except (FormatError, UnicodeDecodeError, InvalidSignature):
            return False
        return True

    @cached_property
    def _key(self) -> MLDSA44PublicKey:
        return _supported(lambda: MLDSA44PublicKey.from_public_bytes(self.public_key))


@dataclass(frozen=True)
class MldsaCosigner:
    """A witness's private key (its seed, 32 bytes) under its name."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        note.check_name(self.name)
        if len(self.seed) != _SEED_SIZE:
            raise FormatError(f"the seed of an ML-DSA-44 key has {len(self.seed)} bytes")

    @cached_property
    def verifier(self) -> MldsaVerifier:
        """The public half."""
        return MldsaVerifier(self.name, self._key.public_key().public_bytes_raw())

    def cosign(self, text: str, *, time: int) -> note.Signature:
        """The signature line for the checkpoint `text`, at `time` in seconds since the epoch.

        Only for a caller that has checked consistency with the last head it cosigned. Raises
        FormatError if `text` is not a checkpoint, or its origin is too long to be cosigned.
        """
        signed = self._key.sign(_message(self.name, time, text))
        data = bytes(Cosignature(time, signed))
        return note.Signature(self.name, self.verifier.key_id, data)

    @cached_property
    def _key(self) -> MLDSA44PrivateKey:
        return _supported(lambda: MLDSA44PrivateKey.from_seed_bytes(self.seed))


def parse_verifier(vkey: str) -> WitnessVerifier:
    """A witness's verifier key, of type 0x04 or 0x06; raises FormatError."""
    if note.algorithm_of(vkey) == MLDSA_44:
        return MldsaVerifier.parse(vkey)
    return CosignatureVerifier.parse(vkey)


def _message(name: str, time: int, text: str) -> bytes:
    head = Checkpoint.parse(text)
    if not 0 <= time < 2**63:
        raise FormatError("malformed cosignature")
    stamp, start, end = (value.to_bytes(8, "big") for value in (time, 0, head.size))
    return b"".join((_LABEL, _short(name), stamp, _short(head.origin), start, end, head.root))


def _short(text: str) -> bytes:
    """The text behind its length in one byte."""
    data = text.encode("utf-8")
    if not 1 <= len(data) <= 255:
        raise FormatError(f"too long a name to be cosigned: {text[:100]!r}")
    return bytes([len(data)]) + data


def _supported[T](make: Callable[[], T]) -> T:
    try:
        return make()
    except UnsupportedAlgorithm as error:
        raise VerificationError("the OpenSSL of this machine has no ML-DSA-44") from error
