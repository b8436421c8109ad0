"""Where a trail was left off: its head from the stored rows, held against what was signed.

Never sign a rollback or a fork: whatever was signed before, here or elsewhere, must be of this
tree.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from apitrail.entry import Entry
from apitrail.errors import FormatError, UsageError, VerificationError
from apitrail.tlog import checkpoint, merkle, note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import rotation
from apitrail.trail.head import Head
from apitrail.trail.reader import Reader

CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True)
class State:
    """What the next batch goes on from.

    `kept` is the size of the newest kept checkpoint; `lost` are signed notes of a past that the
    trail does not hold any more.
    """

    head: Head
    note: str | None
    kept: int
    next_string: int
    lost: list[str] = field(default_factory=list)


class Resuming:
    """Reads the state of a trail through the writer's own connection."""

    def __init__(
        self, directory: Path, connection: sqlite3.Connection, signer: note.NoteSigner
    ) -> None:
        self._directory = directory
        self._database = connection
        self._signer = signer

    def state(self, seen: Iterable[str], *, recover: bool) -> State:
        """The state, if every checkpoint of this log that is known is of its tree.

        Raises:
            UsageError: it is not; with `recover` only if nothing could be told from its loss.
        """
        head = self._read_head()
        tail = self._text("SELECT note FROM tail")
        self._check_tail(head, tail)
        return State(
            head=head,
            note=tail,
            kept=self._number("SELECT coalesce(max(size), 0) FROM checkpoint"),
            next_string=self._number("SELECT coalesce(max(id), 0) + 1 FROM string"),
            lost=self._lost(head, seen, recover=recover),
        )

    def _read_head(self) -> Head:
        size = self._number("SELECT coalesce(max(idx) + 1, 0) FROM entry")
        if not size:
            return Head()
        rows = self._database.execute("SELECT data FROM entry WHERE idx = ?", (size - 1,))
        try:
            (time,) = (Entry.parse(row[0]).time for row in rows)
        except FormatError as error:
            raise broken(str(error)) from error
        leaves = self._hashes(size - size % 256 - 1, size)
        tiles = self._tiles(size)
        try:
            return Head.resume(size, time=time, leaf=leaves.__getitem__, tile=lambda *at: tiles[at])
        except KeyError as error:
            raise broken(f"its tree lacks {error}") from error

    def _number(self, sql: str) -> int:
        rows = self._database.execute(sql)
        return int(next(iter(rows))[0])

    def _text(self, sql: str) -> str | None:
        rows = self._database.execute(sql)
        return next((str(row[0]) for row in rows), None)

    def _hashes(self, first: int, size: int) -> dict[int, bytes]:
        rows = self._database.execute(
            "SELECT idx, data FROM entry WHERE idx >= ? AND idx < ?", (max(first, 0), size)
        )
        return {row[0]: merkle.leaf_hash(row[1]) for row in rows}

    def _tiles(self, size: int) -> dict[tuple[int, int], bytes]:
        """The full tiles whose roots make the right edge."""
        wanted, count, level = [], size, 0
        while count := count // 256:
            wanted += [(level, index) for index in range(count - count % 256, count)]
            level += 1
        found = {}
        for key in wanted:
            rows = self._database.execute("SELECT data FROM tile WHERE level = ? AND idx = ?", key)
            for row in rows:
                found[key] = row[0]
        return found

    def _check_tail(self, head: Head, text: str | None) -> None:
        if text is None:
            if head.size:
                raise broken("entries without a signed checkpoint")
            return
        try:
            tail = checkpoint.open(text, [self._signer.verifier])[0]
        except (FormatError, VerificationError) as error:
            raise broken(str(error)) from error
        if (tail.size, tail.root) != (head.size, head.root()):
            raise broken(f"its entries are not those its checkpoint of size {tail.size} signs")
        # The checkpoint that ends with a rotation is signed by two keys. The old one must not
        # sign any more, even if it was read just before another command changed it.
        if sum(line.name == tail.origin for line in note.Note.parse(text).signatures) > 1:
            with Reader(self._directory) as reader:
                newest = rotation.trace(reader)[-1:]
            if not newest or newest[0].new != self._signer.verifier:
                raise broken("its key was changed, and this is the old one")

    def _lost(self, head: Head, seen: Iterable[str], *, recover: bool) -> list[str]:
        """Checkpoints kept elsewhere that are not of this tree."""
        known = [(text, "a checkpoint seen before") for text in seen]
        path = self._directory / CHECKPOINT
        if path.is_file():
            known.append((path.read_bytes().decode("utf-8", "replace"), f"the file {CHECKPOINT!r}"))
        lost = []
        for text, where in known:
            if (problem := self._problem(head, self._open(text, where))) is None:
                continue
            if not recover:
                raise UsageError(
                    f"{problem}, says {where}",
                    hint="bring the right database back, record to a new trail with --trail, or "
                    "let the log state its loss and go on: `apitrail recover`",
                )
            lost.append(text)
        return lost

    def _open(self, text: str, where: str) -> Checkpoint:
        try:
            verifiers = [self._signer.verifier]
            try:
                return checkpoint.open(text, verifiers)[0]
            except note.UnknownKeyError:
                # It may be older than a change of key.
                with Reader(self._directory) as reader:
                    verifiers += [change.old for change in rotation.trace(reader)]
                return checkpoint.open(text, verifiers)[0]
        except (FormatError, VerificationError) as error:
            raise broken(f"{where}: {error}") from error

    def _problem(self, head: Head, seen: Checkpoint) -> str | None:
        if seen.size > head.size:
            return f"the trail has {head.size} entries but had {seen.size}: it was rolled back"
        if seen.size and self._root_at(head, seen.size) != seen.root:
            return f"the trail is not the one that had {seen.size} entries: it was forked"
        return None

    def _root_at(self, head: Head, size: int) -> bytes:
        """The tree hash when there were `size` entries, from the stored leaves."""
        if size == head.size:
            return head.root()
        frontier = merkle.Frontier()
        for (data,) in self._database.execute(
            "SELECT data FROM entry WHERE idx < ? ORDER BY idx", (size,)
        ):
            frontier.append(merkle.leaf_hash(data))
        return frontier.root()


def broken(reason: str) -> UsageError:
    """The trail cannot be written on."""
    return UsageError(
        f"the trail does not hold: {reason}",
        hint="`apitrail verify` says where; record to a new trail with --trail",
    )
