"""Checkpoints (C2SP tlog-checkpoint): origin, size and root of a log, in three lines of text.

    example.com/log       origin
    20852163              size, decimal
    CsUYapGGPo4dkMg…      root, base64 of 32 bytes
    …                     extension lines, if any

It does not know who may sign one, save that a log signs under its own origin.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apitrail.errors import FormatError
from apitrail.tlog import encoding, merkle, note


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log's tree: `size` leaves under `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            encoding.check_text(f"{line}\n", "checkpoint")
            if not line or "\n" in line:
                raise FormatError("malformed checkpoint: empty or broken line")
        if not 0 <= self.size <= encoding.MAX_INTEGER or len(self.root) != merkle.HASH_SIZE:
            raise FormatError(f"malformed checkpoint of {self.origin!r}")

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read a note's text; raises FormatError."""
        match text.split("\n"):
            case [origin, size, root, *extensions, ""]:
                return cls(
                    origin,
                    encoding.decode_decimal(size, "checkpoint size"),
                    encoding.decode_base64(root, "checkpoint root", length=merkle.HASH_SIZE),
                    tuple(extensions),
                )
            case _:
                raise FormatError("malformed checkpoint")

    @classmethod
    def unverified(cls, signed: bytes | str) -> Checkpoint:
        """What a signed note says; nobody looks at its signatures. Raises FormatError."""
        return cls.parse(note.Note.parse(signed).text)

    def __str__(self) -> str:
        root = encoding.encode_base64(self.root)
        return "".join(f"{x}\n" for x in (self.origin, self.size, root, *self.extensions))


def open(  # noqa: A001
    signed: bytes | str, verifiers: Iterable[note.NoteVerifier]
) -> tuple[Checkpoint, note.Note]:
    """The checkpoint in a signed note, and the note with its verified signatures.

    A witness's signature alone is not enough: one of the verified signatures must be by a key
    named as the origin, which is how a verifier key says which log it is for (C2SP
    tlog-policy). Raises as `note.open` does; UnknownKeyError also if only others have signed.
    """
    opened = note.open(signed, verifiers)
    checkpoint = Checkpoint.parse(opened.text)
    if all(signature.name != checkpoint.origin for signature in opened.signatures):
        raise note.UnknownKeyError(f"no trusted key of {checkpoint.origin!r} has signed this")
    return checkpoint, opened
