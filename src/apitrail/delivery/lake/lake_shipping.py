"""Shipping to a lake in a bucket: each hour's files, then the list that names their versions.

The order of things makes every crash harmless. An hour's files are on disk, with what is known of
them, before they are uploaded; their list is on disk and signed before it is uploaded; and only
then do the files leave the disk. What is repeated after a crash finds its own objects and takes
them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from apitrail.delivery.bucket import retention
from apitrail.delivery.bucket.object_lock import Bucket, Location
from apitrail.delivery.bucket.placing import Placing
from apitrail.delivery.bucket.shipment import note_key
from apitrail.delivery.lake.held_copies import PENDING
from apitrail.delivery.lake.hours import Hour, hours
from apitrail.delivery.lake.lake_directory import check_installed, locked
from apitrail.delivery.lake.lake_list import LakeFile, LakeList, key_of
from apitrail.delivery.lake.sealing import Sealing
from apitrail.delivery.logfiles.place import join
from apitrail.delivery.logfiles.tree import Tree
from apitrail.delivery.logfiles.tree_manifest import Copy, parse_all, read_json
from apitrail.tlog.merkle import Frontier
from apitrail.trail.reader import Reader

# An hour's files before they are uploaded, and its list before it is.
FILES, LIST, NOTE = "pending/files.json", PENDING, "pending/list.note"

type After = tuple[LakeList, str] | None
"""The list before, and its hash."""


@dataclass(frozen=True, slots=True)
class LakeShipping:
    """Ships the trail in a directory to a lake; `retain` such as `7y`, else the bucket's rule."""

    trail: Path
    location: Location
    bucket: Bucket
    retain: str | None = None
    as_it_stands: bool = False

    @property
    def placing(self) -> Placing:
        """How this place is written to."""
        return Placing(self.location, self.bucket, self.retain)

    def ship(self, now: int) -> list[LakeList]:
        """Ship every hour that is over at `now`, Unix milliseconds; gives the lists of them.

        Raises:
            UsageError: the bucket does not lock, S3 cannot be reached, or what is there is not ours.
        """
        check_installed()
        self.bucket.require_lock()
        until = self.placing.until(datetime.fromtimestamp(now // 1000, UTC))
        with locked(self.trail, str(self.location)) as kept:
            return list(self._ship(Tree(kept), now, until))

    def _ship(self, tree: Tree, now: int, until: datetime) -> Iterator[LakeList]:
        yield from self._finish(tree)
        with Reader(self.trail) as source:
            sealing = Sealing.of(source, self.trail, tree)
            self._adopt(sealing)
            after = sealing.newest()
            pending = Pending.read(tree)
            if pending is not None and pending.start == (after[0].stop if after else 0):
                # What was begun is done as it was begun, wherever the hour ends now.
                for hour in hours(source, _edge(after), pending.stop):
                    after = yield from self._hour(sealing, hour, pending, after, until)
            before = after[0] if after else None
            for hour in sealing.hours(before, now, as_it_stands=self.as_it_stands):
                after = yield from self._hour(sealing, hour, None, after, until)

    def _adopt(self, sealing: Sealing) -> None:
        """Take lists from the bucket that this log signed and that are not kept here.

        So it is where a trail's directory was brought back from a backup.
        """
        newest = sealing.newest()
        number = newest[0].number + 1 if newest else 1
        while True:
            key = key_of("", sealing.head.origin, number)
            data, noted = self._first(key), self._first(note_key(key))
            if data is None or noted is None or not sealing.has_signed(data, noted):
                return
            sealing.tree.put(note_key(key), noted)
            sealing.tree.put(key, data)
            number += 1

    def _first(self, name: str) -> bytes | None:
        """The version of an object that was written first."""
        key = join(self.location.prefix, name)
        found = [each for each in self.bucket.versions(key) if each.key == key and not each.marker]
        return self.bucket.get(key, found[-1].id) if found else None

    def _hour(
        self, sealing: Sealing, hour: Hour, pending: Pending | None, after: After, until: datetime
    ) -> Generator[LakeList, None, After]:
        """Seal an hour, upload it, and finish its list; gives the list that the next one follows."""
        tree = sealing.tree
        files = self._files(sealing, hour, pending)
        there = tuple(filter(None, (self._upload(tree, *each, until) for each in files)))
        rows = [run for file in there for run in file.runs()]
        # A call that was erased has a row where its file was uploaded before.
        hour.rowless = [e for e in hour.rowless if not any(e.index in run for run in rows)]
        sealed = sealing.sealed(hour, there, after, until=retention.iso(until))
        # The note is written first: a list without its note must not be finished.
        tree.put(NOTE, sealed.note)
        tree.put(LIST, sealed.data)
        yield from self._finish(tree)
        return sealed.said, hashlib.sha256(sealed.data).hexdigest()

    def _files(
        self, sealing: Sealing, hour: Hour, pending: Pending | None
    ) -> list[tuple[LakeFile | None, LakeFile]]:
        """An hour's files: each as it is on disk now, and as it was when it was first sealed.

        They are made once: an upload that broke off goes on with the same bytes. Where a record was
        erased in between, those bytes are gone from the disk, and may be in the bucket all the same.
        """
        tree = sealing.tree
        if pending is not None and all(_is_here(tree, file) for file in pending.files):
            return [(file, file) for file in pending.files]
        sealing.forget_unlisted(hour.start)
        here = {file.name: file for file in sealing.files(hour)}
        first = here | {file.name: file for file in (pending.files if pending else ())}
        Pending(hour.start, hour.stop, tuple(first.values())).keep(tree)
        return [(here.get(name), file) for name, file in first.items()]

    def _upload(
        self, tree: Tree, here: LakeFile | None, first: LakeFile, until: datetime
    ) -> LakeFile | None:
        """Upload a file; gives it with its version, as it is in the bucket."""
        if here is None:
            return self._uploaded_before(first, until)
        data = tree.read(here.name) or b""

        def ours(found: bytes) -> bool:
            # It may have been uploaded before a record was erased from the log.
            return _sha256(found) in (here.sha256, first.sha256)

        key = join(self.location.prefix, here.name)
        version, found = self.placing.put(key, data, until, ours=ours)
        there = here if _sha256(found) == here.sha256 else first
        return replace(there, copy=Copy(version, retention.iso(until)))

    def _uploaded_before(self, file: LakeFile, until: datetime) -> LakeFile | None:
        """A file whose calls were all erased before its list was signed, if it is in the bucket."""
        key = join(self.location.prefix, file.name)
        for version in self.bucket.versions(key):
            if version.key != key or version.marker:
                continue
            found = self.bucket.get(key, version.id)
            if found is not None and _sha256(found) == file.sha256:
                self.placing.lock(key, version.id, until)
                return replace(file, copy=Copy(version.id, retention.iso(until)))
        return None

    def _finish(self, tree: Tree) -> Iterator[LakeList]:
        """Upload the list that is pending, keep it, and let go of the files."""
        data, note = tree.read(LIST), tree.read(NOTE)
        if data is None or note is None:
            return
        said = LakeList.parse(data)
        until = retention.parse(str(said.until))
        key = said.key(self.location.prefix)
        self.placing.put(key, data, until)
        self.placing.put(note_key(key), note, until)
        tree.put(note_key(said.key()), note)
        tree.put(said.key(), data)
        for file in said.files:
            tree.remove(file.name)
        # The list goes last: after a crash before this line the next run repeats all steps, and
        # each finds its own work already done.
        for name in (FILES, LIST, NOTE):
            tree.remove(name)
        yield said


@dataclass(frozen=True, slots=True)
class Pending:
    """What was sealed of entries [start, stop), and has no list yet."""

    start: int
    stop: int
    files: tuple[LakeFile, ...]

    @classmethod
    def read(cls, tree: Tree) -> Pending | None:
        """What is kept, if anything."""
        data = tree.read(FILES)
        match None if data is None else read_json(data, "files"):
            case {"start": int(start), "stop": int(stop), "files": [*files]}:
                return cls(start, stop, parse_all(files, LakeFile.parse))
            case _:
                return None

    def keep(self, tree: Tree) -> None:
        """Inverse of `read`."""
        files = [file.to_json() for file in self.files]
        said = {"start": self.start, "stop": self.stop, "files": files}
        tree.put(FILES, json.dumps(said).encode())


def _edge(after: After) -> Frontier:
    return after[0].edge() if after else Frontier()


def _is_here(tree: Tree, file: LakeFile) -> bool:
    data = tree.read(file.name)
    return data is not None and _sha256(data) == file.sha256


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
