"""What a server shows of a trail: one run, or all of it. That is settled when the server starts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from apitrail.errors import UsageError
from apitrail.query import Filter
from apitrail.reading.wording import Wording
from apitrail.trail import guard_text
from apitrail.trail.policy_entry import Policy
from apitrail.trail.reader import Reader
from apitrail.trail.run_reader import RunReader


class Visible:
    """One run of a trail, or the trail; `clock` gives Unix milliseconds.

    `within` is the run that the server is in, where it shows all.
    """

    def __init__(
        self, trail: Path, run: str | None, clock: Callable[[], int], *, within: str | None = None
    ) -> None:
        """`run` None shows all. Raises UsageError where there is no such trail or run."""
        self.trail = trail
        self.run = run
        self.clock = clock
        self._within = run or within
        self._lock = threading.RLock()
        self._is_closed = False
        self._own = None if run is None else RunReader(trail, run)
        if self._own is None:
            Reader(trail).close()  # a trail that cannot be read is refused before anybody asks

    def close(self) -> None:
        """Let go of the files, once no question is being answered: a tool may still wait for a person."""
        with self._lock:
            self._is_closed = True
            if self._own is not None:
                self._own.close()

    @contextmanager
    def source(self) -> Iterator[Reader]:
        """What is shown of the trail as it is now, for one question. Raises UsageError once it is closed."""
        if self._own is None:
            with Reader(self.trail) as source:
                yield source
            return
        with self._lock:
            if self._is_closed:
                raise UsageError("this server has ended")
            self._own.refresh()
            yield self._own

    def guard(self, source: Reader, digest: str) -> Policy | None:
        """The guard with this SHA-256, which decided about a call that is shown."""
        if isinstance(source, RunReader):
            return source.guard(digest)
        return guard_text.find(source, digest)

    def own_run(self) -> str:
        """The run that the agent is in; raises UsageError where it is in none."""
        if self._within is None:
            raise UsageError(
                "this server shows all runs, and is in none",
                hint="events with start_time lists calls, each with its run",
            )
        return self._within


def named(trail: Path, run: str) -> str:
    """The id of a run, by it or its start; `last` is the one that was started last.

    Raises:
        UsageError: several begin so, or there is none to be the last.
    """
    with Reader(trail) as source:
        found = Wording(source).resolve(Filter(run=(run,))).run
    if len(found) > 1:
        raise UsageError(f"{len(found)} runs begin with {run!r}", hint="give more of the id")
    return str(found[0])
