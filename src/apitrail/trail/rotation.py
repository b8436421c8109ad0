"""The statement by which a log's old key and its new key say that one follows the other.

    apitrail key rotation v1
    <origin>
    <index of the entry that holds this>
    <base64 of the leaf hash before it>
    <old verifier key>
    <new verifier key>

It is a C2SP signed note with a signature by each; it does not know where keys are kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from apitrail.errors import FormatError, VerificationError
from apitrail.source import Source
from apitrail.tlog import encoding, merkle, note
from apitrail.trail import statements
from apitrail.trail.statements import Key

_HEADER = "apitrail key rotation v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """From the entry after `index` on, `new` signs instead of `old`."""

    origin: str
    index: int
    previous: bytes
    old: note.Verifier
    new: note.Verifier

    def __post_init__(self) -> None:
        if not self.old.name == self.new.name == self.origin or self.old == self.new:
            raise FormatError("malformed key rotation: not two keys of the log")

    @classmethod
    def parse(cls, text: str) -> Rotation:
        """Read the statement's text; raises FormatError."""
        match text.split("\n"):
            case [header, origin, index, previous, old, new, ""] if header == _HEADER:
                return cls(
                    origin=origin,
                    index=encoding.decode_decimal(index, "index"),
                    previous=encoding.decode_base64(
                        previous, "previous hash", length=merkle.HASH_SIZE
                    ),
                    old=note.Verifier.parse(old),
                    new=note.Verifier.parse(new),
                )
            case _:
                raise FormatError("malformed key rotation")

    @classmethod
    def between(
        cls, old: note.NoteSigner, new: note.NoteSigner, *, index: int, previous: bytes
    ) -> Rotation:
        """The statement that `new` follows `old`; raises FormatError unless both are Ed25519's."""
        keys = [note.Verifier.parse(str(signer.verifier)) for signer in (old, new)]
        return cls(origin=keys[0].name, index=index, previous=previous, old=keys[0], new=keys[1])

    def __str__(self) -> str:
        previous = encoding.encode_base64(self.previous)
        lines = (_HEADER, self.origin, self.index, previous, self.old, self.new)
        return "".join(f"{line}\n" for line in lines)

    def signed(self, old: note.NoteSigner, new: note.NoteSigner) -> Key:
        """What the `key` entry says, signed by both."""
        return Key(str(self.old), str(self.new), note.sign(str(self), old, new))

    @classmethod
    def of(cls, said: Key) -> Rotation:
        """Inverse of `signed`; raises FormatError, VerificationError where a signature is not good."""
        rotation = cls.from_note(said.note)
        if (said.old, said.new) != (str(rotation.old), str(rotation.new)):
            raise FormatError("malformed key rotation: its keys are not those of its note")
        return rotation

    @classmethod
    def from_note(cls, text: str) -> Rotation:
        """The rotation in a note that both of its keys have signed; raises as `of`."""
        rotation = cls.parse(note.Note.parse(text).text)
        if len(note.open(text, [rotation.old, rotation.new]).signatures) != 2:
            raise VerificationError("the key rotation is not signed by both keys")
        return rotation


def trace(source: Source) -> list[Rotation]:
    """The log's rotations in order, found by the kept checkpoints that two of its keys signed.

    Raises:
        FormatError, VerificationError: an entry there is not a rotation, or not the next one.
    """
    rotations: list[Rotation] = []
    for size, text in source.checkpoints():
        kept = note.Note.parse(text)
        origin = kept.text.partition("\n")[0]
        if sum(line.name == origin for line in kept.signatures) < 2:
            continue
        rotation = _at(source, size - 1)
        if rotations and rotations[-1].new != rotation.old:
            raise VerificationError(f"entry {size - 1} does not go on from the key before it")
        rotations.append(rotation)
    return rotations


def _at(source: Source, index: int) -> Rotation:
    link = source.entry(index)
    is_key = link is not None and link.kind == Key.KIND
    said = statements.of(source, Key.KIND, index) if is_key else None
    if link is None or not isinstance(said, Key):
        raise VerificationError(
            f"two keys have signed a checkpoint, but entry {index} changes none"
        )
    rotation = Rotation.of(said)
    if (rotation.index, rotation.previous) != (link.index, link.previous):
        raise VerificationError(f"entry {index} holds a change of key that was made elsewhere")
    return rotation
