"""A trail as one run may see it: its own calls, what the log says of them, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from apitrail.entry import Entry
from apitrail.errors import UsageError
from apitrail.event import Event
from apitrail.query import Filter
from apitrail.source import Contents
from apitrail.trail import guard_text, statements
from apitrail.trail.memory_index import MemoryIndex
from apitrail.trail.policy_entry import Policy
from apitrail.trail.reader import Reader
from apitrail.trail.ruling import ASKED, Ruling
from apitrail.trail.statements import Erase, Insight, Run

# There is no directory that holds one run: whatever opens this finds no trail.
_NOWHERE = Path("/dev/null/run")


class RunReader(Reader):
    """The calls of one run, the entry that began it, the rulings and the insights about its calls.

    It searches a copy in memory, and looks up the content of an entry in the trail only if the entry
    is one of these. Heads, tiles and what other tables of a trail hold are not there.
    """

    def __init__(self, directory: Path, run: str) -> None:
        """Raises UsageError where there is no such run."""
        self.run = run
        self.directory = _NOWHERE
        self._whole = Reader(directory)
        self._begin()
        self.refresh()
        if not (self._books or self._calls):
            self.close()
            raise UsageError(
                f"no run {run!r} in the trail at {str(directory)!r}",
                hint="`apitrail events --columns time,run,event` shows the runs",
            )

    def _begin(self) -> None:
        self._index = MemoryIndex()
        self._database = self._index.connect()
        self._next = self._first()
        self._calls: dict[int, str] = {}
        self._books: set[int] = set()
        self._rulings: dict[int, Ruling] = {}

    def close(self) -> None:
        """Let go of the copy and of the trail's files."""
        super().close()
        self._index.close()
        self._whole.close()

    def connect(self) -> sqlite3.Connection:
        """One more connection to the copy."""
        return self._index.connect()

    def refresh(self) -> None:
        """Take in what was recorded since; whatever was erased meanwhile is not there any more."""
        size, self._words = self._whole.size, None
        books = self._new_books(size)
        if self._calls and any(link.kind == Erase.KIND for link in books):
            super().close()
            self._index.close()
            self._begin()
            books = self._new_books(size)
        own = self._whole.select(
            Filter(run=(self.run,)), after=self._next - 1, before=size, ascending=True
        )
        for index in list(own):
            self._take_call(index)
        for link in books:
            self._take_book(link)
        self._take_rulings()
        self._next = size

    def _first(self) -> int:
        """The entry that began the run: what is said of it and its calls come later.

        Where that entry was erased, its first call.
        """
        for index in sorted(self._whole.books(0, self._whole.size), reverse=True):
            if self._is_start(index):
                return index
        calls = self._whole.select(Filter(run=(self.run,)), limit=1, ascending=True)
        return next(calls, self._whole.size)

    def _is_start(self, index: int) -> bool:
        link = self._whole.entry(index)
        if link is None or link.kind != Run.KIND:
            return False
        said = statements.of(self._whole, Run.KIND, index)
        return isinstance(said, Run) and said.id == self.run

    def _new_books(self, size: int) -> list[Entry]:
        found = (self._whole.entry(index) for index in self._whole.books(self._next, size))
        return [link for link in found if link is not None]

    def _take_call(self, index: int) -> None:
        event = Event.parse(self._whole.facets(index, ("who", "what")))
        if event.what is None or event.who is None or event.who.run is None:
            return
        if event.who.run.id == self.run:  # the search tables are not evidence
            row = event.row()
            self._calls[index] = row.id
            self._index.add(index, row)

    def _take_book(self, link: Entry) -> None:
        if link.kind not in (Run.KIND, Insight.KIND, Ruling.KIND):
            return
        said = statements.of(self._whole, link.kind, link.index)
        if isinstance(said, Run):
            if said.id == self.run:
                self._add_book(link.index, said)
        elif isinstance(said, Insight) and said.evidence and self._calls.keys() >= {*said.evidence}:
            self._add_book(link.index)
        elif isinstance(said, Ruling):
            self._rulings[link.index] = said

    def _take_rulings(self) -> None:
        """The question of a ticket is written before the call that it is about."""
        ids = set(self._calls.values())
        own = {each.ticket for each in self._rulings.values() if each.step == ASKED and each.event in ids}  # fmt: skip
        for index in [at for at, each in self._rulings.items() if each.ticket in own]:
            if index not in self._books:
                self._add_book(index)

    def _add_book(self, index: int, run: Run | None = None) -> None:
        self._books.add(index)
        self._index.add_book(index, run)

    def _has(self, index: int) -> bool:
        return index in self._calls or index in self._books

    def _between(self, start: int, stop: int | None) -> list[int]:
        every = (*self._calls, *self._books)
        return sorted(index for index in every if start <= index and (stop is None or index < stop))

    @property
    def size(self) -> int:
        """One more than the newest of its entries."""
        return max((*self._calls, *self._books), default=-1) + 1

    def in_flight(self) -> int:
        """Calls without an entry are told of no run."""
        return 0

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The stored bytes of its entries in [start, stop), in order."""
        for index in self._between(start, stop):
            yield from self._whole.entries(index, index + 1)

    def contents(self, start: int, stop: int) -> Iterator[tuple[int, Contents]]:
        """What is there of the content of its entries in [start, stop), in order, by index."""
        for index in self._between(start, stop):
            yield from self._whole.contents(index, index + 1)

    def opened(self, start: int, stop: int) -> Iterator[int]:
        """Indexes of its entries in [start, stop) of which some content is there."""
        return (index for index in self._between(start, stop) if self._whole.facets(index))

    def entry(self, index: int) -> Entry | None:
        """One of its entries; None where it is not its own."""
        return self._whole.entry(index) if self._has(index) else None

    def seal(self, index: int) -> bytes | None:
        """The event key of one of its entries."""
        return self._whole.seal(index) if self._has(index) else None

    def facets(self, index: int, tags: Iterable[str] | None = None) -> dict[str, bytes]:
        """The content of one of its entries."""
        return self._whole.facets(index, tags) if self._has(index) else {}

    def many(
        self, indexes: Sequence[int], tags: Sequence[str]
    ) -> Iterator[tuple[int, dict[str, bytes]]]:
        """The facets of these tags of each of these entries that is its own, in order."""
        return self._whole.many([index for index in indexes if self._has(index)], tags)

    def salts(self, index: int) -> dict[str, bytes]:
        """The salts of one of its entries."""
        return self._whole.salts(index) if self._has(index) else {}

    def guard(self, digest: str) -> Policy | None:
        """The guard of this SHA-256, as the log keeps its text."""
        return guard_text.find(self._whole, digest)
