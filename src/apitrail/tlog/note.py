"""Signed notes (C2SP signed-note): a text and the signatures under it, and Ed25519 keys.

text, which ends in a newline
<empty line>
— <key name> base64(key id ‖ signature)      once for each signature

key id       SHA-256(name ‖ 0x0A ‖ algorithm ‖ public key)[:4]
verifier key <name>+<hex key id>+base64(algorithm ‖ public key)
signer key   PRIVATE+KEY+<name>+<hex key id>+base64(algorithm ‖ seed)"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from apitrail.errors import FormatError, VerificationError
from apitrail.tlog import encoding

ED25519 = 0x01

# Bytes of a public key by signature type (C2SP signed-note and tlog-cosignature); a seed has 32.
KEY_SIZES = {ED25519: 32, 0x04: 32, 0x06: 1312}

# The specification asks for at least 16; both limits are those of Go's sumdb/note.
MAX_SIGNATURES = 100
MAX_SIZE = 10**6

_SIGNATURE_PREFIX = "\N{EM DASH} "
_KEY_ID = re.compile(r"[0-9a-f]{8}")


class UnknownKeyError(VerificationError):
    """None of the keys we trust has signed; nothing is known to be wrong."""


class NoteVerifier(Protocol):
    """Whatever can tell whether a signature line under its name and id is good."""

    @property
    def name(self) -> str: ...

    @property
    def key_id(self) -> bytes: ...

    def verify(self, message: bytes, signature: bytes) -> bool: ...


class NoteSigner(Protocol):
    """Whatever can sign a note: a key in memory, or one in another process or device."""

    @property
    def verifier(self) -> NoteVerifier: ...

    def sign(self, message: bytes) -> bytes: ...


@dataclass(frozen=True)
class Verifier:
    """An Ed25519 public key (32 bytes) under a name."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        check_key(self.public_key, ED25519)

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Read a verifier key, `<name>+<hex key id>+<base64>`; raises FormatError."""
        return cls(*parse_key(vkey, ED25519))

    def __str__(self) -> str:
        return format_key(self.name, self.key_id, ED25519, self.public_key)

    @cached_property
    def key_id(self) -> bytes:
        """The four bytes that stand for this key in signatures."""
        return key_id(self.name, ED25519, self.public_key)

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Is `signature` (64 bytes) this key's over `message`?"""
        return verify_ed25519(self._key, message, signature)

    @cached_property
    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.public_key)


@dataclass(frozen=True)
class Signer:
    """An Ed25519 private key (its seed, 32 bytes) under a name; `str()` tells the secret."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        check_key(self.seed, ED25519)

    @classmethod
    def generate(cls, name: str, seed: bytes) -> Signer:
        """The key made of 32 random bytes that the caller provides."""
        return cls(name, seed)

    @classmethod
    def parse(cls, skey: str) -> Signer:
        """Read a signer key, `PRIVATE+KEY+<name>+<hex key id>+<base64>`; raises FormatError."""
        prefix, rest = skey[:12], skey[12:]
        if prefix != "PRIVATE+KEY+":
            raise FormatError("malformed signer key")  # never show what may be a secret
        try:
            name, id_text, material = _split_key(rest, ED25519)
            signer = cls(name, material)
        except FormatError:
            raise FormatError("malformed signer key") from None
        if signer.verifier.key_id.hex() != id_text:
            raise FormatError("signer key does not match its key id")
        return signer

    def __str__(self) -> str:
        return f"PRIVATE+KEY+{format_key(self.name, self.verifier.key_id, ED25519, self.seed)}"

    @cached_property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self._key.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature (64 bytes) over `message`."""
        return self._key.sign(message)

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line; `data` is what follows the key id, its meaning is the algorithm's."""

    name: str
    key_id: bytes
    data: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        if len(self.key_id) != 4 or not self.data:
            raise FormatError(f"malformed signature by {self.name!r}")

    @classmethod
    def parse(cls, line: str) -> Signature:
        """Read a line without its newline."""
        match line.removeprefix(_SIGNATURE_PREFIX).split(" "):
            case [name, blob] if line.startswith(_SIGNATURE_PREFIX):
                data = encoding.decode_base64(blob, "signature")
                return cls(name, data[:4], data[4:])
            case _:
                raise FormatError(f"malformed signature line: {line[:100]!r}")

    def __str__(self) -> str:
        return f"{_SIGNATURE_PREFIX}{self.name} {encoding.encode_base64(self.key_id + self.data)}"


@dataclass(frozen=True, slots=True)
class Note:
    """A text and its signatures, of which nothing is known to be good until `open`."""

    text: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        encoding.check_text(self.text, "note text")
        if not 1 <= len(self.signatures) <= MAX_SIGNATURES:
            raise FormatError(f"note with {len(self.signatures)} signatures")

    @classmethod
    def parse(cls, data: bytes | str) -> Note:
        """Read a note; raises FormatError. The last empty line is where the text ends."""
        whole = encoding.decode_utf8(data, "note", limit=MAX_SIZE)
        text, separator, rest = whole.rpartition("\n\n")
        if not separator or not rest.endswith("\n"):
            raise FormatError("malformed note")
        lines = rest[:-1].split("\n", MAX_SIGNATURES + 1)
        return cls(text + "\n", tuple(Signature.parse(line) for line in lines))

    def __str__(self) -> str:
        return f"{self.text}\n" + "".join(f"{signature}\n" for signature in self.signatures)


def sign(text: str, *signers: NoteSigner) -> str:
    """The note of `text` signed by all of `signers`, in their order."""
    encoding.check_text(text, "note text")
    message = text.encode("utf-8")
    return str(
        Note(
            text,
            tuple(
                Signature(signer.verifier.name, signer.verifier.key_id, signer.sign(message))
                for signer in signers
            ),
        )
    )


def open(note: bytes | str, verifiers: Iterable[NoteVerifier]) -> Note:  # noqa: A001
    """The note with just those signatures that `verifiers` confirm, one for each key.

    Lines of unknown keys are ignored, even if they share a name or an id with a known one.
    Raises FormatError if it is no note, VerificationError if a known key's signature is bad,
    UnknownKeyError if no known key has signed (C2SP signed-note, "Signatures").
    """
    parsed = Note.parse(note)
    known = _index(verifiers)
    message = parsed.text.encode("utf-8")
    good: dict[tuple[str, bytes], Signature] = {}
    for signature in parsed.signatures:
        key = (signature.name, signature.key_id)
        if (verifier := known.get(key)) is None:
            continue
        if not verifier.verify(message, signature.data):
            raise VerificationError(f"the signature by {signature.name!r} is not good")
        good.setdefault(key, signature)
    if not good:
        raise UnknownKeyError(f"no trusted key has signed this, only {_signatories(parsed)}")
    return Note(parsed.text, tuple(good.values()))


def _index(verifiers: Iterable[NoteVerifier]) -> dict[tuple[str, bytes], NoteVerifier]:
    known: dict[tuple[str, bytes], NoteVerifier] = {}
    for verifier in verifiers:
        if known.setdefault((verifier.name, verifier.key_id), verifier) != verifier:
            raise FormatError(f"two trusted keys are called {verifier.name!r} with the same id")
    return known


def _signatories(note: Note) -> str:
    return ", ".join(f"{line.name}+{line.key_id.hex()}" for line in note.signatures[:3])


def check_name(name: str) -> None:
    """Refuse a key name that is empty, or holds a space, a plus or a control character."""
    encoding.check_text(f"{name}\n", "key name")
    if not name or "+" in name or any(character.isspace() for character in name):
        raise FormatError(f"malformed key name: {name[:100]!r}")


def check_key(key: bytes, algorithm: int) -> None:
    """Refuse key material that cannot be of this signature type, by its size."""
    size = KEY_SIZES[algorithm]
    if len(key) != size:
        raise FormatError(f"a key of type 0x{algorithm:02x} has {len(key)} bytes instead of {size}")


def key_id(name: str, algorithm: int, public_key: bytes) -> bytes:
    """The first four bytes of SHA-256(name ‖ newline ‖ algorithm ‖ public key)."""
    return hashlib.sha256(b"%s\n%c%s" % (name.encode("utf-8"), algorithm, public_key)).digest()[:4]


def format_key(name: str, key_id: bytes, algorithm: int, material: bytes) -> str:
    """`<name>+<hex key id>+base64(algorithm ‖ material)`."""
    return f"{name}+{key_id.hex()}+{encoding.encode_base64(bytes([algorithm]) + material)}"


def algorithm_of(vkey: str) -> int | None:
    """The signature type that a verifier key names; None where it is no key."""
    try:
        return encoding.decode_base64(vkey.split("+", 2)[2], "key")[0]
    except (FormatError, IndexError):
        return None


def parse_key(vkey: str, algorithm: int) -> tuple[str, bytes]:
    """Name and public key of a verifier key for `algorithm`; raises FormatError."""
    name, id_text, public_key = _split_key(vkey, algorithm)
    check_name(name)
    if key_id(name, algorithm, public_key).hex() != id_text:
        raise FormatError(f"verifier key does not match its key id: {vkey[:200]!r}")
    return name, public_key


def _split_key(text: str, algorithm: int) -> tuple[str, str, bytes]:
    """Take a key apart: name, key id in hex, and the bytes behind the algorithm."""
    match text.split("+", 2):  # base64 may hold a plus, a name may not
        case [name, id_text, blob] if _KEY_ID.fullmatch(id_text):
            material = encoding.decode_base64(blob, "key")
        case _:
            raise FormatError(f"malformed key: {text[:200]!r}")
    if material[:1] != bytes([algorithm]):
        raise FormatError(f"key of {name!r} is not of type 0x{algorithm:02x}")
    check_key(material[1:], algorithm)
    return name, id_text, material[1:]


def verify_ed25519(key: Ed25519PublicKey, message: bytes, signature: bytes) -> bool:
    """Is `signature` Ed25519's (RFC 8032) by `key` over `message`?"""
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True
