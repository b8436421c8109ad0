"""A bundle read as if it were a trail: what is disclosed in it, and nothing else."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Self

from apitrail import entry
from apitrail.entry import CALLS, KINDS, TAGS, Entry, in_order
from apitrail.errors import FormatError, VerificationError
from apitrail.event import Event
from apitrail.evidence.bundle import layout, log_tree
from apitrail.evidence.bundle.archive import Archive, Folder, open_archive
from apitrail.evidence.bundle.layout import Opened
from apitrail.evidence.bundle.manifest import Manifest
from apitrail.evidence.bundle.packs import Packs
from apitrail.query import Filter, Row, found_by, shown_in
from apitrail.source import Contents, Facet, Tally
from apitrail.tlog import encoding, merkle
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.note import MAX_SIZE, Note
from apitrail.tlog.proof import Proof
from apitrail.tlog.tile import WIDTH, parse_entries

_CACHED = 16
# The facets that verification looks into.
_PARSED = ("who", "what")
# Verification asks for each entry several times in a row. Contents may be large.
_CACHED_ENTRIES = 1_024
_CACHED_CONTENTS = 32
_KNOWN_TAGS = frozenset(TAGS)


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Say which file it is that is malformed."""
    try:
        yield
    except FormatError as error:
        raise FormatError(f"{name}: {error}") from error


def holds(indexes: Sequence[int], index: int) -> bool:
    """Is it one of these, which are in order?"""
    at = bisect_left(indexes, index)
    return at < len(indexes) and indexes[at] == index


class Bundle:
    """The disclosed part of a log.

    Methods named as a trail reader's give the same, of what is disclosed. Whatever is read is
    compared with the commitments in its leaf, but only `bundle.verify` compares leaves with a
    signature.
    """

    def __init__(self, archive: Archive) -> None:
        """Raises FormatError where this is no bundle."""
        self.archive = archive
        self.manifest = Manifest.parse(archive.read(layout.MANIFEST))
        self.checkpoint_note = self.text(layout.CHECKPOINT)
        with _reading(layout.CHECKPOINT):
            self.checkpoint = Checkpoint.unverified(self.checkpoint_note)
        self.packs = Packs(archive, self.checkpoint.size, there=self.manifest.packed)
        self.events: Sequence[int] = (
            self.packs.indexes if self.manifest.packed else layout.events(archive.names)
        )
        self.others = self._check_others()
        self._check_span()
        self._tile = lru_cache(_CACHED)(self._read_tile)
        self._opened = lru_cache(_CACHED)(self._read_opened)
        self._entry = lru_cache(_CACHED_ENTRIES)(self._read_entry)
        self._contents = lru_cache(_CACHED_CONTENTS)(self._read_contents)

    @classmethod
    def open(cls, path: Path) -> Self:
        """The bundle in a zip or folder; raises UsageError or FormatError."""
        archive = open_archive(path)
        try:
            return cls(archive)
        except BaseException:
            archive.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self.archive.close()

    # -- as a trail --------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """How many entries the log had; most of them may not be in here."""
        return self.checkpoint.size

    def in_flight(self) -> int:
        """A bundle is at rest."""
        return 0

    def tail(self) -> str | None:
        """The signed checkpoint it was exported under."""
        return self.checkpoint_note

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The exact bytes of the disclosed entries in [start, stop), in order."""
        yield from map(self.leaf, self._between(start, self.size if stop is None else stop))

    def entry(self, index: int) -> Entry | None:
        """One entry, parsed; None where it is not disclosed."""
        return self._entry(index)

    def seal(self, index: int) -> bytes | None:  # noqa: ARG002
        """Event keys are never handed over: they would open every facet."""
        return None

    def facets(self, index: int, tags: Iterable[str] | None = None) -> dict[str, bytes]:
        """The content of each opened facet (or of those named), by tag.

        Raises:
            VerificationError: a content is not what its leaf commits to.
        """
        found = self._contents(index)
        wanted = found.keys() if tags is None else set(tags)
        return {tag: data for tag, data in found.items() if tag in wanted}

    def many(
        self, indexes: Sequence[int], tags: Sequence[str]
    ) -> Iterator[tuple[int, dict[str, bytes]]]:
        """The content of these facets of each of these entries."""
        return ((index, self.facets(index, tags)) for index in indexes)

    def salts(self, index: int) -> dict[str, bytes]:
        """The salts of the opened facets, by tag."""
        return {tag: salt for tag, (salt, _) in self.opened(index).items()}

    def contents(self, start: int, stop: int) -> Iterator[tuple[int, Contents]]:
        """What is opened of the disclosed entries in [start, stop), in order, by index."""
        for index in self._between(start, stop):
            pairs = self.opened(index).items()
            facets = {tag: Facet(salt, content) for tag, (salt, content) in pairs}
            yield index, Contents(None, facets)

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        """The older checkpoints that were handed over: size and note, smallest first."""
        for size in layout.kept_sizes(self.archive.names):
            yield size, self.text(layout.kept(size))

    def cosignatures(self, size: int) -> tuple[bytes, ...]:  # noqa: ARG002
        """None: a bundle has them in its checkpoints."""
        return ()

    def last_cosigned(self, size: int) -> set[int]:
        """The sizes of the older checkpoints that a witness's key has signed last."""
        found = {
            (line.name, line.key_id): at
            for at, text in self.checkpoints()
            for line in Note.parse(text).signatures
            if at <= size and line.name != self.checkpoint.origin
        }
        return set(found.values())

    def last_stamps(self, size: int) -> list[tuple[int, bytes]]:
        """The timestamps that were handed over."""
        found = layout.stamps(self.archive.names)
        return [(at, self.archive.read(name)) for at, name in found if at <= size]

    def find(self, event_id: str) -> list[int]:
        """Indexes of the disclosed events whose id begins so."""
        digits = event_id.replace("-", "").lower()
        if not digits:
            return []
        rows = self._rows.items()
        return [index for index, row in rows if row.id.replace("-", "").startswith(digits)][:20]

    def select(
        self,
        where: Filter,
        *,
        limit: int | None = None,
        after: int = -1,
        before: int | None = None,
        ascending: bool = False,
    ) -> Iterator[int]:
        """Indexes between `after` and `before` of the disclosed calls that match, newest first
        unless `ascending`."""
        end = self.size if before is None else before
        found = [i for i, row in self._rows.items() if after < i < end and where.matches(row)]
        yield from (found if ascending else found[::-1])[:limit]

    def undetermined(self, where: Filter) -> Iterator[int]:
        """Indexes of the disclosed calls that match and whose resources could not be told."""
        for index, row in self._rows.items():
            if row.undetermined and where.matches(row):
                yield index

    def books(self, start: int, stop: int) -> Iterator[int]:
        """Indexes of the disclosed entries in [start, stop) that are no calls, in order."""
        for index in self._between(start, stop):
            link = self.entry(index)
            if link is not None and link.kind not in CALLS:
                yield index

    def tally(
        self, where: Filter, columns: Sequence[str], *, limit: int, effort: int | None = None,  # noqa: ARG002
        among: Sequence[int] | None = None,
    ) -> Tally:  # fmt: skip
        """What the newest `limit` of the disclosed calls that match have in these fields."""
        indexes = self.select(where) if among is None else among
        found = [self._rows[index] for index in indexes]
        rows = found[:limit]
        return Tally(
            calls=len(rows), is_all=len(rows) == len(found),
            values={name: Counter(shown_in(row, name) for row in rows) for name in columns},
            times=[row.time for row in rows],
            failed=[row.time for row in rows if row.error is not None],
        )  # fmt: skip

    def last_run(self) -> str | None:
        """The id of the newest run among the disclosed calls."""
        runs = [row.run for row in self._rows.values() if row.run is not None]
        return runs[-1] if runs else None

    def values(self, field: str) -> Iterator[str]:
        """Every string that a field of `Filter` finds a disclosed call by, once."""
        yield from sorted({value for row in self._rows.values() for value in found_by(row, field)})

    def run_labels(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The id and the labels of the disclosed calls' runs."""
        found = {row.run: row.labels for row in self._rows.values() if row.run is not None}
        yield from ((run, dict(labels)) for run, labels in found.items())

    # -- as evidence -------------------------------------------------------------------------

    def indexes(self) -> Sequence[int]:
        """Every entry whose bytes are in the bundle, in order."""
        return self._ordered

    @cached_property
    def _ordered(self) -> Sequence[int]:
        before, after = (bisect_left(self.events, at) for at in (self.span.start, self.span.stop))
        if not self.span:
            return self.events
        # Of a large bundle these are millions, which as objects would be most of the memory.
        return array("q", (*self.events[:before], *self.span, *self.events[after:]))

    def _between(self, start: int, stop: int) -> Sequence[int]:
        return self._ordered[bisect_left(self._ordered, start) : bisect_left(self._ordered, stop)]

    def of_kind(self, kind: str) -> Iterator[Entry]:
        """The disclosed entries of one kind that is no call's, in order."""
        for index in self.kinds.get(kind, ()):
            if (link := self.entry(index)) is not None:
                yield link

    @cached_property
    def kinds(self) -> Mapping[str, Sequence[int]]:
        """The disclosed entries that are no calls, by kind."""
        return self._survey[0]

    @cached_property
    def later_tags(self) -> Mapping[str, Sequence[int]]:
        """The disclosed entries with facets that this version does not know, by tag."""
        return self._survey[1]

    @cached_property
    def _survey(self) -> tuple[dict[str, array[int]], dict[str, array[int]]]:
        kinds: dict[str, array[int]] = {}
        tags: dict[str, array[int]] = {}
        for index in self.indexes():
            link = self.entry(index)
            if link is None:
                continue
            if link.kind not in CALLS:
                kinds.setdefault(link.kind, array("q")).append(index)
            for tag in link.commitments:
                if tag not in _KNOWN_TAGS:
                    tags.setdefault(tag, array("q")).append(index)
        return kinds, tags

    @property
    def span(self) -> range:
        """The entries that are handed over without a hole; empty where no range is claimed."""
        claimed = self.manifest.range
        if claimed is None:
            return range(0)
        # Whole entry bundles: up to 255 leaves before the range come along unopened.
        return range(claimed.first - claimed.first % WIDTH, claimed.last + 1)

    def has(self, index: int) -> bool:
        """Are this entry's bytes in the bundle?"""
        return index in self.span or self.shows(index)

    def shows(self, index: int) -> bool:
        """Is this one of the entries that are disclosed for themselves, whatever range there is?"""
        return holds(self.events, index)

    def leaf(self, index: int) -> bytes:
        """The exact bytes of a disclosed entry; raises FormatError."""
        if index in self.span:
            return self._tile(index // WIDTH)[index % WIDTH]
        return self.shown_leaf(index)

    def shown_leaf(self, index: int) -> bytes:
        """The exact bytes of an entry that is disclosed for itself; raises FormatError."""
        if self.manifest.packed:
            return self.packs.entries(self.packs.first(index))[index]
        return self.archive.read(layout.event(index, "leaf.json"))

    def proof(self, index: int) -> Proof:
        """The proof that came with a disclosed entry; raises FormatError."""
        return self._read_proof(layout.event(index, "event.tlog-proof"))

    def opened(self, index: int) -> dict[str, tuple[bytes, bytes]]:
        """Salt and content of each opened facet of an entry, by tag; nothing is compared."""
        found = self._shown_facets(index)
        if index in self.span and layout.opened(index) in self.archive.names:
            line = self._opened(layout.opened(index)).get(index)
            for tag, pair in line.facets.items() if line else ():
                if found.setdefault(tag, pair) != pair:
                    raise FormatError(f"entry {index}: facet {tag!r} is opened in two ways")
        return {tag: found[tag] for tag in in_order(found)}

    def _shown_facets(self, index: int) -> dict[str, tuple[bytes, bytes]]:
        if not self.manifest.packed:
            salts = self.salted(index).items()
            return {tag: (x, self.archive.read(layout.facet(index, tag))) for tag, x in salts}
        line = self.packs.opened(self.packs.first(index)).get(index) if self.shows(index) else None
        return dict(line.facets) if line else {}

    def salted(self, index: int) -> dict[str, bytes]:
        """The salts that came in an entry's own file, by tag."""
        name = layout.event(index, "salts.json")
        if name not in self.archive.names:
            return {}
        return layout.parse_salts(self.archive.read(name), name)

    def opened_lines(self, name: str) -> list[int]:
        """The entries that a file of opened facets speaks of."""
        return list(self._opened(name))

    def inclusion(self, index: int) -> list[bytes]:
        """The audit path of a disclosed entry."""
        if self.manifest.packed and self.shows(index):
            return self.packs.path(index)
        if self.shows(index):
            return list(self.proof(index).hashes)
        known = self.known()
        leaves = self._leaf_hashes
        return log_tree.path(index, self.size, first=self.span.start, leaves=leaves, known=known)

    def consistency(self, old: int, new: int) -> list[bytes] | None:
        """The proof between two checkpoints, where it came along."""
        if layout.step(old, new) not in self.archive.names:
            return None
        return list(self.step(old, new).hashes)

    def step(self, old: int, new: int) -> layout.Consistency:
        """The consistency proof in the file of these sizes; raises FormatError."""
        name = layout.step(old, new)
        data = self.archive.read(name)
        with _reading(name):
            return layout.Consistency.parse(data)

    def ends(self) -> tuple[Proof, Proof]:
        """The proofs of the range's first and last entry."""
        places = ((layout.FIRST_PROOF, self.span[0]), (layout.LAST_PROOF, self.span[-1]))
        first, last = (self._read_proof(name) for name, _ in places)
        for proof, (name, index) in zip((first, last), places, strict=True):
            if proof.index != index or proof.checkpoint_note != self.checkpoint_note:
                raise FormatError(f"{name} is a proof of something else")
        return first, last

    def known(self) -> log_tree.Known:
        """What the proofs of the range's ends tell of the tree left and right of it."""
        known: dict[tuple[int, int], bytes] = {}
        for proof in self.ends():
            found = log_tree.siblings(proof.index, self.size, proof.hashes)
            # What lies in the range is hashed from its leaves, never taken from a proof.
            known |= {
                (start, end): value
                for (start, end), value in found.items()
                if end <= self.span.start or start >= self.span.stop
            }
        return known

    def text(self, name: str) -> str:
        """A file as UTF-8 text."""
        return encoding.decode_utf8(self.archive.read(name), name, limit=MAX_SIZE)

    @cached_property
    def _leaf_hashes(self) -> list[bytes]:
        return [merkle.leaf_hash(self.leaf(index)) for index in self.span]

    @cached_property
    def _rows(self) -> dict[int, Row]:
        return {index: row for index in self.indexes() if (row := self.row(index)) is not None}

    def row(self, index: int) -> Row | None:
        """The searchable side of a disclosed call; None for other entries, or without `what`."""
        link = self.entry(index)
        if link is None or link.kind not in CALLS:
            return None
        event = Event.parse(self.facets(index, ("who", "what")))
        if event.what is None:
            return None
        row = event.row()
        if not 0 <= row.time < layout.LATEST:
            raise FormatError(f"the call of entry {index} is of no time")
        return row

    def _read_proof(self, name: str) -> Proof:
        data = self.archive.read(name)
        with _reading(name):
            return Proof.parse(data)

    def _check_others(self) -> tuple[str, ...]:
        """The files that this version does not know, held against their hashes."""
        names = layout.PACKED_NAMES if self.manifest.packed else layout.NAMES
        others = sorted(name for name in self.archive.names if not names.fullmatch(name))
        if isinstance(self.archive, Folder):
            # People may keep notes of their own beside an unpacked bundle.
            others = [name for name in others if name in self.manifest.files]
        listed = [name for name in (layout.REPORT,) if name in self.archive.names]
        for name in (*others, *(name for name in listed if name in self.manifest.files)):
            if name not in self.manifest.files:
                raise FormatError(f"{name!r} does not belong in a bundle")
            if hashlib.sha256(self.archive.read(name)).hexdigest() != self.manifest.files[name]:
                raise FormatError(f"{name} is not what manifest.json says")
        return tuple(others)

    def _check_span(self) -> None:
        """A range is as long as its entry bundles, or a claim could keep us busy for ever."""
        known = self.archive.names.difference(self.others)
        held = {name for name in known if name.startswith(layout.TILES)}
        starts = range(self.span.start, self.span.stop, WIDTH)
        if len(held) != len(starts) or {layout.tile(at, self.span.stop) for at in starts} != held:
            raise FormatError("the entries in the bundle are not those of the range it claims")

    def _read_entry(self, index: int) -> Entry | None:
        if not self.has(index):
            return None
        link = Entry.parse(self.leaf(index))
        if link.index != index:
            raise FormatError(f"what stands as entry {index} calls itself entry {link.index}")
        if not 0 <= link.time < layout.LATEST:
            raise FormatError(f"entry {index} is of no time")
        return link

    def _read_contents(self, index: int) -> dict[str, bytes]:
        link = self.entry(index)
        opened = self.opened(index)
        for tag, (salt, content) in opened.items():
            committed = link.commitments.get(tag) if link else None
            if committed != entry.commitment(salt, content):
                raise VerificationError(f"entry {index}: facet {tag!r} was altered")
            if tag in _PARSED and link is not None and link.kind in KINDS:
                layout.check_json(content, f"entry {index}: facet {tag!r}")
        return {tag: content for tag, (_, content) in opened.items()}

    def _read_tile(self, number: int) -> list[bytes]:
        name = layout.tile(number * WIDTH, self.span.stop)
        entries = parse_entries(self.archive.read(name))
        if len(entries) != min(WIDTH, self.span.stop - number * WIDTH):
            raise FormatError(f"{name} does not hold the entries its name says")
        return entries

    def _read_opened(self, name: str) -> dict[int, Opened]:
        found: dict[int, Opened] = {}
        for line in self.archive.read(name).splitlines():
            opened = Opened.parse(line)
            if opened.index in found or layout.opened(opened.index) != name:
                raise FormatError(f"{name}: entry {opened.index} does not belong here")
            found[opened.index] = opened
        return found
