"""A trail's entries in pieces, checked on several cores and joined."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import closing
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from apitrail.entry import Entry
from apitrail.errors import FormatError, VerificationError
from apitrail.evidence.verify.derived import Derived, Use, row_of
from apitrail.evidence.verify.segment import Segment, open_facets, walk
from apitrail.query import Row
from apitrail.tlog import tile
from apitrail.trail.audit import Audit

# The entries in one piece of work, a multiple of 256. Logs shorter than PARALLEL are checked by
# one process: starting others takes half a second.
PIECE = 32 * tile.WIDTH
PARALLEL = 20_000

type Piece = tuple[Segment, Use]


def check(
    audit: Audit, size: int, *, key: bytes, processes: int, progress: Callable[[int], None]
) -> Piece:
    """Check entries [0, size); raises Finding at the first that does not hold."""
    starts = range(0, size, PIECE)
    log, use = Segment(0, 0), Use()
    parallel = processes > 1 and size >= PARALLEL
    made = (
        _pooled(audit, size, starts, key, processes)
        if parallel
        else _alone(audit, size, starts, key)
    )
    with closing(made):
        for segment, used in made:
            log.join(segment)
            use.join(used)
            progress(segment.stop - segment.start)
    return log, use


def rows(audit: Audit, size: int, *, start: int = 0) -> Iterator[tuple[int, Row]]:
    """The searchable rows that the entries from `start` on ask for."""
    for first in range(start, size, PIECE):
        stop = min(first + PIECE, size)
        contents = dict(audit.contents(first, stop))
        for data in audit.entries(first, stop):
            link = Entry.parse(data)
            if link.index in contents:
                row = row_of(link, open_facets(link, contents[link.index]))
                if row is not None:
                    yield link.index, row


def _alone(audit: Audit, size: int, starts: Iterable[int], key: bytes) -> Generator[Piece]:
    for start in starts:
        yield _piece(audit, start, min(start + PIECE, size), key)


def _pooled(
    audit: Audit, size: int, starts: Iterable[int], key: bytes, processes: int
) -> Generator[Piece]:
    # Started afresh, not forked: a fork would share the open database, which SQLite forbids.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        try:
            work = [
                (start, _submit(pool, audit.directory, start, min(start + PIECE, size), key))
                for start in starts
            ]
            for start, future in work:
                if (piece := _result(future)) is None:
                    # Our own snapshot decides. The other process may have seen a later state,
                    # with more erased.
                    piece = _piece(audit, start, min(start + PIECE, size), key)
                yield piece
        finally:
            pool.shutdown(cancel_futures=True)


def _submit(
    pool: ProcessPoolExecutor, directory: Path, start: int, stop: int, key: bytes
) -> Future[Piece | None] | None:
    try:
        return pool.submit(_work, directory, start, stop, key)
    except BrokenExecutor:
        return None


def _result(future: Future[Piece | None] | None) -> Piece | None:
    try:
        return None if future is None else future.result()
    except BrokenExecutor:
        return None  # no processes could be started, or one was killed for lack of memory: this one does the work


def _piece(audit: Audit, start: int, stop: int, key: bytes) -> Piece:
    derived = Derived(audit, start, stop, key)
    segment = walk(audit, start, stop, visit=derived.visit)
    derived.finish()
    return segment, derived.use


@cache
def _audit(directory: Path) -> Audit:
    return Audit(directory)


def _work(directory: Path, start: int, stop: int, key: bytes) -> Piece | None:
    try:
        return _piece(_audit(directory), start, stop, key)
    except (VerificationError, FormatError, sqlite3.DatabaseError):
        return None
