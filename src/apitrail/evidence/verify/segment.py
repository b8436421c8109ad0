"""A run of entries, checked by itself: well-formed, in order, chained, true to its contents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from apitrail import entry
from apitrail.entry import Entry
from apitrail.errors import FormatError, VerificationError
from apitrail.evidence.verify.report import tampered
from apitrail.evidence.verify.ticket_check import TicketStep, passed, ruled
from apitrail.source import Contents, Source
from apitrail.tlog import merkle, tile
from apitrail.trail import statements
from apitrail.trail.ruling import Ruling
from apitrail.trail.statements import Heartbeat, Insight, Statement

type Visit = Callable[[int, str, Mapping[str, bytes]], None]
"""Called with each entry's index and kind, and its facets' contents, all of it already held against
the entry."""

_NOTHING = Contents(None)
# Book-keeping that tells verification itself something, and is therefore never erased.
BOOKS = ("open", "close", "erase", "key", "gap", "clock", "refused", "policy")
_TILE = tile.WIDTH
# Entries that are visited together, and bytes of their contents.
_TOGETHER = 128
_HELD = 1 << 20


@dataclass(frozen=True, slots=True)
class Book:
    """A book-keeping entry and what it says."""

    index: int
    time: int
    says: Statement


@dataclass(slots=True)
class Segment:
    """What a run of entries comes to; two that touch are joined by `Segment.join`.

    `previous` and `last` are the leaf hash before the first entry and of the last; `tiles` are
    the level 0 tiles' roots, `rest` the leaf hashes after the last full tile; `missing` holds the
    tags of facets that are committed to and not there, by index; `unknown` counts entries by what
    of them only a later version knows.
    """

    start: int
    stop: int
    previous: bytes = entry.START
    last: bytes = entry.START
    first_time: int = 0
    last_time: int = 0
    calls: int = 0
    tiles: list[bytes] = field(default_factory=list)
    rest: list[bytes] = field(default_factory=list)
    missing: dict[int, tuple[str, ...]] = field(default_factory=dict)
    kinds: dict[int, str] = field(default_factory=dict)
    heartbeats: list[int] = field(default_factory=list)
    unanchored: list[int] = field(default_factory=list)
    insights: list[int] = field(default_factory=list)
    tickets: list[TicketStep] = field(default_factory=list)
    books: list[Book] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)

    def join(self, after: Segment) -> None:
        """Append a segment; raises Finding if it does not continue this one."""
        if after.start != self.stop or len(self.rest):
            raise ValueError("segments are joined in order, at multiples of 256")
        if after.start == after.stop:
            return
        # The first entry of a log follows 32 zero bytes.
        if self.stop > self.start or not self.stop:
            after.follow(self)
        if self.stop == self.start:
            self.previous, self.first_time = after.previous, after.first_time
        self.stop, self.last, self.last_time = after.stop, after.last, after.last_time
        self.calls += after.calls
        self.tiles += after.tiles
        self.rest = after.rest
        self.missing |= after.missing
        self.kinds |= after.kinds
        self.heartbeats += after.heartbeats
        self.unanchored += after.unanchored
        self.insights += after.insights
        self.tickets += after.tickets
        self.books += after.books
        self.unknown += after.unknown

    def follow(self, before: Segment) -> None:
        """Hold this one, which is not empty, to go on from the one before; raises Finding."""
        if self.previous != before.last:
            raise tampered("it does not follow the entry before it", index=self.start)
        if self.first_time < before.last_time:
            raise tampered("it is older than the entry before it", index=self.start)

    def root(self) -> bytes:
        """RFC 6962 tree hash, if this is the whole log from entry 0."""
        return merkle.root(self.stop, Pyramid(self.tiles, self.rest).read)


class Pyramid:
    """The tree above full level 0 tiles, and the leaves right of them."""

    def __init__(self, tiles: list[bytes], rest: list[bytes]) -> None:
        self._rest = rest
        self._rest_start = len(tiles) * _TILE
        self._rows = [tiles]
        while len(row := self._rows[-1]) > 1:
            pairs = range(0, len(row) - 1, 2)
            self._rows.append([merkle.node_hash(row[at], row[at + 1]) for at in pairs])

    def read(self, level: int, index: int) -> bytes:
        """`merkle.Read` for complete subtrees of 256 leaves and more, and right of the tiles."""
        if level >= tile.HEIGHT:
            return self._rows[level - tile.HEIGHT][index]
        start = (index << level) - self._rest_start
        return merkle.root_of(self._rest[start : start + (1 << level)])


def walk(
    source: Source,
    start: int,
    stop: int,
    *,
    sealed: bool = True,
    visit: Visit | None = None,
    leaves: list[bytes] | None = None,
) -> Segment:
    """Check entries [start, stop), where `start` is a multiple of 256 if segments are to be joined.

    `sealed` is how a trail keeps salts: an event key as long as nothing of an entry is erased,
    single salts after. Which missing facets are excused is for the caller to decide. The leaf hashes are
    added to `leaves`.

    Raises:
        Finding: the first thing that does not hold.
    """
    walker = _Walker(source.contents(start, stop), start, sealed)
    visits = _Visits(visit)
    try:
        for data in source.entries(start, stop):
            kind, opened = walker.step(data)
            if leaves is not None:
                leaves.append(walker.leaf)
            if visit is not None:
                visits.add(walker.index - 1, kind, opened)
    except FormatError as error:
        visits.make()  # what is wrong before comes first
        raise tampered(str(error), index=walker.index) from error
    except VerificationError:
        visits.make()
        raise
    visits.make()
    return walker.finish(stop)


class _Visits:
    """Visits that are made some at a time: the same code runs many times, which takes a third less
    than turning from one to the other with each entry."""

    def __init__(self, visit: Visit | None) -> None:
        self._visit = visit
        self._due: list[tuple[int, str, Mapping[str, bytes]]] = []
        self._held = 0

    def add(self, index: int, kind: str, opened: Mapping[str, bytes]) -> None:
        """Visit this entry soon."""
        self._due.append((index, kind, opened))
        self._held += sum(map(len, opened.values()))
        if len(self._due) == _TOGETHER or self._held > _HELD:
            self.make()

    def make(self) -> None:
        """Make those that are due."""
        due, self._due, self._held = self._due, [], 0
        if self._visit is None:
            return
        for index, kind, opened in due:
            try:
                self._visit(index, kind, opened)
            except FormatError as error:
                raise tampered(str(error), index=index) from error


type _Opened = tuple[str, Mapping[str, bytes]]


class _Walker:
    """Goes from entry to entry with their contents beside them."""

    def __init__(self, contents: Iterator[tuple[int, Contents]], start: int, sealed: bool) -> None:
        self.index = start
        self._segment = Segment(start, start)
        self._contents = contents
        self._ahead: tuple[int, Contents] | None = None
        self._started = False
        self._sealed = sealed
        self._leaves: list[bytes] = []

    @property
    def leaf(self) -> bytes:
        """The leaf hash of the entry that was checked last."""
        return self._segment.last

    def step(self, data: bytes) -> _Opened:
        """Check the next entry; gives its kind and its facets."""
        if not self._started:
            self._start(data)
        if (plain := self._plain(data)) is not None:
            return plain
        link = Entry.parse(data)
        self._check_order(link)
        there = self._there()
        opened = open_facets(link, there)
        _note_missing(self._segment, link, there, opened, sealed=self._sealed)
        self._segment.unknown.update(link.unknown)
        _keep(self._segment, link, opened)
        self._append(link.hash, link.time)
        return link.kind, opened

    def _start(self, data: bytes) -> None:
        self._started, self._ahead = True, next(self._contents, None)
        first = Entry.parse(data)
        self._segment.previous = self._segment.last = first.previous
        self._segment.first_time = self._segment.last_time = first.time

    def _plain(self, data: bytes) -> _Opened | None:
        """A whole call of which all is there, as most entries are: its bytes are what its contents
        and its place ask for. None where that is not so, whatever the reason."""
        if self._ahead is None or self._ahead[0] != self.index or type(data) is not bytes:
            return None
        key, facets = self._ahead[1].event_key, self._ahead[1].facets
        if key is None or len(key) != entry.KEY_SIZE or not facets:
            return None
        opened = {tag: facet.content for tag, facet in facets.items() if facet.salt is None}
        committed = entry.commit_known(key, opened)
        if committed is None or len(opened) != len(facets):
            return None
        found = Entry.is_call(data, self.index, self._segment.last, committed)
        if found is None or found[0] < self._segment.last_time:
            return None
        self._ahead = None
        self._segment.calls += 1
        _keep_passed(self._segment, self.index, opened)
        self._append(merkle.leaf_hash(data), found[0])
        return found[1], opened

    def finish(self, stop: int) -> Segment:
        """What it came to; raises Finding if entries are missing or contents left over."""
        if self.index != stop:
            raise tampered("it is missing", index=self.index)
        if self._ahead is not None:
            raise tampered("content is kept that no entry commits to", index=self._ahead[0])
        self._segment.stop, self._segment.rest = stop, self._leaves
        return self._segment

    def _check_order(self, link: Entry) -> None:
        if link.index != self.index:
            raise tampered(f"here stands what calls itself entry {link.index}", index=self.index)
        if link.previous != self._segment.last:
            raise tampered("it does not follow the entry before it", index=self.index)
        if link.time < self._segment.last_time:
            raise tampered("it is older than the entry before it", index=self.index)

    def _there(self) -> Contents:
        if self._ahead is None or self._ahead[0] != self.index:
            return _NOTHING
        there, self._ahead = self._ahead[1], None
        return there

    def _append(self, leaf: bytes, time: int) -> None:
        self._segment.last, self._segment.last_time = leaf, time
        self._leaves.append(leaf)
        if len(self._leaves) == _TILE:
            self._segment.tiles.append(tile.root_of(self._leaves))
            self._leaves = []
        self.index += 1
        if self._ahead is None:
            self._ahead = next(self._contents, None)


def open_facets(link: Entry, there: Contents) -> dict[str, bytes]:
    """The contents by tag, each held against its commitment; raises Finding."""
    key, opened = there.event_key, {}
    if key is not None and len(key) != entry.KEY_SIZE:
        raise tampered("its event key does not have 32 bytes", index=link.index)
    for tag, facet in there.facets.items():
        committed = link.commitments.get(tag)
        if committed is None:
            raise tampered(f"facet {tag!r} is kept but not committed to", index=link.index)
        if key is not None:
            if facet.salt is not None:
                raise tampered(f"facet {tag!r} has a salt of its own", index=link.index)
            salt = entry.salt(key, tag)
        elif facet.salt is None or len(facet.salt) != 32:
            raise tampered(f"the salt of facet {tag!r} is missing", index=link.index)
        else:
            salt = facet.salt
        if entry.commitment(salt, facet.content) != committed:
            raise tampered(f"facet {tag!r} was altered", index=link.index)
        opened[tag] = facet.content
    return opened


def _note_missing(
    segment: Segment, link: Entry, there: Contents, opened: Mapping[str, bytes], *, sealed: bool
) -> None:
    missing = tuple(tag for tag in link.commitments if tag not in opened)
    if missing:
        if sealed and there.event_key is not None:
            # Erasing a facet destroys the event key, from which its salt could be derived.
            raise tampered(f"facet {missing[0]!r} is missing", index=link.index)
        segment.missing[link.index] = missing
        segment.kinds[link.index] = link.kind
    elif sealed and (there.event_key is None) is not (not link.commitments):
        raise tampered("its event key is not as it was left", index=link.index)


def _keep(segment: Segment, link: Entry, opened: Mapping[str, bytes]) -> None:
    if link.kind in entry.CALLS:
        segment.calls += 1
        _keep_passed(segment, link.index, opened)
        return
    if link.kind not in entry.KINDS:
        return
    said = statements.parse(link.kind, opened["what"]) if "what" in opened else None
    if link.kind == Heartbeat.KIND:
        # An export that no recorder saw dates itself by a heartbeat that says so.
        if not isinstance(said, Heartbeat) or said.recording:
            segment.heartbeats.append(link.time)
        if isinstance(said, Heartbeat) and said.unanchored:
            segment.unanchored.append(said.unanchored)
    elif link.kind == Insight.KIND:
        segment.insights.append(link.index)
    elif link.kind == Ruling.KIND:
        segment.tickets.append(ruled(link.index, said if isinstance(said, Ruling) else None))
    elif link.kind in BOOKS and said is not None:
        segment.books.append(Book(link.index, link.time, said))


def _keep_passed(segment: Segment, index: int, opened: Mapping[str, bytes]) -> None:
    if (step := passed(index, opened)) is not None:
        segment.tickets.append(step)
