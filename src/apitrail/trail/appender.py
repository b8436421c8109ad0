"""Appends to a trail's two databases. All of it runs in one thread, the writer's.

A batch is one call from the event loop: looking up strings, sealing, signing, and both durable
transactions. Nothing here waits for the loop.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import anchor, database, destroy, journal, rotation, statements, transaction
from apitrail.trail.anchor import Anchor
from apitrail.trail.clock_steps import ClockSteps
from apitrail.trail.head import Head
from apitrail.trail.intents import Pending
from apitrail.trail.journal import Left
from apitrail.trail.resume import Resuming
from apitrail.trail.rows import Batch, Draft, Sealer, strings_of
from apitrail.trail.statements import Close, Erase, Gap, Target
from apitrail.trail.strings import Strings

# A kept checkpoint at the latest after this many entries or milliseconds.
KEEP_ENTRIES = 65_536
KEEP_MILLISECONDS = 60_000
# A checkpoint is kept after each of these, whatever the time.
KEEP_KINDS = (Close.KIND, Gap.KIND)

type Steady = Callable[[], int | None]
"""Milliseconds of a clock that nobody sets; None where there is none."""

type Failure = sqlite3.Error | OSError | MemoryError
"""What keeps a batch out of the files for now; SQLite tells a lack of memory as MemoryError."""

FAILURES = (sqlite3.Error, OSError, MemoryError)

_AHEAD = "out of memory while the log was written, which may have more than this process knows"

type Intent = tuple[str, Mapping[str, bytes]]
"""The id of a call that is let through, and the facets known of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A batch: entries with the intents that they settle, and new intents."""

    drafts: Sequence[Draft] = ()
    settles: Sequence[str] = ()
    begun: Sequence[Intent] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What kept a batch out of the files, if anything did.

    `entries` is what kept its entries out of the log, and then the intents were not tried; `twice` are
    the positions of drafts whose event the log has already. `intents` is what kept the intents out.
    """

    entries: Failure | None = None
    twice: Sequence[int] = ()
    intents: Failure | None = None


@dataclass(frozen=True, slots=True)
class _Sealed:
    """Entries that are ready to be committed: their rows, the head there will be, its signed note."""

    batch: Batch
    head: Head
    text: str
    indexes: list[int]
    kept: bool


@dataclass(slots=True)
class Appender:
    """The files of a trail, open for writing, and how far they have been written.

    `newest` is the signed checkpoint of what is durable. It and `head` may be read by any thread.
    """

    directory: Path
    signer: note.NoteSigner
    clock: Callable[[], int]
    steady: Steady
    newest: str | None = None
    head: Head = field(default_factory=Head)
    steps: ClockSteps = field(default_factory=lambda: ClockSteps(0))
    strings: Strings = field(default_factory=lambda: Strings(1))
    connection: sqlite3.Connection = field(init=False, repr=False)
    _pending: Pending = field(init=False, repr=False)
    _sealer: Sealer = field(default_factory=Sealer)
    _kept: tuple[int, int] = (0, 0)
    _settled: list[str] = field(default_factory=list)
    # The journals of workers that are gone.
    _journals: list[Path] = field(default_factory=list)
    # Whether a write-ahead log may hold what was erased, because a reader needs it.
    held: bool = False

    def connect(self) -> sqlite3.Connection:
        """Open both files; gives the connection to the trail's."""
        self.connection = database.open_to_write(self.directory / database.FILE)
        try:
            self._pending = Pending.open(self.directory)
            # No worker is about yet.
            journal.tidy(self.directory)
            self._journals = journal.paths(self.directory)
            self._truncate(wait=False)
        except BaseException:
            self.connection.close()
            raise
        return self.connection

    def resume(self, seen: Iterable[str], *, recover: bool) -> list[str]:
        """Go on where the files were left off; gives what `Resuming.state` says is lost."""
        found = Resuming(self.directory, self.connection, self.signer).state(seen, recover=recover)
        self.head, self.newest = found.head, found.note
        self.steps = ClockSteps(found.head.time)
        self._kept, self.strings = (found.kept, 0), Strings(found.next_string)
        return found.lost

    def write(
        self,
        work: Work,
        entered: Callable[[Sequence[int]], object],
        intended: Callable[[], object],
    ) -> Outcome:
        """Make a batch durable.

        `entered` gets the entries' indexes before the intents are tried, `intended` is called once these are
        durable too; neither where there are none.
        """
        # First the log, then the intents: a crash in between leaves an intent whose entry is
        # there, which `left` recognises. The other way round a call could vanish.
        try:
            indexes = self._append(work.drafts)
        except FAILURES as error:
            return Outcome(entries=error, twice=self._twice(work.drafts, error))
        if self.held:
            self._truncate(wait=False)
        self._settled += work.settles
        if work.drafts:
            entered(indexes)
        if not work.begun:
            return Outcome()
        try:
            self._pending.commit(work.begun, self._settled)
        except FAILURES as error:
            return Outcome(intents=error)
        self._settled = []
        intended()
        return Outcome()

    def withdraw(self, key: str) -> None:
        """The call of this intent was not let through. The intent goes now, or with the next batch."""
        self._settled.append(key)
        with contextlib.suppress(*FAILURES):
            self._pending.commit((), self._settled)
            self._settled = []

    def left(self) -> list[Left]:
        """Intents without an entry. Those that have one are settled with the next batch."""
        found: list[Left] = []
        for each in self._pending.all():
            if self._recorded(each.key):
                self._settled.append(each.key)
            else:
                found.append(each)
        return [*found, *chain.from_iterable(map(self.left_in, self._journals))]

    def left_in(self, path: Path) -> list[Left]:
        """The calls without an entry in the journal of a worker that is gone; raises OSError."""
        if path not in self._journals:
            self._journals.append(path)
        return [each for each in journal.read(path) if not self._recorded(each.key)]

    def forget(self, *paths: Path) -> None:
        """Remove these journals, or all: their calls have entries."""
        for path in paths or tuple(self._journals):
            self._journals.remove(path)
            path.unlink(missing_ok=True)

    def rotate(self, new: note.NoteSigner) -> int:
        """Append the entry that another key signs from now on, signed by both; gives its index."""
        change = rotation.Rotation.between(
            self.signer, new, index=self.head.size, previous=self.head.last
        )
        draft = statements.draft(change.signed(self.signer, new))
        # Kept for ever: whoever trusts the old key learns the new one from it.
        sealed = self._seal([draft], self.signer, new, keep=True)
        self._commit(sealed)
        self.signer = new
        return sealed.indexes[0]

    def erase(self, targets: Sequence[Target], reason: str | None) -> int:
        """One transaction: the entry and the destruction it names; then no copy in the logs."""
        # Intents of calls that are in the log by now hold their content too. They go first: one
        # without its event would come back as a call of unknown outcome.
        events = self.event_ids(targets)
        self._pending.commit((), [*self._settled, *events])
        self._settled = []
        for path in self._journals:
            journal.scrub(path, events)
        made: list[_Sealed] = []

        def seal(found: Sequence[Target]) -> Batch:
            draft = statements.draft(Erase(tuple(found), reason))
            made.append(self._seal([draft], self.signer, keep=False))
            return made[-1].batch

        try:
            erased = destroy.commit(self.directory / database.FILE, targets, seal)
        except MemoryError as error:
            if made and self._has(made[-1]):
                raise RuntimeError(_AHEAD) from error
            raise
        for sealed in made:
            self._is_committed(sealed)
            # Some of the strings that we remember are gone.
            self.strings = Strings(self.strings.next_id)
        self._truncate(wait=True)
        return erased

    def anchor(self, size: int, text: str, found: Iterable[Anchor]) -> int:
        """Keep a checkpoint with those who have seen it; gives its size."""
        rows = [each.row() for each in found]
        transaction.commit(self.connection, ((anchor.KEEP, [(size, text)]), (anchor.INSERT, rows)))
        return size

    def close(self) -> None:
        """Leave the files as small as they can be. The trail's connection stays open."""
        try:
            with contextlib.suppress(*FAILURES):
                if self._settled:
                    self._pending.commit((), self._settled)
                self._truncate(wait=False)
        finally:
            self._pending.close()

    def _truncate(self, *, wait: bool) -> None:
        """Leave no copy of what was erased, unless a reader needs it; then it is tried again."""
        emptied = database.truncate(self.connection, wait=wait)
        self.held = not (self._pending.truncate(wait=wait) and emptied)

    def _append(self, drafts: Sequence[Draft]) -> list[int]:
        if not drafts:
            return []
        try:
            return self._append_all(drafts)
        finally:
            self.strings.trim()

    def _append_all(self, drafts: Sequence[Draft]) -> list[int]:
        rows = [draft.row for draft in drafts if draft.row is not None]
        self.strings.load(self.connection, set[str]().union(*map(strings_of, rows)))
        now, steady = self.clock(), self.steady()
        step = self.steps.between(now, steady)
        if step is not None:
            # First of the batch, so that a `close` stays the last.
            drafts = [statements.draft(step), *drafts]
        keep = (
            self.head.size + len(drafts) - self._kept[0] >= KEEP_ENTRIES
            or now - self._kept[1] >= KEEP_MILLISECONDS
            or any(draft.kind in KEEP_KINDS for draft in drafts)
        )
        sealed = self._seal(drafts, self.signer, keep=keep)
        self._commit(sealed)
        self.steps.keep(now, steady)
        return sealed.indexes if step is None else sealed.indexes[1:]

    def _twice(self, drafts: Sequence[Draft], error: Failure) -> list[int]:
        """Those that failed because their event is in the log, or earlier in the batch."""
        if not isinstance(error, sqlite3.IntegrityError):
            return []
        seen: set[str] = set()
        found = []
        for position, draft in enumerate(drafts):
            if draft.row is not None:
                if draft.row.id in seen or self._recorded(draft.row.id):
                    found.append(position)
                seen.add(draft.row.id)
        return found

    def _recorded(self, key: str) -> bool:
        sql = "SELECT 1 FROM event WHERE id = ?"
        return self.connection.execute(sql, (uuid.UUID(key).bytes,)).fetchone() is not None

    def _seal(self, drafts: Iterable[Draft], *signers: note.NoteSigner, keep: bool) -> _Sealed:
        """What appends these drafts, under a signed checkpoint; nothing is written."""
        batch, head, now = Batch(), self.head.copy(), self.clock()
        indexes = [
            self._sealer.seal(
                batch, draft, head=head, time=now, event_key=os.urandom(32), strings=self.strings
            )
            for draft in drafts
        ]
        batch.tiles = head.take_tiles()
        origin = self.signer.verifier.name
        text = note.sign(str(Checkpoint(origin, head.size, head.root())), *signers)
        batch.sign(head.size, text, keep=keep)
        return _Sealed(batch, head, text, indexes, keep)

    def _commit(self, sealed: _Sealed) -> None:
        batch = sealed.batch
        # What completes a block is made of its rows, so once these are there.
        work = chain(batch.statements(), batch.sums(self.connection))
        try:
            transaction.commit(self.connection, work)
        except MemoryError:
            if not self._has(sealed):
                raise
        try:
            self._is_committed(sealed)
        except MemoryError as error:
            raise RuntimeError(_AHEAD) from error

    def _has(self, sealed: _Sealed) -> bool:
        """Does the log have these entries? Memory may be short after the commit, too.

        Raises RuntimeError where that cannot be known: then nobody may go on from `head`.
        """
        try:
            found = self.connection.execute("SELECT max(idx) FROM entry").fetchone()
            return bool(found[0] == sealed.head.size - 1)
        except MemoryError as error:
            raise RuntimeError(_AHEAD) from error

    def _is_committed(self, sealed: _Sealed) -> None:
        self.head, self.newest = sealed.head, sealed.text
        self.strings.learn(sealed.batch.strings)
        if sealed.kept:
            self._kept = (sealed.head.size, sealed.head.time)

    def event_ids(self, targets: Iterable[Target]) -> list[str]:
        """The ids of the calls that these are of."""
        found = []
        for target in targets:
            rows = self.connection.execute("SELECT id FROM event WHERE idx = ?", (target.index,))
            found += [str(uuid.UUID(bytes=row[0])) for row in rows]
        return found
