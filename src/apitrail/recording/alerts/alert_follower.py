"""Holds committed entries against rules, behind the writer, and puts what they find into the outbox."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apitrail.errors import Error
from apitrail.reading.rules import looked_at, raised
from apitrail.reading.rules.alert_rule import Finder, innermost
from apitrail.reading.rules.new_region import NewRegion
from apitrail.reading.rules.raised import Raised
from apitrail.recording.alerts.alert_settings import Alert
from apitrail.recording.log_follower import LogFollower, first_since
from apitrail.trail.learnt import hash_before
from apitrail.trail.outbox import Cursor, Kept, Outbox
from apitrail.trail.reader import Reader
from apitrail.trail.telling import readable
from apitrail.trail.writer import Trail

# Between two looks, in seconds: calls that come together are judged together.
GAP = 0.01
# Entries that are read at a stretch, before a rest that is as long.
STRETCH = 500
# Where nothing was found, the cursor is kept each time so many entries were read.
KEEP = 1_000
# Rules that count within a time see so much of the past again after a restart.
MOST = 200_000


@dataclass(slots=True, kw_only=True)
class Figures:
    """What is counted of alerts since the start; `waiting` are deliveries, `behind` entries."""

    found: int = 0
    delivered: int = 0
    failed: int = 0
    given_up: int = 0
    errors: int = 0
    waiting: int = 0
    behind: int = 0


class AlertFollower(LogFollower):
    """The rules behind one writer; `wake` is called when something is to be delivered."""

    work = "alerts are not raised"

    def __init__(
        self,
        trail: Trail,
        alerts: Sequence[Alert],
        clock: Callable[[], int],
        tell: Callable[[str], None],
        wake: Callable[[], None],
    ) -> None:
        super().__init__(trail, "alerts", tell)
        self.figures = Figures()
        self._alerts = alerts
        self._watched = [each.watched for each in alerts]
        self._sinks = {each.name: [sink.name for sink in each.sinks] for each in alerts}
        self._shown = {sink.name: sink.shown for each in alerts for sink in each.sinks}
        self._clock = clock
        self._wake = wake
        self._outbox: Outbox | None = None
        # What was recorded before alerts were first configured raises none.
        self._next = self._kept = trail.size
        # Entries from here to the cursor are shown again to rules that count; None: not found out.
        self._warmed: int | None = None
        self._found: list[Raised] = []
        self._told: set[str] = set()
        self._committed = asyncio.Event()

    async def begin(self, stopping: asyncio.Event) -> None:
        """Follow the log until `stopping`, from where an earlier recorder came to."""
        self._trail.on_commit.append(self._committed.set)
        await super().begin(stopping)

    def hurry(self) -> None:
        """Look now: it is to stop."""
        self._committed.set()

    @property
    def position(self) -> int:
        """Entries before this one were looked at."""
        return self._next

    async def within[T](self, work: Callable[[Reader, Outbox], T]) -> T:
        """Do something with the log and the outbox, in the thread they belong to."""
        return await self._in_thread(lambda: self._with_both(work))

    def _with_both[T](self, work: Callable[[Reader, Outbox], T]) -> T:
        with readable():
            return work(self._open(), self._box())

    # -- the thread --------------------------------------------------------------------------

    def _prepare(self) -> None:
        with readable():
            self._open()
            self._box()

    def _box(self) -> Outbox:
        """The outbox, opened once; then it is known where to go on."""
        if self._outbox is None:
            reader, outbox = self._open(), Outbox.open(self._trail.directory)
            outbox.sinks(self._shown)
            outbox.prune()
            if (cursor := outbox.cursor()) is not None:
                self._go_on(reader, cursor)
            self._remember(reader, outbox)
            outbox.add((), self._cursor(reader), now=self._clock(), known=self._known())
            self._kept, self.figures.waiting = self._next, outbox.waiting()
            self._outbox = outbox
        return self._outbox

    def _go_on(self, reader: Reader, cursor: Cursor) -> None:
        if cursor.next <= reader.size and hash_before(reader, cursor.next) == cursor.hash:
            self._next = cursor.next
        else:
            self._tell("alerts begin anew: the log is not the one that they were raised of")

    def _remember(self, reader: Reader, outbox: Outbox) -> None:
        """What rules have seen before. What the log has when a rule is new is nothing new."""
        for rule in self._remembering():
            known = outbox.known(rule.about.name)
            rule.known |= set(reader.values("region")) if known is None else known

    def _remembering(self) -> list[NewRegion]:
        inner = (innermost(finder) for each in self._watched for finder in each.finders)
        return [each for each in inner if isinstance(each, NewRegion)]

    def _known(self) -> dict[str, set[str]]:
        return {rule.about.name: rule.known for rule in self._remembering()}

    def _cursor(self, reader: Reader) -> Cursor:
        return Cursor(self._next, hash_before(reader, self._next))

    def _look(self) -> int:
        """Read on, and keep what rules find; how far that came."""
        began = time.monotonic()
        with readable():
            reader, outbox = self._open(), self._box()
            if (start := self._warm(reader)) < self._next:
                return start
            self._keep(reader, outbox)  # what could not be written the last time
            stop = min(self._trail.size, self._next + STRETCH)
            for seen in looked_at.each(reader, self._next, stop):
                self._found += raised.of(reader, self._watched, seen, self._failed)
            self._next = max(stop, self._next)
            self._keep(reader, outbox)
        self.figures.behind = self._trail.size - self._next
        if self.figures.behind:
            time.sleep(time.monotonic() - began)
        return self._next

    def _keep(self, reader: Reader, outbox: Outbox, after: int = KEEP) -> None:
        """Write down what was found; the cursor alone only where so many entries were read."""
        if not self._found and self._next - self._kept < after:
            return
        kept = [(_kept(each), self._sinks[each.alert]) for each in self._found]
        added = outbox.add(kept, self._cursor(reader), now=self._clock(), known=self._known())
        self.figures.found += len(self._found)
        self.figures.waiting += added
        self._found, self._kept = [], self._next

    def _warm(self, reader: Reader) -> int:
        """Show rules that count what they saw before the restart; how far that came."""
        finders = [finder for each in self._watched for finder in each.finders if finder.span]
        if self._warmed is None:
            self._warmed = self._start(reader, finders)
        stop = min(self._next, self._warmed + STRETCH)
        for seen in looked_at.each(reader, self._warmed, stop) if finders else ():
            for finder in finders:
                with contextlib.suppress(Error):
                    finder.find(seen)
        self._warmed = stop
        return stop

    def _start(self, reader: Reader, finders: Sequence[Finder]) -> int:
        link = reader.entry(self._next - 1) if self._next else None
        if not finders or link is None:
            return self._next
        span = max(finder.span for finder in finders)
        return min(self._next, first_since(reader, link.time - span, max(0, self._next - MOST)))

    def _failed(self, name: str, error: Error) -> None:
        self.figures.errors += 1
        if name not in self._told:
            self._told.add(name)
            self._tell(f"alert {name!r}: its rule cannot judge an entry: {error}")

    def _finish(self) -> None:
        with readable():
            self._keep(self._open(), self._box(), after=1)

    def _close(self) -> None:
        super()._close()
        if self._outbox is not None:
            self._outbox.close()

    # -- the loop ----------------------------------------------------------------------------

    async def _write(self) -> None:
        if self.figures.waiting:
            self._wake()

    async def _rest(self, stopping: asyncio.Event) -> None:
        await self._committed.wait()
        self._committed.clear()
        if not stopping.is_set():
            await asyncio.sleep(GAP)


def _kept(each: Raised) -> Kept:
    return Kept(
        id=each.id, name=each.alert, title=each.about.title, level=each.about.level,
        rule=each.about.name, entries=each.entries, count=each.count, time=each.time,
    )  # fmt: skip
