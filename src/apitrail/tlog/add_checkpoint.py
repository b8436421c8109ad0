"""What a log and a witness send each other (C2SP tlog-witness, `POST …/add-checkpoint`).

    old 20852014
    <base64 of 32 bytes>      the consistency proof from that size, at most 63 lines
    …
    <empty line>
    <the signed checkpoint>

The answer is one signature line or several, or 409 with the size that the witness cosigned last."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from apitrail.errors import FormatError
from apitrail.tlog import encoding, merkle, note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.proof import MAX_HASHES

PATH = "add-checkpoint"
# The type of an answer of 409, to the letter: no charset may follow.
SIZE_TYPE = "text/x.tlog.size"
# A hundred signatures of ML-DSA-44 and a proof fit into it.
MAX_BODY = 512 * 1024


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request: the signed `checkpoint`, and the `proof` that it continues the tree of `old`."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: str

    def __post_init__(self) -> None:
        if not 0 <= self.old <= encoding.MAX_INTEGER or len(self.proof) > MAX_HASHES:
            raise FormatError("malformed request: a proof of more than 63 hashes")
        if any(len(data) != merkle.HASH_SIZE for data in self.proof):
            raise FormatError("malformed request: hash of the wrong size")
        _ = self.head

    @classmethod
    def parse(cls, body: bytes | str) -> AddCheckpoint:
        """Read a request's body; raises FormatError."""
        text = encoding.decode_utf8(body, "request", limit=MAX_BODY)
        head, separator, signed = text.partition("\n\n")
        old, *lines = head.split("\n", MAX_HASHES + 1)
        if not separator or not old.startswith("old "):
            raise FormatError(f"malformed request: {old[:100]!r} is no old size")
        return cls(
            encoding.decode_decimal(old.removeprefix("old "), "old size"),
            tuple(encoding.decode_base64(line, "proof hash", length=32) for line in lines),
            signed,
        )

    @property
    def head(self) -> Checkpoint:
        """What the checkpoint says; its signatures were not looked at."""
        return Checkpoint.unverified(self.checkpoint)

    def __str__(self) -> str:
        proof = "".join(f"{encoding.encode_base64(data)}\n" for data in self.proof)
        return f"old {self.old}\n{proof}\n{self.checkpoint}"


def format_size(size: int) -> str:
    """The body of an answer of 409."""
    return f"{size}\n"


def parse_size(body: bytes) -> int:
    """The size in an answer of 409; raises FormatError."""
    text = encoding.decode_utf8(body, "size", limit=100)
    if not text.endswith("\n"):
        raise FormatError(f"malformed size: {text!r}")
    return encoding.decode_decimal(text[:-1], "size")


def parse_lines(body: bytes) -> tuple[note.Signature, ...]:
    """The signature lines in an answer of 200, of which none is known to be good; raises FormatError."""
    text = encoding.decode_utf8(body, "signatures", limit=MAX_BODY)
    if not text.endswith("\n"):
        raise FormatError("malformed signatures: the last line does not end")
    return tuple(map(note.Signature.parse, text[:-1].split("\n", note.MAX_SIGNATURES)))


def log_digest(origin: str) -> str:
    """What stands for a log in the path of its newest head, `…/<digest>/checkpoint`."""
    return hashlib.sha256(origin.encode("utf-8")).hexdigest()
