"""What a log says of itself, found once and kept up to date as it grows: when nobody was recording,
and where its entries are that are no calls."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from copy import copy
from dataclasses import replace

from apitrail.entry import CALLS, Entry
from apitrail.errors import FormatError
from apitrail.evidence.bundle.watched import Unwatched, Watched
from apitrail.evidence.verify.coverage import MISSED
from apitrail.source import Source
from apitrail.trail import statements

_EVER = 1 << 62
# The kinds of entries of which it counts what they say.
_SPEAKING = ("open", "close", "heartbeat")
# So many entries are read while a page waits; more are read beside it.
AT_ONCE = 20_000


# The kinds of which there are too many to name.
_MANY = (*CALLS, "heartbeat")


class Books:
    """Reads each entry of a growing log once."""

    def __init__(self, opened: Callable[[], AbstractContextManager[Source]]) -> None:
        self._opened = opened
        self._watched: Watched | None = None
        self._found: dict[str, list[int]] = {}
        self._next = 0
        self._last = 0
        self._lock = threading.Lock()

    def between(self, source: Source, since: int, until: int) -> list[Unwatched] | None:
        """The gaps within a time, Unix milliseconds, clipped to it; None while they are sought."""
        if not self.is_read(source):
            return None
        with self._lock:
            self._read(source)
            return [*self._clipped(since, until)]

    def of_kind(self, source: Source, kind: str) -> list[int]:
        """The entries of a kind that is no call's, oldest first; as far as they were read."""
        if self.is_read(source):
            with self._lock:
                self._read(source)
        return list(self._found.get(kind, ()))

    def is_read(self, source: Source) -> bool:
        """Is so little left that a page can wait for it? If not, it is read beside it."""
        if source.size - self._next <= AT_ONCE:
            return True
        threading.Thread(target=self.read, daemon=True).start()
        return False

    def read(self) -> None:
        """Read all that is there, unless that is being done."""
        if self._lock.acquire(blocking=False):
            try:
                with self._opened() as source:
                    self._read(source)
            finally:
                self._lock.release()

    def _read(self, source: Source) -> None:
        size = source.size
        # What is malformed is verification's to tell: pages show what can be read.
        with suppress(FormatError):
            self._take(source, size)
        self._next = max(self._next, size)

    def _take(self, source: Source, size: int) -> None:
        for data in source.entries(self._next, size):
            index, self._last, kind = Entry.head_of(data)
            if self._watched is None:
                self._watched = Watched(self._last, _EVER)
            says = statements.of(source, kind, index) if kind in _SPEAKING else None
            self._watched.add(index, self._last, kind, says)
            if kind not in _MANY:
                self._found.setdefault(kind, []).append(index)

    def _clipped(self, since: int, until: int) -> list[Unwatched]:
        if self._watched is None:
            return []
        finished = copy(self._watched)
        finished.gaps = list(self._watched.gaps)
        finished.finish(self._last)
        # A recorder that was heard of just now is not silent yet.
        heard = self._last + MISSED * finished.interval
        clipped = (
            replace(gap, start=max(gap.start, since), end=min(gap.end, until))
            for gap in finished.gaps
            if gap.start != self._last or until > heard or gap.reason.startswith("no recorder")
        )
        return [gap for gap in clipped if gap.start < gap.end]
