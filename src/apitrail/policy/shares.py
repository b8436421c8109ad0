"""Calls of a log, looked at by several processes: each takes the next few that none has taken.

It takes a long log to be worth it: a process starts in a third of a second of CPU. What is looked for is not
known here.
"""

from __future__ import annotations

import signal
from array import array
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import batched, chain, islice
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any, Protocol

from apitrail.cores import cores
from apitrail.errors import Error
from apitrail.evidence.opening import open_source
from apitrail.policy.kept_call import TOGETHER
from apitrail.query import Filter
from apitrail.source import Source

# Calls that are worth a process of their own.
WORTH = 50_000
# Calls that a process takes at a time, some tenths of a second. A multiple, so that the same calls are read
# at once as by one process: those are told, or none of them.
PIECE = 40 * TOGETHER
# Pieces for each process that may be looked at before it is their turn.
_AHEAD = 4
# As if all had been taken.
_NO_MORE = 1 << 62


class Look[R](Protocol):
    """Looks at calls, which come in order; those between them may be another's."""

    def add(self, source: Source, indexes: Sequence[int]) -> None:
        """Look at the calls at these entries."""
        ...

    def take(self) -> R:
        """What was found since this was asked last."""
        ...


type Make[R] = Callable[[], Look[R]]
"""Begins to look; it is taken to other processes by pickle."""


def totals[R](path: Path, where: Filter, make: Make[R], *, processes: int | None = None) -> list[R]:
    """What each process found in its share of the calls that match, in a trail or a bundle.

    Raises:
        Error: the first call that cannot be read.
    """
    with open_source(path) as source:
        chosen, others = _selected(source, where)
        count = _count(source, chosen, processes)
        if count < 2:
            return [_Looking(source, make()).all(chain(chosen, others)).told()]
        with _pool(count, path, make) as pool:
            try:
                # They start while the other calls are selected.
                for _ in range(count):
                    pool.submit(_started)
                chosen.extend(others)
                found = list(pool.map(_share, [chosen] * count, [PIECE] * count))
            except BrokenExecutor:
                # None could be started, or one was killed for lack of memory: this one does the work.
                return [_Looking(source, make()).all(chain(chosen, others)).told()]
    # Where several came to what they could not read, the first of it is raised.
    return [
        each.told() for each in sorted(found, key=lambda each: (each.problem is None, each.start))
    ]


def in_order[R](
    path: Path, where: Filter, make: Make[R], *, processes: int | None = None
) -> Generator[R]:
    """What is found in the first of the calls that match, in the next ones, and so on.

    Raises:
        Error: a call cannot be read; what was found before it has been told.
    """
    with open_source(path) as source:
        chosen, others = _selected(source, where)
        count = _count(source, chosen, processes)
        calls, here = chain(chosen, others), _Looking(source, make())
        if count < 2:
            for some in batched(calls, TOGETHER, strict=False):
                yield from here.all(some).in_turn()
            return
        with _pool(count, path, make) as pool:
            ahead = deque[tuple[Sequence[int], Future[_Found[R]] | None]]()
            for piece in batched(calls, PIECE, strict=False):
                ahead.append((piece, _submitted(pool, piece)))
                if len(ahead) > _AHEAD * count:
                    yield from _result(here, *ahead.popleft()).in_turn()
            while ahead:
                yield from _result(here, *ahead.popleft()).in_turn()


def _selected(source: Source, where: Filter) -> tuple[array[int], Iterator[int]]:
    """As many calls as it takes for several processes, if there are, and the others."""
    selected = iter(source.select(where, ascending=True))
    return array("q", islice(selected, 2 * WORTH)), selected


def _count(source: Source, chosen: Sequence[int], processes: int | None) -> int:
    """How many processes look, at the most; there may be more calls than these."""
    if len(chosen) < 2 * WORTH:
        return 1
    return min(processes or cores(), source.size // WORTH)


@dataclass(frozen=True, slots=True)
class _Found[R]:
    """What was found, and what could not be read thereafter at `start` or soon behind."""

    found: R
    start: int = 0
    problem: Error | None = None

    def told(self) -> R:
        """All of it."""
        if self.problem is not None:
            raise self.problem
        return self.found

    def in_turn(self) -> Iterator[R]:
        """What there is, before what could not be read."""
        yield self.found
        self.told()


class _Looking[R]:
    """One process that looks."""

    def __init__(self, source: Source, look: Look[R]) -> None:
        self._source, self._look = source, look

    def all(self, calls: Iterable[int]) -> _Found[R]:
        """Look at all of these."""
        return self._found(self._read(calls))

    def share(self, calls: Sequence[int], piece: int, taken: Synchronized[int]) -> _Found[R]:
        """Look at those that no other process has taken, piece by piece."""
        problem = None
        while problem is None:
            with taken.get_lock():
                start = taken.value
                taken.value += piece
            if start >= len(calls):
                break
            problem = self._read(calls[start : start + piece])
        if problem is not None:
            taken.value = _NO_MORE  # what comes later is of no use
        return self._found(problem)

    def _read(self, calls: Iterable[int]) -> tuple[int, Error] | None:
        """Look at them, up to what cannot be read."""
        for some in batched(calls, TOGETHER, strict=False):
            try:
                self._look.add(self._source, some)
            except Error as error:
                return some[0], error
        return None

    def _found(self, problem: tuple[int, Error] | None) -> _Found[R]:
        return _Found(self._look.take(), *(problem or ()))


@contextmanager
def _pool(count: int, path: Path, make: Make[Any]) -> Iterator[ProcessPoolExecutor]:
    """Processes that have the log open. Started afresh: SQLite forbids a fork."""
    context = get_context("spawn")
    begun = (path, make, context.Value("q", 0))
    with ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=begun) as pool:
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)


def _submitted(pool: ProcessPoolExecutor, piece: Sequence[int]) -> Future[_Found[Any]] | None:
    try:
        return pool.submit(_piece, array("q", piece))
    except BrokenExecutor:
        return None


def _result[R](
    here: _Looking[R], piece: Sequence[int], there: Future[_Found[R]] | None
) -> _Found[R]:
    """What another process has found; where it could not be started or was killed, this one looks."""
    try:
        return here.all(piece) if there is None else there.result()
    except BrokenExecutor:
        return here.all(piece)


# Of a process of the pool.
_BEGUN: list[tuple[Path, Make[Any], Synchronized[int]]] = []


def _begin(path: Path, make: Make[Any], taken: Synchronized[int]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever began it ends it
    _BEGUN.append((path, make, taken))


@cache
def _here() -> _Looking[Any]:
    path, make, _ = _BEGUN[0]
    return _Looking(open_source(path), make())


def _started() -> None:
    _here()


def _share(chosen: Sequence[int], piece: int) -> _Found[Any]:
    return _here().share(chosen, piece, _BEGUN[0][2])


def _piece(chosen: Sequence[int]) -> _Found[Any]:
    return _here().all(chosen)
