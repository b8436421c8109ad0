"""The one writer of a trail: many callers, one queue, one durable transaction at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Self

from apitrail import last_resort
from apitrail.aside import in_thread, tell
from apitrail.errors import RecordingError, UsageError
from apitrail.event import Event
from apitrail.tlog import note
from apitrail.trail import database, lock, rebuild, statements
from apitrail.trail.anchor import Anchor
from apitrail.trail.appender import FAILURES, Appender, Outcome, Steady, Work
from apitrail.trail.clock_steps import ClockSteps
from apitrail.trail.destroy import erased_together
from apitrail.trail.files_thread import FilesThread
from apitrail.trail.frames import decompress
from apitrail.trail.journal import Left
from apitrail.trail.publish import Publisher
from apitrail.trail.queue import Alone, Append, Begin, Item, fail
from apitrail.trail.resume import CHECKPOINT
from apitrail.trail.rows import Draft
from apitrail.trail.statements import Close, Gap, Target

type Settled = Callable[[str, Mapping[str, bytes]], Awaitable[Draft]]
"""What a call becomes that a crash has left: by its event id and the facets of its intent."""

# At most this many waiters share one fsync.
BATCH = 1_024
# For at most so many turns of the loop a batch waits for more to join it.
TURNS = 8
# For so many seconds entries that nobody waits for wait for others, which then share a transaction.
LINGER = 0.025
# Rows that one step of a cursor brings from the writer's thread.
CHUNK = 64


class Trail:
    """An open trail; make one with `Trail.open` and `close` it.

    What `begin` and `append` have returned is on the disk. An entry whose `append` failed is
    owed: it is written before anything else is let through.
    """

    def __init__(self, appender: Appender, thread: FilesThread, held: IO[bytes]) -> None:
        self.directory = appender.directory
        self._appender = appender
        self._thread = thread
        self._lock = held
        self._queue: deque[Item] = deque()
        # What is being written.
        self._at_hand: list[Item] = []
        self._owed: list[Append] = []
        self._wake = asyncio.Event()
        # Does anybody wait for what is queued?
        self._hurry = asyncio.Event()
        # Did the last batch have more than one?
        self._crowded = True
        self._publisher = Publisher(self.directory / CHECKPOINT, lambda: appender.newest)
        self._closing = self._released = False
        self.lost: str | None = None
        # Called whenever entries have become durable.
        self.on_commit: list[Callable[[], None]] = []
        # Told why, where nothing can be written any more.
        self.on_defect: Callable[[BaseException], object] = lambda _: None
        # Has those who keep journals remove these calls from them.
        self.scrub: Callable[[Sequence[str]], Awaitable[None]] = _nothing
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
            await in_thread(database.create, path)
            await in_thread(database.bring_up, path)
            await in_thread(rebuild.bring_up, path, progress)
            appender = Appender(directory, signer, clock, steady)
            trail = cls(appender, await FilesThread.start(appender.connect), held)
            try:
                lost = await trail._run(partial(appender.resume, seen, recover=recover))
            except BaseException:
                await trail._release()
                raise
        except BaseException:
            held.close()
            raise
        trail._writing = asyncio.create_task(trail._write(), name="trail-writer")
        trail._publisher.start()
        if lost:
            await trail._state_loss(lost)
        return trail

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def size(self) -> int:
        """How many entries are durable."""
        return self._appender.head.size

    @property
    def signer(self) -> note.NoteSigner:
        """Signs the checkpoints; its name is the log's."""
        return self._appender.signer

    @property
    def steps(self) -> ClockSteps:
        """The readings of the clock."""
        return self._appender.steps

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

    async def withdraw(self, key: str) -> None:
        """The call of an intent was not let through after all."""
        await self._run(partial(self._appender.withdraw, key))

    async def append(self, draft: Draft, *, settles: str | None = None) -> int:
        """Make an entry durable and its intent `settles` done; gives the entry's index.

        Raises:
            RecordingError: not yet; it is owed and goes before all that comes later.
        """
        return await self.put(draft, settles=settles)

    def put(
        self, draft: Draft, *, settles: str | None = None, hurried: bool = True
    ) -> asyncio.Future[int]:
        """The same for who has other things to do meanwhile; gives what the index will be.

        One that is not `hurried` may wait for others: what it says is durable elsewhere.

        Raises:
            RecordingError: the trail is closed.
        """
        done = asyncio.get_running_loop().create_future()
        return self._enqueue(Append(draft, settles, done), hurried=hurried)

    async def settle(self, draft: Draft, call: str) -> int:
        """Make the entry of a call durable and its intent done, as `append` does."""
        return await self.append(draft, settles=call)

    async def learned(self) -> AsyncIterator[tuple[int, bytes]]:
        """What calls taught of identities: index and content of each facet, in order."""
        sql = "SELECT idx, data FROM facet WHERE tag = 'learned' ORDER BY idx"
        found = await self._run(lambda: self._appender.connection.execute(sql))
        while rows := await self._run(partial(found.fetchmany, CHUNK)):
            for row in rows:
                yield row[0], decompress(row[1])

    async def recover(self, settled: Settled | None = None) -> int:
        """Account for calls whose outcome was never seen: as `settled` says, else as `unknown`."""
        left = await self._run(self._appender.left)
        for each in left:
            if each.kind is not None or settled is None:
                draft = recovered(each)
            else:
                draft = await settled(each.key, each.facets)
            await self.append(draft, settles=each.key)
        await self.forget()
        return len(left)

    async def left_in(self, journal: Path) -> list[Left]:
        """The calls of a worker that is gone which have no entry yet; raises RecordingError."""
        try:
            return await self._run(partial(self._appender.left_in, journal))
        except FAILURES as error:
            raise RecordingError(f"{journal.name} cannot be read: {error}") from error

    async def forget(self, *journals: Path) -> None:
        """Remove journals whose calls all have entries: these, or all of workers that are gone."""
        await self._run(partial(self._appender.forget, *journals))

    @property
    def newest(self) -> str | None:
        """The signed checkpoint of all durable entries."""
        return self._appender.newest

    @property
    def queued(self) -> int:
        """How many intents and entries wait for the disk."""
        return len(self._queue)

    @property
    def owed(self) -> int:
        """How many entries the disk has refused so far."""
        return len(self._owed)

    async def rotate(self, new: note.NoteSigner) -> int:
        """Let another key sign from now on; both keys sign the entry that says so.

        Gives the entry's index. Raises RecordingError: nothing has changed.
        """
        index = await self._alone(partial(self._appender.rotate, new))
        await self._publisher.now()
        return index

    async def anchor(self, size: int, text: str, found: Sequence[Anchor]) -> None:
        """Keep who has seen the signed checkpoint `text` of `size`; it makes no entry.

        Raises RecordingError: not written.
        """
        await self._alone(partial(self._appender.anchor, size, text, found))

    @property
    def wal_bytes(self) -> int:
        """The size of the write-ahead log, which cannot begin anew while a reader is in the middle of
        something."""
        try:
            return (self.directory / database.WAL).stat().st_size
        except OSError:
            return 0

    @property
    def held(self) -> bool:
        """Does a reader hold on to content that was erased?"""
        return self._appender.held

    async def erase(self, targets: Iterable[Target], *, reason: str | None = None) -> int:
        """Destroy content and salts for good, with entries that say so; gives how many facets.

        The content is gone from every file of the trail when this returns, unless `held` says
        that a reader holds on to an older state: then with the next commit after it has left.

        Raises UsageError: it cannot be erased, nothing was; RecordingError: not written.
        """
        erased = 0
        for part in erased_together(targets):
            await self.scrub(await self._run(partial(self._appender.event_ids, part)))
            erased += await self._alone(partial(self._appender.erase, part, reason))
        await self._publisher.now()
        return erased

    async def close(self) -> None:
        """Write what is queued, publish the checkpoint, let go of the files."""
        if self._released:
            return
        self._closing = self._released = True
        self._wake.set()
        self._hurry.set()
        # A defect that ended the writer was told to those who waited; the files are let go all the same.
        await asyncio.gather(self._writing, return_exceptions=True)
        try:
            await self._publisher.close()
        finally:
            await self._release()

    async def _release(self) -> None:
        try:
            await self._run(self._appender.close)
        finally:
            await self._thread.end()
            self._lock.close()

    async def _run[T](self, work: Callable[[], T]) -> T:
        """Run something in the thread that owns the files."""
        return await self._thread.run(work)

    async def _alone(self, work: Callable[[], int]) -> int:
        return await self._enqueue(Alone(work, asyncio.get_running_loop().create_future()))

    def _enqueue(self, item: Item, *, hurried: bool = True) -> asyncio.Future[int]:
        if self._closing:
            raise RecordingError("the trail is closed")
        self._queue.append(item)
        self._wake.set()
        if hurried or len(self._queue) >= BATCH:
            self._hurry.set()
        return item.done

    async def _state_loss(self, lost: Sequence[str]) -> None:
        """The first entry after a loss names every head that is lost; only then publish."""
        self.lost = f"entries from {self.size} on that were signed before"
        gap = Gap(tuple(dict.fromkeys(lost)), self.size)
        await self.append(statements.draft(gap))
        await self._publisher.now()

    async def _write(self) -> None:
        try:
            await self._write_all()
        except BaseException as error:
            # This is a defect of ours: nobody may wait for ever, and no more calls may pass.
            self._closing = True
            with last_resort.vital():
                fail([*self._at_hand, *self._queue], error)
                self._queue.clear()
                if not isinstance(error, asyncio.CancelledError):
                    self.on_defect(error)
            raise

    async def _write_all(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._queue:
                try:
                    await self._gathered()
                    self._take()
                    if isinstance(first := self._at_hand[0], Alone):
                        await self._perform(first)
                    else:
                        await self._commit(self._at_hand)
                except MemoryError as error:
                    self._owe(error)
                self._at_hand.clear()
            if self._closing:
                if self._owed:
                    await self._commit([])
                return

    async def _gathered(self) -> None:
        """Wait while the loop still brings more, which then shares a transaction and its fsync.

        Where calls come faster than they are dealt with, each turn of the loop brings some. One that
        comes alone after another one did need not wait: no others are about.
        """
        if not self._hurry.is_set():
            alarm = asyncio.get_running_loop().call_later(LINGER, self._hurry.set)
            await self._hurry.wait()
            alarm.cancel()
        turns = TURNS if len(self._queue) > 1 or self._crowded else 0
        for _ in range(turns):
            before = len(self._queue)
            await asyncio.sleep(0)
            if len(self._queue) == before:
                break
        self._crowded = len(self._queue) > 1

    def _owe(self, error: MemoryError) -> None:
        """What could not be handed to the files: what they have after all is told the next time."""
        if not self._at_hand:
            # Else it would be tried at once, and again.
            self._at_hand, self._queue = list(self._queue), deque()
        items = self._at_hand
        late = [item for item in items if isinstance(item, Append) and not item.done.done()]
        self._owed += [item for item in late if all(item is not owed for owed in self._owed)]
        fail(items, error)

    def _take(self) -> None:
        """The next batch is at hand: what must be alone is, and a stop is the last of its batch."""
        items = self._at_hand
        while self._queue and len(items) < BATCH:
            item = self._queue[0]
            if items and isinstance(item, Alone):
                break
            items.append(item)
            self._queue.popleft()
            if isinstance(item, Alone) or (
                isinstance(item, Append) and item.draft.kind == Close.KIND
            ):
                break
        if not self._queue:
            self._hurry.clear()

    async def _perform(self, item: Alone) -> None:
        if self._owed:
            await self._commit([])
        try:
            if self._owed:
                raise RecordingError("the trail cannot be written: entries are owed")  # noqa: TRY301
            result = await self._run(item.work)
        except (UsageError, RecordingError) as error:
            with last_resort.vital():
                item.done.set_exception(error)
        except FAILURES as error:
            fail([item], error)
        else:
            with last_resort.vital():
                item.done.set_result(result)
            self._publisher.committed()

    async def _commit(self, items: Sequence[Item]) -> None:
        if items and any(owed.draft.kind == Close.KIND for owed in self._owed):
            # A stop is the last of its batch, even when it is written late.
            await self._commit([])
            if self._owed:
                self._owed += [item for item in items if isinstance(item, Append)]
                fail(items, OSError("entries are owed"))
                return
        appends = [*self._owed, *(item for item in items if isinstance(item, Append))]
        begins = [item for item in items if isinstance(item, Begin)]
        outcome = await self._attempt(appends, begins)
        if outcome.entries is not None and outcome.twice:
            # An event that is already in the log must not keep the others of its batch out for
            # ever.
            twice = [appends[position] for position in outcome.twice]
            fail(twice, outcome.entries)
            self._owed = []
            rest = [item for item in appends if all(item is not other for other in twice)]
            await self._commit([*rest, *begins])
        elif outcome.entries is not None:
            self._owed = appends
            fail(items, outcome.entries)
        elif outcome.intents is not None:
            fail(begins, outcome.intents)

    async def _attempt(self, appends: Sequence[Append], begins: Sequence[Begin]) -> Outcome:
        work = Work(
            drafts=[item.draft for item in appends],
            settles=[item.settles for item in appends if item.settles is not None],
            begun=[(item.key, item.facets) for item in begins],
        )
        loop = asyncio.get_running_loop()

        def entered(indexes: Sequence[int]) -> None:
            # Whoever waits for an entry need not wait for the intents.
            tell(loop, partial(self._tell, appends, indexes))

        def intended() -> None:
            tell(loop, partial(self._tell_begins, begins))

        return await self._run(partial(self._appender.write, work, entered, intended))

    def _tell(self, appends: Sequence[Append], indexes: Sequence[int]) -> None:
        """These entries are durable, those that were owed among them."""
        self._owed = []
        with last_resort.vital():
            for append, index in zip(appends, indexes, strict=True):
                if not append.done.done():
                    append.done.set_result(index)
            self._publisher.committed()
            for hears in self.on_commit:
                hears()

    def _tell_begins(self, begins: Sequence[Begin]) -> None:
        with last_resort.vital():
            for begin in begins:
                if not begin.done.done():
                    begin.done.set_result(0)


def unknown(facets: Mapping[str, bytes]) -> Draft:
    """The entry for a call that was let through and whose outcome was never seen."""
    return _of_call("unknown", facets)


def recovered(left: Left) -> Draft:
    """The entry for a call that its recorder has left: how it ended where that is known."""
    return _of_call(left.kind or "unknown", left.facets)


def _of_call(kind: str, facets: Mapping[str, bytes]) -> Draft:
    row = Event.parse({tag: facets[tag] for tag in ("who", "what")}).row()
    return Draft(kind=kind, facets=facets, row=row)


async def _nothing(_keys: Sequence[str]) -> None:
    """Nobody keeps a journal."""
