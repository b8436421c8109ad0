"""The one writer of a trail: many callers, one queue, one durable transaction at a time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import uuid
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Self

import aiosqlite

from apitrail.errors import RecordingError, UsageError
from apitrail.event import Event
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import (
    database,
    destroy,
    lock,
    rebuild,
    rotation,
    statements,
    transaction,
)
from apitrail.trail.clock_steps import ClockSteps
from apitrail.trail.head import Head
from apitrail.trail.intents import Pending
from apitrail.trail.publish import Publisher
from apitrail.trail.queue import Alone, Append, Begin, Item, fail
from apitrail.trail.reader import decompress
from apitrail.trail.resume import CHECKPOINT, Resuming
from apitrail.trail.rows import Batch, Draft, Sealer, strings_of
from apitrail.trail.statements import Close, Erase, Gap, Target
from apitrail.trail.strings import Strings

# A kept checkpoint at the latest after this many entries or milliseconds.
KEEP_ENTRIES = 65_536
KEEP_MILLISECONDS = 60_000
# A checkpoint is kept after each of these, whatever the time.
KEEP_KINDS = (Close.KIND, Gap.KIND)

# So many waiters share one fsync at the most.
BATCH = 1_024
# So many entries are erased in one transaction, and named by one entry.
ERASE_BATCH = 2_000


type Steady = Callable[[], int | None]
"""Milliseconds of a clock that nobody sets; None where there is none."""


class Trail:
    """An open trail; make one with `Trail.open` and `close` it.

    What `begin` and `append` have returned is on the disk. An entry whose `append` failed is
    owed: it is written before anything else is let through.
    """

    def __init__(
        self,
        directory: Path,
        connection: aiosqlite.Connection,
        pending: Pending,
        held: IO[bytes],
        *,
        signer: note.NoteSigner,
        clock: Callable[[], int],
        steady: Steady,
    ) -> None:
        self.directory = directory
        self.signer = signer
        self._clock = clock
        self._database = connection
        self._pending = pending
        self._lock = held
        self._sealer = Sealer()
        self._head = Head()
        self._strings = Strings(1)
        self._kept = (0, 0)
        self._steady = steady
        self.steps = ClockSteps(0)
        self._queue: deque[Item] = deque()
        self._owed: list[Append] = []
        self._settled: list[str] = []
        self._wake = asyncio.Event()
        self._publisher = Publisher(directory / CHECKPOINT, lambda: self._note)
        self._note: str | None = None
        self._closing = False
        self.lost: str | None = None
        self._writing: asyncio.Task[None]

    @classmethod
    async def open(
        cls,
        directory: Path,
        *,
        signer: note.NoteSigner,
        clock: Callable[[], int],
        steady: Steady = lambda: None,
        seen: Iterable[str] = (),
        recover: bool = False,
        held: IO[bytes] | None = None,
        progress: rebuild.Progress = rebuild.silent,
    ) -> Trail:
        """Open or make the trail in `directory` for writing.

        Args:
            directory: made with mode 0700 if it is not there.
            signer: signs checkpoints; its name is the log's origin.
            clock: Unix time in milliseconds.
            steady: milliseconds of a clock that nobody sets, by which steps of `clock` are told.
            seen: signed checkpoints of this log that are known from elsewhere.
            recover: where the trail was rolled back or forked, go on nevertheless, with an
                entry that states what was lost.
            held: the trail's lock, where it is taken already; closed with the trail.
            progress: told of entries, where the search tables of an older version are rebuilt.

        Raises:
            UsageError: another recorder holds it, it is no trail, it was rolled back, or the
                signer is not the one it was begun with.
        """
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = held or lock.take(directory)
        try:
            path = directory / database.FILE
            await asyncio.to_thread(database.create, path)
            await asyncio.to_thread(rebuild.bring_up, path, progress)
            connection = await aiosqlite.connect(path, isolation_level=None)
            for pragma in database.WRITER_PRAGMAS:
                await connection.execute(pragma)
            trail = cls(
                directory, connection, await Pending.open(directory), held,
                signer=signer, clock=clock, steady=steady,
            )  # fmt: skip
            try:
                found = await Resuming(directory, connection, signer).state(seen, recover=recover)
            except BaseException:
                await trail._release()
                raise
            trail._head, trail._note = found.head, found.note
            trail.steps = ClockSteps(found.head.time)
            trail._kept, trail._strings = (found.kept, 0), Strings(found.next_string)
        except BaseException:
            held.close()
            raise
        trail._writing = asyncio.create_task(trail._write(), name="trail-writer")
        trail._publisher.start()
        if found.lost:
            await trail._state_loss(found.lost)
        return trail

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def size(self) -> int:
        """How many entries are durable."""
        return self._head.size

    @property
    def origin(self) -> str:
        """The log's name."""
        return self.signer.verifier.name

    async def begin(self, key: str, facets: Mapping[str, bytes]) -> None:
        """Make an intent durable: a call is about to be let through.

        Raises:
            RecordingError: it could not be; the call must not go through.
        """
        await self._enqueue(Begin(key, facets, asyncio.get_running_loop().create_future()))

    async def append(self, draft: Draft, *, settles: str | None = None) -> int:
        """Make an entry durable and its intent `settles` done; gives the entry's index.

        Raises:
            RecordingError: not yet; it is owed and goes before all that comes later.
        """
        return await self._enqueue(
            Append(draft, settles, asyncio.get_running_loop().create_future())
        )

    async def learned(self) -> AsyncIterator[tuple[int, bytes]]:
        """What calls taught of identities: index and content of each facet, in order."""
        async with self._database.execute(
            "SELECT idx, data FROM facet WHERE tag = 'learned' ORDER BY idx"
        ) as rows:
            async for row in rows:
                yield row[0], decompress(row[1])

    async def recover(self) -> int:
        """Account for calls whose outcome was never seen, as entries of kind `unknown`."""
        left = [(key, facets) for key, facets in await self._pending.all()]
        found = 0
        for key, facets in left:
            if await self._recorded(key):
                self._settled.append(key)
                continue
            await self.append(unknown(facets), settles=key)
            found += 1
        return found

    @property
    def newest(self) -> str | None:
        """The signed checkpoint of what is durable."""
        return self._note

    async def rotate(self, new: note.NoteSigner) -> int:
        """Let another key sign from now on; both keys sign the entry that says so.

        Gives the entry's index. Raises RecordingError: nothing has changed.
        """

        async def work() -> int:
            change = rotation.Rotation.between(
                self.signer, new, index=self._head.size, previous=self._head.last
            )
            draft = statements.draft(change.signed(self.signer, new))
            batch, head, indexes = self._seal([draft])
            text = self._sign(head, self.signer, new)
            # Kept for ever: whoever trusts the old key learns the new one from it.
            batch.sign(head.size, text, keep=True)
            await transaction.commit(self._database, batch.statements())
            self._settle_batch(batch, head, text, kept=True)
            self.signer = new
            return indexes[0]

        index = await self._alone(work)
        await self._publisher.now()
        return index

    async def erase(self, targets: Iterable[Target], *, reason: str | None = None) -> int:
        """Destroy content and salts for good, with entries that say so; gives how many facets.

        The content is gone from every file of the trail when this returns, unless a reader
        holds on to an older state: then with the next commit after it has left.

        Raises UsageError: it cannot be erased, nothing was; RecordingError: not written.
        """
        wanted = sorted(targets, key=lambda target: target.index)
        erased = 0
        for start in range(0, len(wanted), ERASE_BATCH):
            part = wanted[start : start + ERASE_BATCH]
            erased += await self._alone(lambda part=part: self._erase(part, reason))  # type: ignore[misc]
        await self._publisher.now()
        return erased

    async def close(self) -> None:
        """Write what is queued, publish the checkpoint, let go of the files."""
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        await self._writing
        await self._publisher.close()
        await self._release()

    async def _release(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._settled:
                await self._pending.commit((), self._settled)
            await self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        await self._database.close()
        await self._pending.close()
        self._lock.close()

    async def _alone(self, work: Callable[[], Awaitable[int]]) -> int:
        return await self._enqueue(Alone(work, asyncio.get_running_loop().create_future()))

    async def _enqueue(self, item: Item) -> int:
        if self._closing:
            raise RecordingError("the trail is closed")
        self._queue.append(item)
        self._wake.set()
        return await item.done

    async def _state_loss(self, lost: Sequence[str]) -> None:
        """The first entry after a loss names every head that is lost; only then publish."""
        self.lost = f"entries from {self._head.size} on that were signed before"
        gap = Gap(tuple(dict.fromkeys(lost)), self._head.size)
        await self.append(statements.draft(gap))
        await self._publisher.now()

    async def _recorded(self, key: str) -> bool:
        rows = await self._database.execute_fetchall(
            "SELECT 1 FROM event WHERE id = ?", (bytes.fromhex(key.replace("-", "")),)
        )
        return bool(list(rows))

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                items = self._take()
                try:
                    if isinstance(items[0], Alone):
                        await self._perform(items[0])
                    else:
                        await self._commit(items)
                except BaseException as error:
                    # A defect: nobody may wait for ever, and nothing more may go through.
                    self._closing = True
                    fail([*items, *self._queue], error)
                    raise
            if self._closing:
                if self._owed:
                    await self._commit([])
                return

    def _take(self) -> list[Item]:
        """The next batch: what must be alone is, and a stop is the last of its batch."""
        items: list[Item] = []
        while self._queue and len(items) < BATCH:
            if items and isinstance(self._queue[0], Alone):
                break
            items.append(item := self._queue.popleft())
            if isinstance(item, Alone) or (
                isinstance(item, Append) and item.draft.kind == Close.KIND
            ):
                break
        return items

    async def _perform(self, item: Alone) -> None:
        if self._owed:
            await self._commit([])
        try:
            if self._owed:
                raise RecordingError("the trail cannot be written: entries are owed")  # noqa: TRY301
            result = await item.work()
        except (UsageError, RecordingError) as error:
            item.done.set_exception(error)
        except (sqlite3.Error, OSError) as error:
            fail([item], error)
        else:
            item.done.set_result(result)

    async def _commit(self, items: list[Item]) -> None:
        if items and any(owed.draft.kind == Close.KIND for owed in self._owed):
            # A stop is the last of its batch, also when it is written late.
            await self._commit([])
            if self._owed:
                self._owed += [item for item in items if isinstance(item, Append)]
                fail(items, sqlite3.OperationalError("entries are owed"))
                return
        appends = [*self._owed, *(item for item in items if isinstance(item, Append))]
        begins = [item for item in items if isinstance(item, Begin)]
        try:
            # First the log, then the intents: a crash in between leaves an intent whose entry is
            # there, which `recover` recognises. The other way round a call could vanish.
            indexes = await self._commit_entries([item.draft for item in appends])
        except (sqlite3.Error, OSError) as error:
            if twice := await self._twice(appends, error):
                # An event that the log has already must not keep all others out for ever.
                fail(twice, error)
                self._owed = []
                rest = [item for item in appends if all(item is not other for other in twice)]
                await self._commit([*rest, *begins])
                return
            self._owed = appends
            fail(items, error)
            return
        self._owed = []
        self._settled += [item.settles for item in appends if item.settles is not None]
        for append, index in zip(appends, indexes, strict=True):
            if not append.done.done():
                append.done.set_result(index)
        if begins:
            await self._commit_intents(begins)

    async def _commit_intents(self, begins: list[Begin]) -> None:
        try:
            await self._pending.commit([(item.key, item.facets) for item in begins], self._settled)
        except (sqlite3.Error, OSError) as error:
            fail(begins, error)
            return
        self._settled = []
        for begin in begins:
            if not begin.done.done():
                begin.done.set_result(0)

    async def _commit_entries(self, drafts: list[Draft]) -> list[int]:
        if not drafts:
            return []
        try:
            return await self._append_all(drafts)
        finally:
            self._strings.trim()

    async def _append_all(self, drafts: list[Draft]) -> list[int]:
        rows = [draft.row for draft in drafts if draft.row is not None]
        await self._strings.load(self._database, set[str]().union(*map(strings_of, rows)))
        now, steady = self._clock(), self._steady()
        step = self.steps.between(now, steady)
        if step is not None:
            # First of the batch, so that a `close` stays the last.
            drafts = [statements.draft(step), *drafts]
        batch, head, indexes = self._seal(drafts)
        text = self._sign(head, self.signer)
        keep = (
            head.size - self._kept[0] >= KEEP_ENTRIES
            or now - self._kept[1] >= KEEP_MILLISECONDS
            or any(draft.kind in KEEP_KINDS for draft in drafts)
        )
        batch.sign(head.size, text, keep=keep)
        await transaction.commit(self._database, batch.statements())
        self._settle_batch(batch, head, text, kept=keep)
        self.steps.keep(now, steady)
        return indexes if step is None else indexes[1:]

    async def _twice(self, appends: Sequence[Append], error: Exception) -> list[Append]:
        """Those that failed because their event is in the log, or earlier in the batch."""
        if not isinstance(error, sqlite3.IntegrityError):
            return []
        seen: set[str] = set()
        found = []
        for item in appends:
            if (row := item.draft.row) is not None:
                if row.id in seen or await self._recorded(row.id):
                    found.append(item)
                seen.add(row.id)
        return found

    def _seal(self, drafts: Iterable[Draft]) -> tuple[Batch, Head, list[int]]:
        """The rows that append these drafts, and the head there will be; nothing is written."""
        batch, head, now = Batch(), self._head.copy(), self._clock()
        indexes = [
            self._sealer.seal(
                batch, draft, head=head, time=now, event_key=os.urandom(32), strings=self._strings
            )
            for draft in drafts
        ]
        batch.tiles = head.take_tiles()
        return batch, head, indexes

    def _sign(self, head: Head, *signers: note.NoteSigner) -> str:
        return note.sign(str(Checkpoint(self.origin, head.size, head.root())), *signers)

    def _settle_batch(self, batch: Batch, head: Head, text: str, *, kept: bool) -> None:
        """What was sealed is committed."""
        self._head, self._note = head, text
        self._strings.learn(batch.strings)
        if kept:
            self._kept = (head.size, head.time)
        self._publisher.committed()

    async def _erase(self, targets: Sequence[Target], reason: str | None) -> int:
        """One transaction: the entry and the destruction it names; then no copy in the logs."""
        # Intents of calls that are in the log by now hold their content too. They go first: one
        # without its event would come back as a call of unknown outcome.
        await self._pending.commit((), [*self._settled, *await self._event_ids(targets)])
        self._settled = []
        made: list[tuple[Batch, Head, str]] = []

        def seal(found: Sequence[Target]) -> Batch:
            batch, head, _ = self._seal([statements.draft(Erase(tuple(found), reason))])
            text = self._sign(head, self.signer)
            batch.sign(head.size, text, keep=False)
            made.append((batch, head, text))
            return batch

        path = self.directory / database.FILE
        erased = await asyncio.to_thread(destroy.commit, path, targets, seal)
        for batch, head, text in made:
            self._settle_batch(batch, head, text, kept=False)
            # Some of the strings that we remember are gone.
            self._strings = Strings(self._strings.next_id)
        await self._database.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")
        await self._pending.truncate()
        return erased

    async def _event_ids(self, targets: Iterable[Target]) -> list[str]:
        found = []
        for target in targets:
            rows = await self._database.execute_fetchall(
                "SELECT id FROM event WHERE idx = ?", (target.index,)
            )
            found += [str(uuid.UUID(bytes=row[0])) for row in rows]
        return found


def unknown(facets: Mapping[str, bytes]) -> Draft:
    """The entry for a call that was let through and whose outcome was never seen."""
    row = Event.parse({tag: facets[tag] for tag in ("who", "what")}).row()
    return Draft(kind="unknown", facets=facets, row=row)
