"""Which key signs which checkpoint: from a trusted key along the log's rotations."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from apitrail.errors import FormatError, VerificationError
from apitrail.evidence.verify.report import Finding, Trust, Verdict, tampered
from apitrail.evidence.verify.segment import Book
from apitrail.source import Source
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import rotation
from apitrail.trail.rotation import Rotation
from apitrail.trail.statements import Key


@dataclass(frozen=True, slots=True)
class History:
    """The log's keys, first to newest; `rotations[n]` leads from key n to key n + 1."""

    origin: str
    keys: tuple[note.Verifier, ...]
    rotations: tuple[Rotation, ...] = ()

    def signing(self, size: int) -> tuple[note.Verifier, ...]:
        """The keys that must have signed the checkpoint of `size`.

        The checkpoint that ends with a rotation carries both keys' signatures; so whoever
        trusts either can go on from there.
        """
        indexes = [change.index for change in self.rotations]
        epoch = bisect_left(indexes, size)
        first = epoch - 1 if epoch and indexes[epoch - 1] == size - 1 else epoch
        return self.keys[first : epoch + 1]

    def open(self, text: str, what: str) -> Checkpoint:
        """The checkpoint in a note, if the keys of its time have signed it; raises Finding."""
        try:
            head = Checkpoint.unverified(text)
            if head.origin != self.origin:
                raise tampered(f"{what} is of the log {head.origin!r}")
            wanted = self.signing(head.size)
            signed = note.open(text, wanted).signatures
        except (FormatError, VerificationError) as error:
            if isinstance(error, Finding):
                raise
            raise tampered(f"{what}: {error}") from error
        if len(signed) != len(wanted):
            raise tampered(f"{what} is not signed by both keys of a rotation")
        return head


def trace(source: Source, trust: Trust) -> History:
    """The history that the tail and a trusted key belong to; raises Finding.

    Rotations are found by the kept checkpoints that two keys have signed; `check` later holds
    them against the entries.
    """
    if (tail := source.tail()) is None:
        raise Finding(Verdict.TRUNCATED, "there is no signed checkpoint, and every log has one")
    try:
        opened = note.Note.parse(tail)
        head = Checkpoint.parse(opened.text)
        rotations = rotation.trace(source)
    except (FormatError, VerificationError) as error:
        raise error if isinstance(error, Finding) else tampered(str(error)) from error
    own = {line.key_id for line in opened.signatures if line.name == head.origin}
    trusted = [v for v in trust.verifiers if isinstance(v, note.Verifier)]
    if rotations:
        keys = (rotations[0].old, *(change.new for change in rotations))
        known = rotations[0].origin == head.origin and any(key in trusted for key in keys)
    else:
        keys = tuple(v for v in trusted if v.name == head.origin and v.key_id in own)[:1]
        known = bool(keys)
    if not known or own.isdisjoint(key.key_id for key in keys):
        signers = ", ".join(f"{head.origin}+{key_id.hex()}" for key_id in sorted(own)) or "nobody"
        raise Finding(
            Verdict.UNTRUSTED_KEY,
            f"it is signed by {signers}, which is not a key you trust",
            hint="get the log's public key from its owner (`apitrail key show`), then --key VKEY",
        )
    return History(head.origin, keys, tuple(rotations))


def check(history: History, books: Sequence[Book], *, start: int = 0) -> None:
    """Hold the `key` entries from `start` on to be just the rotations of the history; raises Finding."""
    said = {}
    for book in books:
        if isinstance(book.says, Key):
            try:
                said[book.index] = Rotation.of(book.says)
            except (FormatError, VerificationError) as error:
                raise tampered(str(error), index=book.index) from error
    expected = {change.index: change for change in history.rotations if change.index >= start}
    for index in sorted({*said, *expected}):
        if said.get(index) != expected.get(index):
            raise tampered("a change of key that its checkpoint does not show", index=index)
