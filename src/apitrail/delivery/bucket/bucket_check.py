"""Verifying what was shipped to a bucket: every version, its lock, and what the log says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from apitrail.delivery.bucket.anchors import anchors_of
from apitrail.delivery.bucket.object_lock import Bucket, Location
from apitrail.delivery.bucket.shipment import Shipment, key_of, note_key, whole
from apitrail.delivery.bucket.versions import BucketContents
from apitrail.delivery.logfiles import chain, file_checkpoint, findings
from apitrail.delivery.logfiles.check import Check, Step
from apitrail.delivery.logfiles.tree_manifest import DigestFile, File, LogFile, Manifest
from apitrail.evidence.verify.key_history import History
from apitrail.evidence.verify.report import Finding, Report, Trust, Verdict, tampered
from apitrail.tlog import merkle
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import database
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Anchor

READERS = 8
SHORT = "what was shipped ends at {} entries, and {} is of {}"


def verify_bucket(
    location: Location,
    bucket: Bucket,
    trust: Trust,
    *,
    trail: Path | None = None,
    since: str | None = None,
    step: Step = lambda _: None,
) -> Report:
    """Check all that was shipped to a place; what does not hold is named, file by file.

    Args:
        location: where it was shipped to.
        bucket: that bucket.
        trust: keys and heads known from outside.
        trail: the local trail, which is compared if it is of the same log.
        since: an older signed checkpoint that the shipments must reach.
        step: told of each step as it begins.

    Raises:
        UsageError: the bucket cannot be read.
    """
    checking = _BucketCheck(BucketContents(bucket, location), trust, step)
    return checking.outcome(lambda: checking.run(trail, since))


def shipped_logs(
    location: Location, bucket: Bucket, trust: Trust
) -> tuple[Manifest, Callable[[LogFile], bytes | None]]:
    """What the log has signed that it shipped to a place, and what reads one of its log files.

    Raises:
        Finding: the shipments do not hold.
    """
    contents = BucketContents(bucket, location)
    shipments, _, _ = _BucketCheck(contents, trust, lambda _: None).shipments()

    def read(log: LogFile) -> bytes | None:
        return None if log.copy is None else contents.read(log.key, log.copy.version)

    return whole(shipments), read


class _BucketCheck(Check):
    """The steps, and which versions were named so far."""

    def __init__(self, contents: BucketContents, trust: Trust, step: Step) -> None:
        super().__init__(trust, step)
        self.contents = contents
        self._known: set[str] = set()
        # Of each manifest as it was read: a later version's has members that `dump` leaves out.
        self._sums: list[str] = []
        self._digests: dict[str, bytes] = {}

    def run(self, trail: Path | None, since: str | None) -> None:
        """All steps; raises Finding where one makes the next pointless."""
        self.tell("1. versions of everything under the prefix")
        keys = self.contents.versions.keys()
        self.tell(f"2. shipments: signatures, locks, order ({len(keys)} keys)")
        shipments, history, heads = self.shipments()
        every = whole(shipments)
        self.learn(every, heads[-1], history)
        self._say(every)
        self.tell(f"3. {len(every.logs)} log files, {len(every.digests)} digests: locks, bytes")
        self._files(every)
        self._strangers()
        self.tell("4. digests: signatures, chain, contents")
        self.blame(f"{key}: {problem}" for key, problem in chain.problems(every, self._digests.get))
        self.tell("5. checkpoints seen before, and the trail")
        self.compare(heads, history, since, SHORT)
        self._hold_against(trail, shipments, heads)

    # -- shipments ---------------------------------------------------------------------------

    def shipments(self) -> tuple[list[Shipment], History, list[Checkpoint]]:
        """Every shipment in order, each signed by the log and naming the one before."""
        shipments: list[Shipment] = []
        heads: list[Checkpoint] = []
        pieces = list(self._pieces())
        if not pieces:
            raise Finding(
                Verdict.TRUNCATED,
                f"no shipment is at {self.contents.location}",
                hint="the place is the one that `apitrail ship` was given",
            )
        # The newest knows all changes of the log's key.
        newest, signed = pieces[-1]
        history = file_checkpoint.trust(
            Shipment.parse(newest).rotations, signed, self.trust, "the shipment"
        )
        previous: str | None = None
        for data, noted in pieces:
            shipment = Shipment.parse(data)
            head = file_checkpoint.confirm(history, noted, data, shipment.key)
            self._check_order(shipment, len(shipments) + 1, previous)
            self.check_head(shipment, data, head, history, shipment.key)
            self._check_locks(shipment)
            previous = hashlib.sha256(data).hexdigest()
            self._sums.append(previous)
            shipments.append(shipment)
            heads.append(head)
        return shipments, history, heads

    def _pieces(self) -> Iterator[tuple[bytes, bytes]]:
        """Manifests and their notes, from the first shipment to the last."""
        number = 1
        while True:
            key = key_of(self.contents.location.prefix, number)
            data, noted = self._first(key), self._first(note_key(key))
            if data is None:
                later = [k for k in self.contents.versions if k > key and k.endswith(".json")
                         and k.startswith(key.rpartition("/")[0])]  # fmt: skip
                if later:
                    raise tampered(f"{key} is missing, and there are later shipments")
                return
            if noted is None:
                raise Finding(
                    Verdict.TAMPERED, f"{note_key(key)} is missing",
                    hint="where a shipment was cut short, `apitrail ship` completes it",
                )  # fmt: skip
            yield data, noted
            number += 1

    def _first(self, key: str) -> bytes | None:
        version = self.contents.first(key)
        if version is None:
            return None
        self._known.add(key)
        return self.contents.read(key, version.id)

    def _check_order(self, shipment: Shipment, number: int, previous: str | None) -> None:
        where = self.contents.location
        if (shipment.bucket, shipment.prefix) != (where.bucket, where.prefix):
            raise tampered(f"the shipments here went to s3://{shipment.bucket}/{shipment.prefix}")
        if shipment.number != number or shipment.previous != previous:
            raise tampered(f"{shipment.key} does not follow the shipment before it")

    def _check_locks(self, shipment: Shipment) -> None:
        for each in (shipment.key, note_key(shipment.key)):
            version = self.contents.first(each)
            if version is not None:
                self.blame(self.contents.hidden(each, version.id))
                lock, _ = self.contents.bucket.about(each, version.id)
                self.blame(self.contents.unlocked(each, lock, shipment.until))

    # -- files -------------------------------------------------------------------------------

    def _files(self, every: Manifest) -> None:
        files = list(every.files())
        self._known.update(file.key for file in files)
        gone = []
        with ThreadPoolExecutor(READERS) as pool:
            for file, (is_there, problems) in zip(files, pool.map(self._file, files), strict=True):
                self.blame(problems)
                if not is_there:
                    gone.append(file.key)
        self.found += findings.missing(every, gone)

    def _file(self, file: File) -> tuple[bool, list[str]]:
        """Is the version there, and what is wrong with it? Log files are not held on to."""
        copy = file.copy
        assert copy is not None
        data = self.contents.read(file.key, copy.version)
        problems = list(self.contents.hidden(file.key, copy.version))
        if data is None:
            return False, problems
        lock, kept = self.contents.bucket.about(file.key, copy.version)
        problems += self.contents.unlocked(file.key, lock, copy.until)
        if hashlib.sha256(data).hexdigest() != file.sha256:
            problems.append(f"{file.key} is not what was shipped")
        elif isinstance(file, DigestFile):
            self._digests[file.key] = data
            if kept != file.metadata():
                problems.append(f"{file.key} is kept with other metadata")
        else:
            problems += chain.log_problems(file, data)
        return True, problems

    def _strangers(self) -> None:
        hint = "where a shipment was cut short, `apitrail ship` completes it"
        self.found += [
            Finding(Verdict.TAMPERED, f"{key} is in no manifest", hint=hint)
            for key in self.contents.versions
            if key not in self._known
        ]

    # -- heads -------------------------------------------------------------------------------

    def _say(self, every: Manifest) -> None:
        origin = self.report.origin
        self.said = [
            f"{every.told()} in {len(every.logs)} log files under {len(every.digests)} digests",
            f"locked, complete and unaltered up to entry {every.entries - 1}",
            f"the log {origin} is trusted by {self.trust.by}",
        ]

    def _hold_against(
        self, trail: Path | None, shipments: list[Shipment], heads: list[Checkpoint]
    ) -> None:
        """The local trail, if it is of this log: it has these heads, and says what was shipped."""
        if trail is None or not (trail / database.FILE).is_file():
            return
        with Reader(trail) as source:
            tail = source.tail()
            if tail is None or not tail.startswith(f"{heads[-1].origin}\n"):
                return
            size = Checkpoint.unverified(tail).size
            if size < heads[-1].size:
                message = f"the trail has {size} entries, and {heads[-1].size} were shipped"
                self.found.append(
                    Finding(Verdict.TRUNCATED, message, hint="`apitrail verify` says more of it")
                )
            roots = roots_at(source, {head.size for head in heads if head.size <= size})
            for shipment, head in zip(shipments, heads, strict=True):
                if head.size in roots and roots[head.size] != head.root:
                    message = f"the trail has other entries than {shipment.key} was shipped with"
                    self.found.append(Finding(Verdict.FORK, message))
            self._hold_anchors(anchors_of(source, self.contents.location), shipments)
        self.said.append("the trail here has what was shipped")

    def _hold_anchors(self, said: list[tuple[int, Anchor]], shipments: list[Shipment]) -> None:
        for index, anchor in said:
            if anchor.number > len(shipments):
                self.found.append(
                    Finding(Verdict.TRUNCATED, f"{anchor.key} is missing: entry {index} names it")
                )
                continue
            shipment = shipments[anchor.number - 1]
            if self._sums[anchor.number - 1] != anchor.sha256:
                self.found.append(tampered(f"{anchor.key} is not what entry {index} names"))
            version = self.contents.first(anchor.key)
            if version is not None and version.id != anchor.version:
                self.found.append(tampered(f"{anchor.key} is not the version entry {index} names"))
            objects = [(f.key, f.copy.version) for f in shipment.files() if f.copy is not None]
            if sorted(objects) != sorted(anchor.objects):
                self.found.append(tampered(f"{anchor.key} names other versions than entry {index}"))


def roots_at(source: Reader, sizes: set[int]) -> dict[int, bytes]:
    """The tree hash at each of these sizes."""
    tree, found = merkle.Frontier(), {}
    for size, data in enumerate(source.entries(0, max(sizes, default=0)), 1):
        tree.append(merkle.leaf_hash(data))
        if size in sizes:
            found[size] = tree.root()
    return found
