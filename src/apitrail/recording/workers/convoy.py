"""Entries of a worker's calls that nobody waits for, on their way to the process with the trail.

They go together, some milliseconds after the first of them: each message wakes another process, and a transaction
for many costs little more than one for one. The worker's journal has what they will say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from apitrail.errors import RecordingError
from apitrail.recording.workers.channel import Channel

# For so many seconds the first one waits for others.
LINGER = 0.025

type Written = Sequence[int | str]
"""Of each entry its index, or why it is not in the log."""


@dataclass(slots=True, eq=False)
class Load:
    """Entries that go together, by the calls that they are of; `answer` is there once they have left."""

    entries: dict[str, Sequence[object]] = field(default_factory=dict)
    answer: asyncio.Future[Written] | None = None


class Convoy:
    """Takes entries to the log, and counts calls there; `gone` is told of each call whose entry is in the log."""

    def __init__(self, channel: Channel, gone: Callable[[str], object]) -> None:
        self.underway = 0
        self._channel = channel
        self._gone = gone
        self._loop = asyncio.get_running_loop()
        self._load = Load()
        self._counted: list[str | None] = []
        self._alarm: asyncio.TimerHandle | None = None
        self._left: set[asyncio.Future[Written]] = set()

    def take(self, call: str, entry: Sequence[object]) -> Load:
        """Take one more; gives those that it goes with."""
        load = self._load
        load.entries[call] = entry
        self.underway += 1
        self._wait()
        return load

    def count(self, run: str | None) -> None:
        """One more call, of this run, if of any."""
        self._counted.append(run)
        self._wait()

    def send(self) -> None:
        """Let those that are there leave now."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._counted:
            self._channel.tell("calls", self._counted)
            self._counted = []
        load = self._load
        if load.entries:
            load.answer = self._asked(load)
            self._load = Load()
            self._left.add(load.answer)
            load.answer.add_done_callback(partial(self._arrive, load))

    async def index_of(self, call: str, load: Load) -> int:
        """The index of one of these entries, when the log has it; raises RecordingError where it has not."""
        if load.answer is None:
            self.send()
        assert load.answer is not None
        written = await asyncio.shield(load.answer)
        found = written[[*load.entries].index(call)]
        if isinstance(found, str):
            raise RecordingError(found)
        return found

    async def entered(self) -> None:
        """Wait until the log has, or owes, all that are on their way to it."""
        self.send()
        while self._left:
            await asyncio.wait(self._left)

    def _wait(self) -> None:
        if self._alarm is None:
            self._alarm = self._loop.call_later(LINGER, self._leave)

    def _leave(self) -> None:
        self._alarm = None
        try:
            self.send()
        except MemoryError:
            self._wait()  # there may be some then

    def _asked(self, load: Load) -> asyncio.Future[Written]:
        try:
            return self._channel.put("enter-all", [*load.entries], [*load.entries.values()])
        except RecordingError as error:
            # The journal has them for whoever comes next.
            answer = self._loop.create_future()
            answer.set_exception(error)
            return answer

    def _arrive(self, load: Load, answer: asyncio.Future[Written]) -> None:
        self._left.discard(answer)
        self.underway -= len(load.entries)
        # One that is owed the journal keeps: the owner may end before it is written.
        if not answer.cancelled() and answer.exception() is None:
            for call, index in zip(load.entries, answer.result(), strict=True):
                if isinstance(index, int):
                    self._gone(call)
