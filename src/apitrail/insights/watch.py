"""All detectors over calls in the order of their times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from apitrail.insights.absence import Silences
from apitrail.insights.drift import Drifts
from apitrail.insights.first_seen import FirstSeen
from apitrail.insights.habits import Caller
from apitrail.insights.insight import END, Insight
from apitrail.insights.rates import Rates
from apitrail.insights.seen import Seen
from apitrail.insights.sequences import Sequences
from apitrail.insights.thresholds import MINUTE, Thresholds


class Watch:
    """The state of all detectors; `see` is the only way in, and has no clock but the calls'."""

    def __init__(self, thresholds: Thresholds | None = None) -> None:
        self._limits = thresholds or Thresholds()
        self._callers: dict[str, Caller] = {}
        self._first_seen = FirstSeen(self._limits)
        self._sequences = Sequences(self._limits)
        self._rates = Rates(self._limits)
        self._silences = Silences(self._limits)
        # It looks at what calls showed, which only a log has.
        self.drifts = Drifts(self._limits)
        # Insights without an end of their own end when nothing more was told for a while.
        self._open: dict[str, Insight] = {}
        self._minute = 0

    def see(self, call: Seen) -> Sequence[Insight]:
        """Learn a call, and tell what it completes."""
        told: list[Insight] = []
        minute = call.time // MINUTE
        if minute != self._minute:
            self._minute = minute
            if self._open:
                told += self._ended(call.time)
        caller = self._callers.get(call.caller)
        if caller is None:
            caller = self._callers[call.caller] = Caller(call.caller, call.time)
        # Sequences ask what is new to a caller; what is told is not new any more.
        new = self._first_seen.learn(call, caller)
        if found := self._sequences.see(call, caller):
            told += self._opened(found)
        if new:
            told += self._opened(self._first_seen.tell(call, caller))
        if found := self._rates.see(call):
            told += found
        if found := self._silences.see(call):
            told += found
        return told

    def _opened(self, found: Iterable[Insight]) -> Iterator[Insight]:
        for insight in found:
            self._open[insight.shared_id] = insight
            yield insight

    def _ended(self, now: int) -> Iterator[Insight]:
        for shared, insight in list(self._open.items()):
            if now - insight.time >= self._limits.quiet:
                del self._open[shared]
                yield replace(insight, state=END, time=insight.time + self._limits.quiet)


def watch(calls: Iterable[Seen], thresholds: Thresholds | None = None) -> Iterator[Insight]:
    """What is unusual in these calls, which are in the order of their times."""
    detectors = Watch(thresholds)
    for call in calls:
        yield from detectors.see(call)
