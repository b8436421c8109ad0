"""Insights over the entries of a log: told as they are written, and told again to check them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Self

from apitrail.errors import RecordingError
from apitrail.insights import memory
from apitrail.insights.call_entries import events_of
from apitrail.insights.insight import VERSION
from apitrail.insights.thresholds import Thresholds
from apitrail.insights.watch import Watch
from apitrail.source import Source
from apitrail.trail.learnt import Learnt
from apitrail.trail.statements import Insight


@contextmanager
def readable() -> Iterator[None]:
    """Reading a trail that is being written.

    Raises:
        RecordingError: SQLite cannot read it now.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise RecordingError(f"the trail cannot be read: {error}") from error


class Teller:
    """The detectors over a log's calls from entry `start` on, in the order of the entries.

    What is told follows from the entries alone: another teller that starts at the same entry with
    the same thresholds tells the same.
    """

    def __init__(self, start: int, thresholds: Thresholds) -> None:
        self.start = start
        self.next = start
        self.complete = True
        self._thresholds = thresholds
        self._watch = Watch(thresholds)

    @classmethod
    def resumed(cls, learnt: Learnt, thresholds: Thresholds) -> Self:
        """One that goes on where another was.

        Raises:
            FormatError: what that one had learnt is malformed.
        """
        teller = cls(learnt.start, thresholds)
        teller.next = learnt.next
        teller._watch = memory.load(learnt.memory, thresholds)
        return teller

    def learnt(self, last: str) -> Learnt:
        """What it has learnt up to the entry before `next`, which has the hash `last`."""
        return Learnt(
            start=self.start, next=self.next, last=last, thresholds=self._thresholds.changed(),
            memory=memory.dump(self._watch),
        )  # fmt: skip

    def read(self, source: Source, stop: int) -> Iterator[Insight]:
        """What the calls up to entry `stop` complete."""
        for index, call, event in events_of(source, self.next, stop):
            self.next = index + 1
            if call is None or event is None:
                # What was erased could have taught something.
                self.complete = False
                continue
            # An insight names entries, whatever ids their events have.
            seen = replace(call, id=str(index))
            drifts = self._watch.drifts
            for told in (*self._watch.see(seen), *drifts.see(source, index, event)):
                yield Insight(
                    record=told.record(), kind=told.kind, name=told.name, time=told.time,
                    caller=told.caller, why=told.why, detector=VERSION,
                    evidence=tuple(map(int, told.events)),
                    start=self.start, stop=index + 1, thresholds=self._thresholds.changed(),
                )  # fmt: skip
            self.complete = self.complete and drifts.complete
        self.next = max(self.next, stop)
