"""Shipping: what is sealed goes to a bucket once, and the log itself says where it went.

The order of things makes every crash harmless: files are sealed on disk, then uploaded, then named
by a manifest that is on disk before it is uploaded, then by an entry of the log, and only then do
they leave the disk. What is repeated after a crash finds its own object and takes it. It does not
know the command line, nor what time it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import batched
from pathlib import Path

from apitrail.delivery.bucket import retention
from apitrail.delivery.bucket.anchors import anchors_of
from apitrail.delivery.bucket.object_lock import Bucket, Location
from apitrail.delivery.bucket.placing import Placing
from apitrail.delivery.bucket.shipment import Shipment, note_key
from apitrail.delivery.logfiles import digest, file_checkpoint
from apitrail.delivery.logfiles.store import Store
from apitrail.delivery.logfiles.tree import SIDECAR
from apitrail.delivery.logfiles.tree_manifest import (
    Copy,
    DigestFile,
    File,
    LogFile,
    Manifest,
    Shipped,
)
from apitrail.errors import FormatError, UsageError
from apitrail.evidence import maintenance
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Anchor

# The most files that one shipment names; its anchor names as many versions.
BATCH = 500
UPLOADS = 8
PENDING, PENDING_NOTE = "pending/shipment.json", "pending/shipment.note"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done: the numbers of the shipments, and how many files they brought."""

    shipments: tuple[int, ...]
    files: int


@dataclass(frozen=True, slots=True)
class Shipping:
    """Ships the trail in a directory to a place; `retain` such as `7y`, else the bucket's rule."""

    trail: Path
    location: Location
    bucket: Bucket
    retain: str | None = None
    every: int | None = None

    @property
    def placing(self) -> Placing:
        """How this place is written to."""
        return Placing(self.location, self.bucket, self.retain)

    @property
    def store(self) -> Store:
        """Where this place's chain is kept."""
        return Store.of_bucket(self.trail, self.location.bucket, self.location.prefix)

    def ship(self, now: int) -> Outcome:
        """Ship all up to `now`, Unix milliseconds.

        Raises:
            UsageError: the bucket does not lock, S3 cannot be reached, or what the log says was
                shipped is not what is known here.
        """
        self.bucket.require_lock()
        until = self.placing.until(datetime.fromtimestamp(now // 1000, UTC))
        store = self.store
        with store.locked():
            done = list(self._finish(store))
            self._check_state(store)
            manifest = store.close_up(now, self.every)
            waiting = [file for file in manifest.files() if file.copy is None]
            # A new head is shipped even without new files, unless our own anchor is all that is
            # new.
            anchored = -1 if manifest.shipped is None else manifest.shipped.anchor
            if not waiting and manifest.entries <= anchored + 1:
                return Outcome(tuple(number for number, _ in done), sum(n for _, n in done))
            for files in batched(waiting, BATCH) if waiting else [()]:
                self._prepare(store, files, until)
                done += self._finish(store)
        return Outcome(tuple(number for number, _ in done), sum(count for _, count in done))

    def _check_state(self, store: Store) -> None:
        """What the log says was shipped is what we know of it."""
        known = store.known()
        shipped = 0 if known is None or known.shipped is None else known.shipped.number
        with Reader(self.trail) as source:
            said = [anchor.number for _, anchor in anchors_of(source, self.location)]
        if max(said, default=0) > shipped:
            raise UsageError(
                f"the log says that shipment {max(said)} went to {self.location}, and "
                f"{str(store.tree.directory)!r} knows of {shipped}",
                hint="bring that directory back from a backup, or ship to another prefix",
            )

    def _prepare(self, store: Store, files: Sequence[File], until: datetime) -> None:
        """Upload files; then write, here only, the shipment that names them."""
        with ThreadPoolExecutor(UPLOADS) as pool:
            there = list(pool.map(lambda file: self._upload(store, file, until), files))
        manifest = store.tree.manifest()
        before = manifest.shipped
        shipment = Shipment(
            number=1 if before is None else before.number + 1,
            origin=manifest.origin, bucket=manifest.bucket, prefix=manifest.prefix,
            entries=manifest.entries, checkpoint=manifest.checkpoint,
            until=retention.iso(until), previous=None if before is None else before.sha256,
            rotations=manifest.rotations, public_keys=manifest.public_keys,
            logs=tuple(file for file in there if isinstance(file, LogFile)),
            digests=tuple(file for file in there if isinstance(file, DigestFile)),
        )  # fmt: skip
        data = shipment.dump()
        signer = Keys.of(self.trail).signer()
        note = file_checkpoint.vouch(
            file_checkpoint.head(manifest.checkpoint, signer), data, signer
        )
        # The note is written first: a shipment without its note must not be finished.
        store.tree.put(PENDING_NOTE, note.encode())
        store.tree.put(PENDING, data)

    def _upload(self, store: Store, file: File, until: datetime) -> File:
        data = store.tree.read(file.key)
        if data is None or hashlib.sha256(data).hexdigest() != file.sha256:
            raise UsageError(
                f"{file.key!r} in {str(store.tree.directory)!r} is not what it was",
                hint="bring that directory back from a backup, or ship to another prefix",
            )
        metadata = file.metadata() if isinstance(file, DigestFile) else {}

        def ours(found: bytes) -> bool:
            # It may have been uploaded before a record was erased from it here.
            return found == data or (isinstance(file, LogFile) and _content(found) == file.hash)

        version, found = self.placing.put(file.key, data, until, metadata=metadata, ours=ours)
        copy = Copy(version, retention.iso(until))
        if found != data and isinstance(file, LogFile):
            sha256 = hashlib.sha256(found).hexdigest()
            return replace(file, sha256=sha256, erased=(), copy=copy)
        return replace(file, copy=copy)

    def _finish(self, store: Store) -> Iterator[tuple[int, int]]:
        """Upload the shipment that is pending, have the log say so, and let go of the files."""
        data, note = store.tree.read(PENDING), store.tree.read(PENDING_NOTE)
        if data is None or note is None:
            return
        shipment, until = Shipment.parse(data), retention.parse(Shipment.parse(data).until)
        version, _ = self.placing.put(shipment.key, data, until)
        noted, _ = self.placing.put(note_key(shipment.key), note, until)
        copies = {file.key: file.copy for file in shipment.files() if file.copy is not None}
        anchor = Anchor(
            bucket=shipment.bucket, prefix=shipment.prefix, number=shipment.number,
            key=shipment.key, version=version, note=noted,
            sha256=hashlib.sha256(data).hexdigest(), until=shipment.until,
            entries=shipment.entries,
            objects=tuple((key, copy.version) for key, copy in copies.items()),
        )  # fmt: skip
        index = self._anchor(anchor)
        store.save(_shipped(store.tree.manifest(), shipment, anchor, index))
        for file in shipment.files():
            store.tree.remove(file.key)
            store.tree.remove(file.key + SIDECAR)
        # These two go last. After a crash before this line the next run repeats all steps; each
        # step finds its own work already done.
        store.tree.remove(PENDING)
        store.tree.remove(PENDING_NOTE)
        yield shipment.number, len(copies)

    def _anchor(self, anchor: Anchor) -> int:
        """The index of the entry that says so; written now unless it is there."""
        with Reader(self.trail) as source:
            for index, said in anchors_of(source, self.location):
                if said.sha256 == anchor.sha256:
                    return index
        return maintenance.anchor(self.trail, anchor)


def _shipped(manifest: Manifest, shipment: Shipment, anchor: Anchor, index: int) -> Manifest:
    """The manifest with what is in the bucket now."""
    there = {file.key: file for file in shipment.files()}
    shipped = Shipped(
        number=shipment.number, key=anchor.key, version=anchor.version, sha256=anchor.sha256,
        anchor=index,
    )  # fmt: skip
    logs = (there.get(log.key, log) for log in manifest.logs)
    digests = (there.get(each.key, each) for each in manifest.digests)
    return replace(
        manifest,
        shipped=shipped,
        logs=tuple(log for log in logs if isinstance(log, LogFile)),
        digests=tuple(each for each in digests if isinstance(each, DigestFile)),
    )


def _content(data: bytes) -> str | None:
    try:
        return hashlib.sha256(digest.inflate(data)).hexdigest()
    except FormatError:
        return None


@dataclass(frozen=True, slots=True)
class ShippedCopy:
    """A copy that nobody can erase before its lock ends, and the entries whose records it has."""

    url: str
    version: str
    until: str
    indexes: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.url} (version {self.version}), locked until {self.until}"


def shipped_copies(trail: Path, indexes: Sequence[int]) -> list[ShippedCopy]:
    """The copies in buckets of what these entries recorded."""
    wanted = set(indexes)
    return [
        ShippedCopy(
            f"s3://{store.bucket}/{log.key}", log.copy.version, log.copy.until,
            tuple(index for index in log.indexes if index in wanted),
        )
        for store in Store.all(trail)
        for log in _in_bucket(store)
        if log.copy is not None and not wanted.isdisjoint(log.indexes)
    ]  # fmt: skip


def _in_bucket(store: Store) -> Iterator[LogFile]:
    """Log files that are uploaded, those of a shipment that was cut short among them."""
    pending = store.tree.read(PENDING)
    there = () if pending is None else Shipment.parse(pending).logs
    yield from there
    keys = {log.key for log in there}
    yield from (log for log in store.tree.manifest().logs if log.key not in keys)
