"""Inclusion proofs as files (C2SP tlog-proof@v1), to be checked offline.

    c2sp.org/tlog-proof@v1
    extra <base64>            may be missing; nothing authenticates it
    index 73894
    <base64 of 32 bytes>      the audit path, from the leaf's sibling up
    …
    <empty line>
    <the signed checkpoint>

It does not know what an entry is: it is given the leaf's hash.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from apitrail.errors import FormatError
from apitrail.tlog import checkpoint, encoding, merkle, note

MAX_HASHES = 63  # the height of the tallest tree whose size fits

_HEADER = "c2sp.org/tlog-proof@v1"
_MAX_SIZE = 2 * note.MAX_SIZE


@dataclass(frozen=True, slots=True)
class Proof:
    """That a leaf stands at `index`: its audit path, and the signed note of the tree's head."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint_note: str
    extra: bytes | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.index <= encoding.MAX_INTEGER or len(self.hashes) > MAX_HASHES:
            raise FormatError(f"malformed proof of leaf {self.index}")
        if any(len(data) != merkle.HASH_SIZE for data in self.hashes):
            raise FormatError(f"malformed proof of leaf {self.index}: hash of the wrong size")
        if self.extra == b"":
            raise FormatError("malformed proof: empty extra data is to be left out")
        checkpoint.Checkpoint.unverified(self.checkpoint_note)

    @classmethod
    def parse(cls, data: bytes | str) -> Proof:
        """Read a proof file; raises FormatError."""
        head, separator, signed = encoding.decode_utf8(data, "proof", limit=_MAX_SIZE).partition(
            "\n\n"
        )
        header, *lines = head.split("\n")
        if not separator or header != _HEADER:
            raise FormatError(f"not a {_HEADER} file")
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = encoding.decode_base64(lines.pop(0).removeprefix("extra "), "extra data")
        if not lines or not lines[0].startswith("index "):
            raise FormatError("malformed proof: no index line")
        index, *hashes = lines
        return cls(
            encoding.decode_decimal(index.removeprefix("index "), "index"),
            tuple(encoding.decode_base64(x, "proof hash", length=32) for x in hashes),
            signed,
            extra,
        )

    def __str__(self) -> str:
        lines = [_HEADER]
        if self.extra is not None:
            lines.append(f"extra {encoding.encode_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines.extend(map(encoding.encode_base64, self.hashes))
        return "\n".join(lines) + f"\n\n{self.checkpoint_note}"

    def check(
        self, leaf_hash: bytes, verifiers: Iterable[note.NoteVerifier]
    ) -> checkpoint.Checkpoint:
        """The verified head under which the leaf stands at `index`, or VerificationError.

        UnknownKeyError if none of `verifiers` is the log's (see `checkpoint.open`).
        """
        head, _ = checkpoint.open(self.checkpoint_note, verifiers)
        merkle.check_inclusion(
            index=self.index,
            size=head.size,
            leaf=leaf_hash,
            proof=self.hashes,
            root=head.root,
        )
        return head
