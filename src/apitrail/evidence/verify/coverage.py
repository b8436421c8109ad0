"""When the recorder was watching: starts, stops, heartbeats, and what is known to be lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from apitrail.errors import FormatError
from apitrail.evidence.verify.report import Finding, Verdict, tampered
from apitrail.evidence.verify.segment import Book
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail.statements import Close, Open
from apitrail.trail.statements import Gap as Lost
from apitrail.when import iso

# A recorder counts as silent after this many intervals without a heartbeat.
MISSED = 2

# Milliseconds between heartbeats where the `open` entry does not say.
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
        starts = (isinstance(turn.says, Open) for turn in turns)
        return sum(before and after for before, after in pairwise(starts))

    @property
    def interval(self) -> int:
        """Milliseconds between heartbeats, as the newest start promises them."""
        newest = self.starts[-1].says if self.starts else None
        return (newest.interval if isinstance(newest, Open) else None) or INTERVAL

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


def read(books: Sequence[Book], heartbeats: Sequence[int]) -> Coverage:
    """The coverage that the log's own entries state; raises Finding at a malformed gap."""
    return Coverage(
        starts=tuple(book for book in books if isinstance(book.says, Open)),
        stops=tuple(book for book in books if isinstance(book.says, Close)),
        heartbeats=heartbeats,
        gaps=tuple(_gap(book, book.says) for book in books if isinstance(book.says, Lost)),
    )


def _gap(book: Book, said: Lost) -> Gap:
    try:
        return Gap(book.index, tuple(Checkpoint.unverified(n) for n in said.lost))
    except FormatError as error:
        raise tampered(f"malformed gap: {error}", index=book.index) from error
