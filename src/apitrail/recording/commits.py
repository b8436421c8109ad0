"""How long entries take to become durable, for `--health`."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate

from apitrail.errors import RecordingError

# Upper bounds in seconds: an fsync takes 1 to 100 ms on most disks.
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(slots=True)
class Commits:
    """Counts the entries that became durable; `clock` gives seconds that nobody sets."""

    clock: Callable[[], float] = time.monotonic
    seconds: float = 0.0
    _counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    _waiting: dict[str, float] = field(default_factory=dict)
    _owed_since: float | None = None

    def timed(self, key: str) -> _Timed:
        """An entry is written within; where that raises RecordingError, it is owed."""
        return _Timed(self, key)

    def begin(self, key: str) -> None:
        """An entry waits for the disk."""
        self._waiting[key] = self.clock()

    def end(self, key: str, kind: type[BaseException] | None) -> None:
        """It waits no longer; `kind` is of what kept it from being written."""
        began = self._waiting.pop(key)
        if kind is None:
            took = self.clock() - began
            self.seconds += took
            self._counts[bisect_left(BOUNDS, took)] += 1
            self._owed_since = None  # what is owed is written before anything else
        elif issubclass(kind, RecordingError) and self._owed_since is None:
            self._owed_since = began

    @property
    def buckets(self) -> list[tuple[str, int]]:
        """Upper bound and how many took no longer, as Prometheus has them."""
        names = [*map(str, BOUNDS), "+Inf"]
        return list(zip(names, accumulate(self._counts), strict=True))

    def lag(self, owed: int) -> float:
        """For how many seconds the oldest entry waits that is not durable; `owed` are so many."""
        since = [*self._waiting.values()]
        if owed and self._owed_since is not None:
            since.append(self._owed_since)
        return self.clock() - min(since) if since else 0.0


@dataclass(slots=True)
class _Timed:
    """One entry. A generator as a context takes longer, and each call has one."""

    commits: Commits
    key: str

    def __enter__(self) -> None:
        self.commits.begin(self.key)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.commits.end(self.key, kind)
