"""When the recorder was watching: starts, stops, heartbeats, and what is known to be lost.

It does not know the time; it is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from apitrail.errors import FormatError
from apitrail.event import iso
from apitrail.evidence.verify.report import Finding, Verdict, tampered
from apitrail.evidence.verify.segment import Book
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint

# No longer than so many intervals may pass without a heartbeat.
MISSED = 2

# Milliseconds between heartbeats, where no `open` entry says otherwise.
INTERVAL = 60_000


@dataclass(frozen=True, slots=True)
class Gap:
    """Entries that were signed once and are lost: the log goes on at `index` without them."""

    index: int
    lost: tuple[Checkpoint, ...]

    def __str__(self) -> str:
        size = max(head.size for head in self.lost)
        return f"a past of {size} entries was lost and the log went on at entry {self.index}"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the book-keeping entries say; times are Unix milliseconds."""

    starts: tuple[Book, ...]
    stops: tuple[Book, ...]
    heartbeats: Sequence[int]
    gaps: tuple[Gap, ...]

    @property
    def open_since(self) -> Book | None:
        """The start that no stop followed."""
        if not self.starts or (self.stops and self.stops[-1].index > self.starts[-1].index):
            return None
        return self.starts[-1]

    @property
    def crashes(self) -> int:
        """How many starts followed one that had not been stopped."""
        turns = sorted((*self.starts, *self.stops), key=lambda book: book.index)
        return sum(before.kind == after.kind == "open" for before, after in pairwise(turns))

    @property
    def interval(self) -> int:
        """Milliseconds between heartbeats, as the newest start promises them."""
        return (interval_of(self.starts[-1].what) if self.starts else None) or INTERVAL

    def check_fresh(self, now: int) -> None:
        """Raises Finding if a recorder that never stopped has been silent for too long."""
        if (start := self.open_since) is None:
            return
        last = max([start.time, *self.heartbeats[-1:]])
        if now - last > MISSED * self.interval:
            raise Finding(
                Verdict.STALE,
                f"the recorder was last heard of at {iso(last)}, promised a heartbeat every "
                f"{self.interval / 1000:g} s, and never said that it stopped",
                hint="if it crashed or was killed, start it once more; "
                "else the end of the log is missing",
            )


def interval_of(what: Mapping[str, Any]) -> int | None:
    """Milliseconds between heartbeats, as an `open` entry has them in seconds."""
    configuration = what.get("configuration")
    seconds = configuration.get("heartbeat") if isinstance(configuration, dict) else None
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds < 10**9:
        return int(seconds * 1000)
    return None


def read(books: Sequence[Book], heartbeats: Sequence[int]) -> Coverage:
    """The coverage that the log's own entries state; raises Finding at a malformed gap."""
    return Coverage(
        starts=tuple(book for book in books if book.kind == "open"),
        stops=tuple(book for book in books if book.kind == "close"),
        heartbeats=heartbeats,
        gaps=tuple(_gap(book) for book in books if book.kind == "gap"),
    )


def _gap(book: Book) -> Gap:
    notes = book.what.get("lost")
    if not isinstance(notes, list) or not notes:
        raise tampered("malformed gap: it names nothing", index=book.index)
    try:
        return Gap(book.index, tuple(Checkpoint.parse(note.Note.parse(n).text) for n in notes))
    except (FormatError, AttributeError, TypeError) as error:
        raise tampered(f"malformed gap: {error}", index=book.index) from error
