"""A witness: what it answers to a log that asks for a cosignature (C2SP tlog-witness)."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from apitrail.errors import FormatError, UsageError, VerificationError
from apitrail.evidence.witness import witness_keys
from apitrail.evidence.witness.sizes import FILE, FORK, PROOF, Refused, Seen, Sizes
from apitrail.tlog import add_checkpoint, checkpoint, merkle, note, policy
from apitrail.tlog.add_checkpoint import AddCheckpoint, log_digest
from apitrail.trail import lock

PLAIN = "text/plain; charset=utf-8"

_LOCK = "witness.lock"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; `told` is what the operator should know of it."""

    status: int
    body: str
    kind: str = PLAIN
    told: str | None = None


class Witness:
    """Cosigns heads of the logs that it knows. Its methods may be called from any thread."""

    def __init__(
        self,
        signers: witness_keys.Signers,
        logs: Mapping[str, tuple[note.NoteVerifier, ...]],
        sizes: Sizes,
        clock: Callable[[], int],
        held: IO[bytes] | None = None,
    ) -> None:
        """`logs` are the keys of each origin, `clock` gives seconds since the epoch."""
        self._signers = signers
        self._logs = logs
        self._digests = {log_digest(name): name for name in logs}
        self._sizes = sizes
        self._clock = clock
        self._held = held
        # From the look at the size to the signature: a cosignature says which head is the newest.
        self._turn = threading.Lock()

    @classmethod
    def open(
        cls, directory: Path, vkeys: Iterable[str], *, name: str | None, clock: Callable[[], int]
    ) -> Witness:
        """The witness whose memory and keys are in `directory`; a new one where it is empty.

        Raises:
            UsageError: it cannot be used, or its memory is gone.
        """
        logs = _logs(vkeys)
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            held = _lock(directory)
        except OSError as error:
            raise UsageError(f"cannot use {str(directory)!r}: {error.strerror}") from error
        has_key = (directory / witness_keys.FILE).exists()
        if has_key and not (directory / FILE).exists():
            raise UsageError(
                f"the witness in {str(directory)!r} has lost its memory, {FILE!r}",
                hint="bring it back; without it the same key could sign a second history of a log. "
                "A new witness needs a new directory with --state",
            )
        # The memory is made before the key: a key without a memory is refused.
        sizes = Sizes(directory)
        if has_key:
            return cls(witness_keys.read(directory, name), logs, sizes, clock, held)
        try:
            signers = witness_keys.make(directory, name or witness_keys.default_name())
        except OSError as error:
            raise UsageError(f"cannot write to {str(directory)!r}: {error.strerror}") from error
        return cls(signers, logs, sizes, clock, held)

    def close(self) -> None:
        """Let go of the files, once no request is being answered."""
        with self._turn:
            self._sizes.close()
            if self._held is not None:
                self._held.close()

    @property
    def vkeys(self) -> tuple[str, ...]:
        """Its verifier keys, for policies."""
        return tuple(str(signer.verifier) for signer in self._signers)

    @property
    def name(self) -> str:
        """The name of its keys."""
        return self._signers[0].verifier.name

    @property
    def origins(self) -> tuple[str, ...]:
        """The logs that it knows."""
        return tuple(self._logs)

    def refused(self) -> tuple[Refused, ...]:
        """What logs should not have signed."""
        with self._turn:
            return tuple(self._sizes.refused())

    def add(self, body: bytes) -> Answer:
        """The answer to `add-checkpoint`; the order of the checks is the specification's."""
        try:
            asked = AddCheckpoint.parse(body)
        except FormatError as error:
            return Answer(400, f"{error}\n")
        head = asked.head
        if (keys := self._logs.get(head.origin)) is None:
            return Answer(404, f"the log {head.origin!r} is not known here\n")
        try:
            checkpoint.open(asked.checkpoint, keys)
        except (VerificationError, FormatError) as error:
            return Answer(403, f"{error}\n")
        if asked.old > head.size:
            return Answer(400, f"the old size {asked.old} is above the new one, {head.size}\n")
        with self._turn:
            try:
                return self._judge(asked, head)
            except sqlite3.Error as error:
                return Answer(503, "the witness cannot write\n", told=f"cannot write: {error}")

    def newest(self, digest: str) -> Answer:
        """The newest head of the log whose origin has this SHA-256 in hex, cosigned now."""
        with self._turn:
            try:
                seen = self._sizes.seen(self._digests.get(digest, ""))
            except sqlite3.Error as error:
                return Answer(503, "the witness cannot read\n", told=f"cannot read: {error}")
            if seen.note is None:
                return Answer(404, "nothing was cosigned for this log\n")
            now = self._clock()
            if now < seen.time:
                return _behind(seen.time - now)
            return Answer(200, f"{seen.note}{self._cosign(note.Note.parse(seen.note).text, now)}")

    def _judge(self, asked: AddCheckpoint, head: checkpoint.Checkpoint) -> Answer:
        now = self._clock()
        seen = self._sizes.seen(head.origin)
        forked = head.size == seen.size and head.root != seen.root
        problem = _problem(asked, head, seen, forked=forked)
        if problem is not None:
            if problem.told is not None and seen.note is not None:
                kept = Refused(
                    head.origin, now, FORK if forked else PROOF, seen.note, asked.checkpoint
                )
                with self._sizes.turn():
                    self._sizes.refuse(kept, str(asked))
            return problem
        if now < seen.time:
            return _behind(seen.time - now)
        # Durable first, then the signature: killed in between, it knows a head that it did not
        # sign, and never signs another one of this size.
        with self._sizes.turn():
            self._sizes.keep(head.origin, Seen(head.size, head.root, asked.checkpoint, now))
        return Answer(200, self._cosign(note.Note.parse(asked.checkpoint).text, now))

    def _cosign(self, text: str, now: int) -> str:
        return "".join(f"{signer.cosign(text, time=now)}\n" for signer in self._signers)


def _problem(
    asked: AddCheckpoint, head: checkpoint.Checkpoint, seen: Seen, *, forked: bool
) -> Answer | None:
    """What keeps a signed checkpoint from being cosigned; `told` where the log is to blame.

    Two trees of one size are 422 since version 1.1.0 of the specification; it was 409 before.
    """
    told = f"{head.origin!r} signed two trees of {seen.size} entries" if forked else None
    if asked.old != seen.size:
        size = add_checkpoint.format_size(seen.size)
        return Answer(409, size, add_checkpoint.SIZE_TYPE, told)
    if forked and not seen.size:
        return Answer(422, "this is not the root of the empty tree\n", told=told)
    if forked:
        return Answer(422, f"another tree of {seen.size} entries was cosigned\n", told=told)
    try:
        if asked.old:
            merkle.check_consistency(
                old=seen.size, new=head.size, old_root=seen.root, new_root=head.root,
                proof=asked.proof,
            )  # fmt: skip
        elif asked.proof:
            raise VerificationError("a proof from the empty tree is not empty")  # noqa: TRY301
    except VerificationError as error:
        return Answer(422, f"{error}\n", told=f"{head.origin!r}: {error}")
    return None


def _behind(seconds: int) -> Answer:
    """What was cosigned is the newest head as of its time, so that times never step back."""
    behind = f"the clock is {seconds} s behind the last cosignature"
    return Answer(503, f"{behind}\n", told=behind)


def _logs(vkeys: Iterable[str]) -> dict[str, tuple[note.NoteVerifier, ...]]:
    """The keys of each log. Several of one name stand for one log, whose key may have changed."""
    found: dict[str, tuple[note.NoteVerifier, ...]] = {}
    for vkey in vkeys:
        try:
            key = policy.log_verifier(vkey)
        except FormatError as error:
            raise UsageError(
                str(error), hint="`apitrail key show` prints the verifier key of a log"
            ) from error
        found[key.name] = (*found.get(key.name, ()), key)
    return found


def _lock(directory: Path) -> IO[bytes]:
    busy = UsageError(
        f"another process uses the witness in {str(directory)!r}",
        hint="stop it, or name another directory with --state",
    )
    return lock.hold(directory / _LOCK, busy)
