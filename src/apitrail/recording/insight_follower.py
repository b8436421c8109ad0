"""Tells insights while a recorder works: it reads committed entries behind the writer.

Recording never waits for it. It reads with rests, and what it tells are entries like any other. What it has learnt is kept beside the trail, and the next recorder goes on
from there.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from apitrail.entry import Entry
from apitrail.errors import FormatError, RecordingError
from apitrail.insights.insight_settings import InsightSettings
from apitrail.insights.thresholds import DAY, HOUR
from apitrail.reading.mutes import Mutes
from apitrail.recording.log_follower import LogFollower, first_since
from apitrail.trail import learnt, statements
from apitrail.trail.learnt import Learnt
from apitrail.trail.muting import Muting
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Insight
from apitrail.trail.telling import Teller, readable
from apitrail.trail.writer import Trail

# How long a call may wait to be looked at, in seconds.
PAUSE = 1.0
# A recorder that starts where nothing is kept learns what is usual from so much of the log.
BASELINE = 14 * DAY
MOST = 200_000
# Entries that are read before what was found is written.
STRETCH = 500
# Entries that are read at a stretch (some 1 ms), before a rest that is as long: meanwhile calls wait
# for the interpreter, for up to 5 ms where it is not let go of.
STEP = 16
# What was learnt is kept each time so many entries were read, and at the end if it were these.
KEEP = 5_000
KEEP_AT_END = 200
# What an earlier recorder did not come to tell is told if it is not older.
LATE = HOUR


class Follower(LogFollower):
    """The detectors behind one writer."""

    work = "insights are not told"

    def __init__(
        self,
        trail: Trail,
        settings: InsightSettings,
        clock: Callable[[], int],
        tell: Callable[[str], None],
    ) -> None:
        super().__init__(trail, "insights", tell)
        self._settings = settings
        self._thresholds = settings.thresholds
        self._clock = clock
        self._teller: Teller | None = None
        # Insights that the log has from before.
        self._known: set[str] = set()
        self._found: list[Insight | Muting] = []
        # What an earlier recorder left.
        self._left: Learnt | None = None
        # The size of the log at the first look.
        self._began = 0
        # How far what is kept goes; None where nothing may be kept, since something was erased.
        self._kept: int | None = 0

    async def begin(self, stopping: asyncio.Event) -> None:
        """Follow the log until `stopping`, unless the configuration switches insights off."""
        if self._settings.enabled:
            await super().begin(stopping)

    @property
    def position(self) -> int:
        """Entries before this one were looked at."""
        return self._teller.next if self._teller else self._kept or 0

    @property
    def behind(self) -> int | None:
        """How many entries were not looked at yet; None where insights are switched off."""
        return self._trail.size - self.position if self._settings.enabled else None

    def _prepare(self) -> None:
        self._open()
        self._left = learnt.read(self._trail.directory)
        self._kept = self._left.next if self._left is not None else 0

    async def _rest(self, stopping: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), PAUSE)

    def _finish(self) -> None:
        self._keep(KEEP_AT_END)

    async def _write(self) -> None:
        found, self._found = self._found, []
        for said in found:
            # It is owed then, and written before what comes later.
            with contextlib.suppress(RecordingError):
                await self._trail.append(statements.draft(said))

    def _look(self) -> int:
        """Read on, and keep what it tells; how far that came."""
        with readable():
            reader = self._open()
            if self._teller is None:
                start = start_of_baseline(reader, self._clock())
                # Older ones are not told again anyway.
                recent = first_since(reader, self._clock() - 2 * LATE)
                self._known = told_before(reader, max(start, recent))
                self._teller = self._resumed(reader, start) or Teller(start, self._thresholds)
                self._kept = self._teller.next
                self._began = reader.size
                # The mutes come before what is told.
                self._found += Mutes.of(reader).changes(self._settings.mutes, self._clock())
            before = self._teller.next
            stop = min(reader.size, before + STRETCH)
            self._read(self._teller, reader, stop)
            # What was erased before it began, it never saw.
            if learnt.has_erasure(reader, max(before, self._began), stop):
                # The next recorder learns anew, without what was erased.
                self._kept = None
                learnt.forget(self._trail.directory)
            self._keep(KEEP)
        return stop

    def _read(self, teller: Teller, reader: Reader, stop: int) -> None:
        """Read up to an entry, with rests while there may be calls."""
        oldest = self._clock() - LATE
        while teller.next < stop:
            began = time.monotonic()
            step = min(teller.next + STEP, stop)
            for said in teller.read(reader, step):
                if said.record["eventID"] not in self._known and said.time >= oldest:
                    self._found.append(said)
            if not self._ending:
                time.sleep(time.monotonic() - began)

    def _resumed(self, reader: Reader, start: int) -> Teller | None:
        """The detectors as an earlier recorder left them, if that is of use: they have learnt from
        this log, from no less of it, and with the same thresholds."""
        try:
            known, self._left = self._left, None
            if known is None or known.start > start or not known.is_of(reader):
                return None
            if known.thresholds != self._thresholds.changed():
                return None
            return Teller.resumed(known, self._thresholds)
        except FormatError:
            return None

    def _keep(self, entries: int) -> None:
        """Keep what was learnt if so many entries were read since."""
        teller, reader = self._teller, self._reader
        if teller is None or reader is None or self._kept is None:
            return
        if teller.next - self._kept >= entries and not learnt.has_erasure(
            reader, teller.next, reader.size
        ):
            last = learnt.hash_before(reader, teller.next)
            learnt.write(self._trail.directory, teller.learnt(last))
            self._kept = teller.next


def start_of_baseline(reader: Reader, now: int) -> int:
    """The entry from which on a recorder learns."""
    return first_since(reader, now - BASELINE, oldest=max(0, reader.size - MOST))


def told_before(reader: Reader, start: int) -> set[str]:
    """The ids of the insights that the log has from entry `start` on."""
    found = set()
    for data in reader.entries(start, reader.size):
        index, _, kind = Entry.head_of(data)
        if kind == Insight.KIND:
            said = statements.of(reader, kind, index)
            if isinstance(said, Insight):
                found.add(str(said.record.get("eventID")))
    return found
