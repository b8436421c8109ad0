"""A log that has signed two histories, shown so that a third person can check it.

The file is JSON: two signed checkpoints; the root that the tree of the larger one had at the size
of the smaller; and the consistency proof between the two. Both notes are the log's, and that root is
not the one that the smaller note signs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apitrail.errors import FormatError, VerificationError
from apitrail.evidence.bundle import Bundle
from apitrail.evidence.verify import Finding, Report, Trust, Verdict
from apitrail.tlog import checkpoint, encoding, merkle, note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.proof import MAX_HASHES
from apitrail.trail.audit import Audit

FORMAT = "apitrail.misbehaviour@v1"
_MAX_SIZE = 3 * note.MAX_SIZE


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """`smaller` and `larger` are signed notes; `root` is the larger tree's at the smaller size."""

    smaller: str
    larger: str
    root: bytes
    proof: tuple[bytes, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> Misbehaviour:
        """Read a file; raises FormatError."""
        text = encoding.decode_utf8(data, "misbehaviour", limit=_MAX_SIZE)
        try:
            said = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise FormatError("misbehaviour is not JSON") from error
        match said:
            case {
                "format": "apitrail.misbehaviour@v1", "smaller": str(smaller),
                "larger": str(larger), "root": str(root), "proof": list(proof),
            } if len(proof) <= MAX_HASHES and all(isinstance(each, str) for each in proof):  # fmt: skip
                hashes = tuple(encoding.decode_base64(each, "hash", length=32) for each in proof)
                decoded = encoding.decode_base64(root, "root", length=32)
                return cls(smaller, larger, decoded, hashes)
            case _:
                raise FormatError("malformed misbehaviour")

    def __str__(self) -> str:
        said: dict[str, Any] = {
            "format": FORMAT, "smaller": self.smaller, "larger": self.larger,
            "root": encoding.encode_base64(self.root),
            "proof": [encoding.encode_base64(each) for each in self.proof],
        }  # fmt: skip
        return json.dumps(said, indent=1, ensure_ascii=False) + "\n"

    def check(self, verifiers: Sequence[note.NoteVerifier]) -> tuple[Checkpoint, Checkpoint]:
        """The two heads, if the log has signed both and they are not of one tree; else raises."""
        smaller, _ = checkpoint.open(self.smaller, verifiers)
        larger, _ = checkpoint.open(self.larger, verifiers)
        if smaller.origin != larger.origin:
            raise VerificationError(f"two logs: {smaller.origin!r} and {larger.origin!r}")
        merkle.check_consistency(
            old=smaller.size, new=larger.size, old_root=self.root, new_root=larger.root,
            proof=self.proof,
        )  # fmt: skip
        if self.root == smaller.root:
            raise VerificationError("the two checkpoints are of one tree: there is no misbehaviour")
        return smaller, larger


def of_trail(directory: Path, since: str) -> Misbehaviour | None:
    """What a trail and a checkpoint of its log show; None where they are of one tree, or it is shorter."""
    seen = Checkpoint.unverified(since)
    with Audit(directory) as audit:
        audit.pin()
        larger = audit.tail() or ""
        size = Checkpoint.unverified(larger).size
        if not 0 < seen.size <= size or audit.root_at(seen.size) == seen.root:
            return None
        proof = audit.consistency(seen.size, size)
        return Misbehaviour(since, larger, audit.root_at(seen.size), tuple(proof))


def of_bundle(bundle: Bundle, since: str) -> Misbehaviour | None:
    """What a bundle's checkpoint of the same size and another one show."""
    seen = Checkpoint.unverified(since)
    for _, text in (*bundle.checkpoints(), (bundle.size, bundle.checkpoint_note)):
        head = Checkpoint.unverified(text)
        if head.size == seen.size and head.root != seen.root:
            return Misbehaviour(since, text, head.root)
    return None


def is_misbehaviour(path: Path) -> bool:
    """Does the file begin as one?"""
    with path.open("rb") as file:
        return file.read(200).lstrip(b"{ \r\n\t").startswith(f'"format": "{FORMAT}"'.encode())


def verify_file(path: Path, trust: Trust, *, step: Callable[[str], None]) -> Report:
    """Check that the file shows two histories; OK says that it does."""
    known = Report(verdict=Verdict.OK, message="", trusted_by=trust.by)
    try:
        step("1. two checkpoints of one log, and the proof between them")
        smaller, larger = Misbehaviour.parse(path.read_bytes()).check(trust.verifiers)
    except note.UnknownKeyError as error:
        return known.failing(Finding(Verdict.UNTRUSTED_KEY, str(error)))
    except (FormatError, VerificationError) as error:
        return known.failing(error)
    return Report(
        verdict=Verdict.OK, step=1, origin=larger.origin, trusted_by=trust.by,
        message=f"the log {larger.origin!r} has signed two histories: one of {smaller.size} entries, and "
        f"one of {larger.size} whose first {smaller.size} are others",
    )  # fmt: skip
