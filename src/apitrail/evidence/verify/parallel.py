"""A trail's entries in pieces, checked on several cores and joined."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import closing
from functools import cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from apitrail.entry import Entry
from apitrail.errors import FormatError, VerificationError
from apitrail.evidence.verify.derived import Derived
from apitrail.evidence.verify.numbers import Numbers
from apitrail.evidence.verify.report import tampered
from apitrail.evidence.verify.segment import Segment, walk
from apitrail.tlog import tile
from apitrail.trail.audit import Audit
from apitrail.trail.statements import Erase

# The entries in one piece of work, a multiple of 256. Logs shorter than PARALLEL are checked by
# one process: starting others takes half a second.
PIECE = 32 * tile.WIDTH
PARALLEL = 20_000
# Pieces that each process has before it, so that none waits for another's.
_AHEAD = 4

type Piece = tuple[Segment, set[int]]
"""What it comes to, and the numbers of the strings that its rows use."""


def check(
    audit: Audit, size: int, *, processes: int, progress: Callable[[int], None]
) -> tuple[Segment, Numbers]:
    """Check entries [0, size); raises Finding at the first that does not hold.

    Gives what they come to, and the numbers of the strings that their rows use.
    """
    starts = range(0, size, PIECE)
    log, used = Segment(0, 0), Numbers()
    parallel = is_worth_it(size, processes)
    made = _pooled(audit, size, starts, processes) if parallel else _alone(audit, size, starts)
    with closing(made):
        for segment, strings in made:
            log.join(segment)
            used.add(strings)
            progress(segment.stop - segment.start)
    return log, used


def is_worth_it(size: int, processes: int) -> bool:
    """Are so many entries checked sooner by so many processes than by one?"""
    return processes > 1 and size >= PARALLEL


def _alone(audit: Audit, size: int, starts: Iterable[int]) -> Generator[Piece]:
    for start in starts:
        yield _piece(audit, start, min(start + PIECE, size), size)


def _pooled(audit: Audit, size: int, starts: Iterable[int], processes: int) -> Generator[Piece]:
    # Started afresh, not forked: a fork would share the open database, which SQLite forbids.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        try:
            due, work = iter(starts), deque[tuple[int, Future[Piece | None] | None]]()
            while True:
                # Not all at once: what is done ahead, and what was done, would lie in memory.
                for start in islice(due, processes * _AHEAD - len(work)):
                    stop = min(start + PIECE, size)
                    work.append((start, _submit(pool, audit.directory, start, stop, size)))
                if not work:
                    break
                start, future = work.popleft()
                piece = _result(future)
                del future  # it holds the piece
                if piece is None:
                    # Our own snapshot decides. The other process may have seen a later state,
                    # with more erased.
                    piece = _piece(audit, start, min(start + PIECE, size), size)
                yield piece
        finally:
            pool.shutdown(cancel_futures=True)


def _submit(
    pool: ProcessPoolExecutor, directory: Path, start: int, stop: int, size: int
) -> Future[Piece | None] | None:
    try:
        return pool.submit(_work, directory, start, stop, size)
    except BrokenExecutor:
        return None


def _result(future: Future[Piece | None] | None) -> Piece | None:
    try:
        return None if future is None else future.result()
    except BrokenExecutor:
        return None  # no processes could be started, or one was killed for lack of memory: this one does the work


def _piece(audit: Audit, start: int, stop: int, size: int) -> Piece:
    derived = Derived(audit, start, stop)
    segment = walk(audit, start, stop, visit=derived.visit)
    derived.finish()
    if hidden := audit.missummed(start, stop, size):
        raise tampered(hidden)
    return segment, derived.used


@cache
def _audit(directory: Path) -> Audit:
    audit = Audit(directory)
    audit.pin()
    return audit


def _work(directory: Path, start: int, stop: int, size: int) -> Piece | None:
    """A piece of a log of `size`, as another process sees it; None where that may be a later state
    with more erased, or where something does not hold."""
    audit = _audit(directory)
    try:
        piece = _piece(audit, start, stop, size)
        return None if piece[0].missing and _was_erased(audit, size) else piece
    except (VerificationError, FormatError, sqlite3.DatabaseError):
        return None


def _was_erased(audit: Audit, size: int) -> bool:
    """Was something erased after the log had `size` entries?"""
    return any(Entry.kind_of(data) == Erase.KIND for data in audit.entries(size))
