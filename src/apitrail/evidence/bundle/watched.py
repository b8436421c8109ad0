"""The times within a span in which no recorder was watching, by its own entries.

`verify/coverage.py` judges a whole log by the same entries: is the recorder silent now, how often
did it crash?
"""

from __future__ import annotations

from dataclasses import dataclass, field

from apitrail.evidence.bundle.time_range import is_alive
from apitrail.evidence.verify.coverage import INTERVAL, MISSED
from apitrail.trail.statements import Gap, Heartbeat, Open, Statement


@dataclass(frozen=True, slots=True)
class Unwatched:
    """A time of which the log cannot speak; Unix milliseconds."""

    start: int
    end: int
    reason: str


@dataclass(slots=True)
class Watched:
    """Fed with entries in order by `add`, then `finish`ed."""

    since: int
    until: int
    interval: int = INTERVAL
    entries: dict[str, int] = field(default_factory=dict)
    tunnelled: dict[str, int] = field(default_factory=dict)
    gaps: list[Unwatched] = field(default_factory=list)
    stated: list[int] = field(default_factory=list)
    _alive: int | None = None
    _stopped: int | None = None
    _begun: bool = False

    def add(self, index: int, time: int, kind: str, says: Statement | None) -> None:
        """The next entry."""
        if not self._begun:
            self._begun = True
            if time > self.since:
                self._gap(self.since, time, "before the log began")
        if not is_alive(kind, says):
            if kind == "close":
                self._silence(time)
                self._alive, self._stopped = None, time
            return
        if self._stopped is not None:
            self._gap(self._stopped, time, "no recorder was running")
        elif kind == "open" and self._alive is not None:
            self._gap(self._alive, time, "the recorder had stopped without saying so")
        else:
            self._silence(time)
        self._alive, self._stopped = time, None
        self._count(index, time, kind, says)

    def finish(self, last: int) -> None:
        """No more entries; `last` is the time of the newest, after which nothing is known."""
        if self._stopped is not None:
            self._gap(self._stopped, max(last, self.until), "no recorder was running")
        elif self._alive is not None:
            self._silence(last)
        if last < self.until and self._stopped is None:
            self._gap(last, self.until, "after the newest entry of this log")

    def _silence(self, time: int) -> None:
        if self._alive is not None and time - self._alive > MISSED * self.interval:
            self._gap(self._alive, time, "no heartbeat")

    def _count(self, index: int, time: int, kind: str, says: Statement | None) -> None:
        if isinstance(says, Open):
            self.interval = says.interval or self.interval
        elif kind == Gap.KIND:
            self.stated.append(index)
        elif isinstance(says, Heartbeat) and time >= self.since:
            for host, number in says.passed.items():
                self.tunnelled[host] = self.tunnelled.get(host, 0) + number
        if self.since <= time < self.until:
            self.entries[kind] = self.entries.get(kind, 0) + 1

    def _gap(self, start: int, end: int, reason: str) -> None:
        start, end = max(start, self.since), min(end, self.until)
        if start < end:
            self.gaps.append(Unwatched(start, end, reason))
