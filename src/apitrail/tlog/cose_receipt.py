"""COSE Receipts (RFC 9942): that a leaf is in the log, for verifiers that know COSE and not C2SP.

COSE_Sign1 (RFC 9052), tag 18
    protected    {1: EdDSA, 4: key id, 15: {1: origin, 2: origin#index, 6: time}, 395: RFC9162_SHA256}
    unprotected  {396: {-1: [bstr .cbor [tree size, leaf index, [hash, …]]]}}
    payload      nil: the tree's root, which the verifier makes of the leaf and the proof
    signature    by the log's key, over that root

Key id, issuer and subject are what RFC 9943 (SCITT) asks of a receipt. The signed bytes begin with
0x84, which no checkpoint does: neither signature can pass for the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cbor2

from apitrail.errors import FormatError, VerificationError
from apitrail.tlog import cose_key, encoding, merkle, note
from apitrail.tlog.proof import MAX_HASHES

MAGIC = b"\xd2\x84"  # tag 18, an array of four

EDDSA = -8
# RFC 9864 gives Ed25519 a name of its own; few verifiers know it yet.
ED25519 = -19
RFC9162_SHA256 = 1

# Labels of headers (IANA "COSE Header Parameters") and claims ("CWT Claims").
_ALG, _KID, _CLAIMS, _VDS, _VDP = 1, 4, 15, 395, 396
_ISSUER, _SUBJECT, _ISSUED = 1, 2, 6
_INCLUSION = -1

_SIGN1 = 18
_MAX_SIZE = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What the protected header says: who signs what, and when (Unix seconds)."""

    key_id: bytes
    origin: str
    subject: str
    issued: int | None = None

    @classmethod
    def parse(cls, data: bytes) -> Claims:
        """Read a protected header; labels that are not known are signed, and are left alone."""
        match _load(data):
            case {1: algorithm} if algorithm not in (EDDSA, ED25519):
                raise FormatError(f"the receipt's algorithm is {algorithm!r}, not EdDSA")
            case {2: critical}:
                raise FormatError(f"the receipt asks for what is not known: {critical!r}")
            case {395: structure} if structure != RFC9162_SHA256:
                raise FormatError(f"the receipt is of another structure: {structure!r}")
            case {
                1: int(), 395: int(), 4: bytes(key_id),
                15: {1: str(origin), 2: str(subject), **more},
            }:  # fmt: skip
                issued = more.get(_ISSUED)
                if issued is None or type(issued) is int:
                    return cls(key_id=key_id, origin=origin, subject=subject, issued=issued)
        raise FormatError("malformed receipt: its protected header lacks something")

    def __bytes__(self) -> bytes:
        claims: dict[int, str | int] = {_ISSUER: self.origin, _SUBJECT: self.subject}
        if self.issued is not None:
            claims[_ISSUED] = self.issued
        return _dump({_ALG: EDDSA, _KID: self.key_id, _CLAIMS: claims, _VDS: RFC9162_SHA256})


@dataclass(frozen=True, slots=True, kw_only=True)
class CoseReceipt:
    """That a leaf stands at `index` in the log's tree of `size`; `protected` is what was signed."""

    protected: bytes
    size: int
    index: int
    hashes: tuple[bytes, ...]
    signature: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.size <= encoding.MAX_INTEGER:
            raise FormatError(f"malformed receipt: leaf {self.index} of {self.size}")
        if len(self.hashes) > MAX_HASHES or any(len(x) != merkle.HASH_SIZE for x in self.hashes):
            raise FormatError("malformed receipt: the path is none")

    @classmethod
    def sign(
        cls, signer: note.Signer, *, size: int, root: bytes, index: int, hashes: Sequence[bytes],
        issued: int,
    ) -> CoseReceipt:  # fmt: skip
        """The receipt of a leaf under a root that the log has signed as its checkpoint's."""
        said = Claims(
            key_id=cose_key.thumbprint(signer.verifier.public_key),
            origin=signer.name, subject=f"{signer.name}#{index}", issued=issued,
        )  # fmt: skip
        protected = bytes(said)
        return cls(
            protected=protected, size=size, index=index, hashes=tuple(hashes),
            signature=signer.sign(_to_be_signed(protected, root)),
        )  # fmt: skip

    @classmethod
    def parse(cls, data: bytes) -> CoseReceipt:
        """Read a receipt; raises FormatError. Only the shortest encoding is taken."""
        if len(data) > _MAX_SIZE:
            raise FormatError(f"a receipt has at most {_MAX_SIZE} bytes, not {len(data)}")
        found = _load(data)
        if not isinstance(found, cbor2.CBORTag) or found.tag != _SIGN1:
            raise FormatError("not a COSE_Sign1")
        match found.value:
            case [bytes(protected), Mapping() as unprotected, None, bytes(signature)]:
                size, index, hashes = _proof(unprotected)
            case [_, _, bytes(), _]:
                raise FormatError("the receipt brings its root: a verifier must make it itself")
            case _:
                raise FormatError("malformed receipt")
        receipt = cls(
            protected=protected, size=size, index=index, hashes=hashes, signature=signature
        )
        if bytes(receipt) != data:
            raise FormatError("malformed receipt: not the encoding that there is one of")
        return receipt

    def __bytes__(self) -> bytes:
        proof = _dump([self.size, self.index, list(self.hashes)])
        unprotected = {_VDP: {_INCLUSION: [proof]}}
        return _dump(cbor2.CBORTag(_SIGN1, [self.protected, unprotected, None, self.signature]))

    @property
    def claims(self) -> Claims:
        """What the log's key has signed beside the root; raises FormatError."""
        return Claims.parse(self.protected)

    def check(self, leaf_hash: bytes, verifiers: Iterable[object]) -> tuple[note.Verifier, bytes]:
        """The key that signed, and the root that the leaf is under.

        Raises:
            FormatError: the header is malformed.
            UnknownKeyError: it is by none of these keys.
            VerificationError: the leaf is not the one, or the signature is not good.
        """
        said = self.claims
        verifier = _signer(said, verifiers)
        if said.subject != f"{said.origin}#{self.index}":
            raise VerificationError(f"the receipt is of {said.subject!r}, not of leaf {self.index}")
        root = merkle.root_by(index=self.index, size=self.size, leaf=leaf_hash, proof=self.hashes)
        if not verifier.verify(_to_be_signed(self.protected, root), self.signature):
            raise VerificationError(
                f"leaf {self.index} is not what the tree of {self.size} holds there, "
                "or the signature is not good"
            )
        return verifier, root


def _signer(said: Claims, verifiers: Iterable[object]) -> note.Verifier:
    for verifier in verifiers:
        if (
            isinstance(verifier, note.Verifier)
            and verifier.name == said.origin
            and cose_key.thumbprint(verifier.public_key) == said.key_id
        ):
            return verifier
    raise note.UnknownKeyError(
        f"no trusted key has signed this, only one of {said.origin!r} ({said.key_id.hex()[:16]}…)"
    )


def _to_be_signed(protected: bytes, root: bytes) -> bytes:
    """Sig_structure (RFC 9052, section 4.4), without external data."""
    return _dump(["Signature1", protected, b"", root])


def _proof(unprotected: Mapping[Any, Any]) -> tuple[int, int, tuple[bytes, ...]]:
    match unprotected:
        case {396: {-1: [bytes(data)]}}:
            found = _load(data)
        case _:
            raise FormatError("malformed receipt: it has no inclusion proof")
    match found:
        # `true` is an int to Python, and no uint to CBOR.
        case [int(size), int(index), [*hashes]] if bool not in (type(size), type(index)) and all(
            isinstance(x, bytes) for x in hashes
        ):
            return size, index, tuple(hashes)
        case _:
            raise FormatError("malformed receipt: the inclusion proof is none")


def _dump(value: object) -> bytes:
    return cbor2.dumps(value, canonical=True)


def _load(data: bytes) -> Any:
    try:
        return cbor2.loads(data)
    except (cbor2.CBORDecodeError, ValueError, RecursionError) as error:
        raise FormatError(f"the receipt is not CBOR: {error}") from error
