"""Getting a head cosigned: what a log sends to a witness, and what it makes of the answers."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from apitrail.errors import Error, FormatError, VerificationError
from apitrail.evidence.verify.witnessed import AHEAD
from apitrail.evidence.witness import asking
from apitrail.evidence.witness.asking import Answered
from apitrail.tlog import add_checkpoint, checkpoint, note
from apitrail.tlog.add_checkpoint import AddCheckpoint
from apitrail.tlog.cosignature import Cosignature
from apitrail.tlog.policy import PolicyWitness
from apitrail.trail.audit import Audit

type Post = Callable[[bytes], Answered]
"""Sends the body of a request to the witness."""

type Prove = Callable[[int, int], list[bytes]]
"""The proof that the tree of the second size continues that of the first."""

# The first size is a guess, and the log may grow between two of ours. More conflicts than these are
# a witness that does not mean what it says.
ATTEMPTS = 3


class RefusedError(Error):
    """A witness did not cosign."""


class ConflictError(RefusedError):
    """A witness holds the log to be another one than it is."""


@dataclass(frozen=True, slots=True)
class Head:
    """A signed checkpoint that is to be cosigned."""

    signed: str
    size: int

    @classmethod
    def of(cls, signed: str) -> Head:
        """Raises FormatError."""
        return cls(signed, checkpoint.Checkpoint.unverified(signed).size)


def submit(
    head: Head, witness: PolicyWitness, *, old: int, post: Post, prove: Prove, now: int
) -> note.Signature:
    """The witness's signature line for this head.

    Args:
        head: what is to be cosigned.
        witness: who is asked; lines of its other keys are not looked at.
        old: the size that the witness is thought to know; 0 where nothing is known of it.
        post: sends a request.
        prove: makes the consistency proof.
        now: seconds since the epoch.

    Raises:
        RefusedError: it did not cosign.
        AskingError: it did not answer.
    """
    for _ in range(ATTEMPTS):
        old = min(old, head.size)
        proof = prove(old, head.size) if 0 < old < head.size else []
        request = AddCheckpoint(old, tuple(proof), head.signed)
        answer = post(str(request).encode())
        try:
            if answer.status == 200:
                return _line(answer.body, head, witness, now)
            if answer.status != 409:
                break
            known = add_checkpoint.parse_size(answer.body)
        except FormatError as error:
            raise RefusedError(f"the answer of {witness.name} is malformed: {error}") from error
        if known > head.size:
            raise ConflictError(
                f"{witness.name} has seen {known} entries of this log, which has {head.size}: it was "
                "rolled back, or forked"
            )
        if known == old == head.size:
            raise ConflictError(f"{witness.name} has seen another log of {head.size} entries")
        old = known
    if answer.status == 409:
        raise RefusedError(f"{witness.name} answers 409 again and again")
    raise _refusal(answer, witness)


def of_trail(
    directory: Path, head: Head, witness: PolicyWitness, *, old: int, seconds: float
) -> note.Signature:
    """The same for a head of the trail in `directory`, over HTTP; raises Error."""
    post = partial(asking.ask, str(witness.url), add_checkpoint.PATH, seconds=seconds)
    try:
        with Audit(directory) as audit:
            return submit(
                head, witness, old=old, post=post, prove=audit.consistency, now=int(time.time())
            )
    except (OSError, sqlite3.Error) as error:
        raise RefusedError(f"the trail cannot be read: {error}") from error


def _line(body: bytes, head: Head, witness: PolicyWitness, now: int) -> note.Signature:
    text = note.Note.parse(head.signed).text
    lines = add_checkpoint.parse_lines(body)
    try:
        # "The client MUST ignore any cosignatures from unknown keys."
        opened = note.open(str(note.Note(text, lines)), [witness.verifier])
    except VerificationError as error:
        raise RefusedError(f"{witness.name} has not signed what it was sent: {error}") from error
    line = opened.signatures[0]
    # Verifiers take neither: it would look anchored and be unwitnessed.
    said = Cosignature.parse(line.data).time
    if not said:
        raise RefusedError(f"{witness.name} says no time, so its signature counts for nothing")
    if said > now + AHEAD:
        raise RefusedError(
            f"the clock of {witness.name} is {said - now} s ahead of ours: until then its signature counts "
            "for nothing"
        )
    return line


# What a witness means by its status (C2SP tlog-witness).
_MEANINGS = {
    400: "it takes the request for malformed",
    403: "it does not trust the key of this log",
    404: "it does not know this log",
    422: "it has seen another history of this log",
}


def _refusal(answer: Answered, witness: PolicyWitness) -> RefusedError:
    why = _MEANINGS.get(answer.status, "no status of a witness")
    kind = ConflictError if answer.status == 422 else RefusedError
    return kind(f"{witness.name} answers {answer.status}: {why}")
