"""Where a trail keeps its log files and digests: made once, kept, never remade.

`digests/local` is for `export` and `serve`; each bucket that is shipped to has a chain of digests
of its own, since a digest says where it is. It does not know S3.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import secrets
import string
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from apitrail.cloudtrail import selectors
from apitrail.delivery.logfiles import digest, file_checkpoint, records
from apitrail.delivery.logfiles.next_files import NextFiles
from apitrail.delivery.logfiles.records import Chosen, Record
from apitrail.delivery.logfiles.signing import digest_key
from apitrail.delivery.logfiles.tree import CHECKPOINT, MANIFEST, SIDECAR, Tree
from apitrail.delivery.logfiles.tree_manifest import LogFile, Manifest
from apitrail.errors import UsageError, VerificationError
from apitrail.reading.insight_list import is_selected
from apitrail.reading.mutes import Mutes
from apitrail.source import Source
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail import rotation
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Insight

FOLDER = "digests"
LOCAL = "local"
BUCKET = "apitrail"
# CloudTrail delivers a digest an hour.
EVERY = 3600


@dataclass(frozen=True, slots=True)
class Store:
    """One chain's files in the trail's directory, for a bucket and a prefix."""

    trail: Path
    bucket: str
    prefix: str
    tree: Tree

    @classmethod
    def local(cls, trail: Path) -> Store:
        """The chain that `export` copies and `serve` shows."""
        return cls(trail, BUCKET, "", Tree(trail / FOLDER / LOCAL))

    @classmethod
    def of_bucket(cls, trail: Path, bucket: str, prefix: str) -> Store:
        """The chain that is shipped to a bucket."""
        name = hashlib.sha256(f"{bucket}/{prefix}".encode()).hexdigest()[:16]
        return cls(trail, bucket, prefix, Tree(trail / FOLDER / f"s3-{name}"))

    @classmethod
    def all(cls, trail: Path) -> list[Store]:
        """Every chain there is."""
        found = []
        for path in sorted((trail / FOLDER).glob("*")):
            if (path / MANIFEST).is_file():
                about = Tree(path).manifest()
                found.append(cls(trail, about.bucket, about.prefix, Tree(path)))
        return found

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One command at a time; the others wait."""
        self.tree.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.tree.directory.with_suffix(".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def known(self) -> Manifest | None:
        """What was made so far."""
        return None if self.tree.read(MANIFEST) is None else self.tree.manifest()

    def close_up(self, now: int, every: int | None = None) -> Manifest:
        """Cover every call up to now, Unix milliseconds; `every` is in seconds. Needs the lock.

        Raises:
            UsageError: the log is empty, shorter than what was covered, or its key is not here.
        """
        with Reader(self.trail) as source:
            return self._close_up(source, now, every)

    def _close_up(self, source: Source, now: int, every: int | None) -> Manifest:
        tail, signer = self._tail(source), self._signer()
        head = file_checkpoint.head(tail, signer)
        before = self.known() or Manifest(
            origin=head.origin, bucket=self.bucket, prefix=self.prefix, every=every or EVERY
        )
        _check_past(source, before, head)
        self._forget_unknown(before)
        followed = self._follow_erasures(source, before, head.size)
        found = _Selected(records.records(source, before.entries, head.size, self._chosen(source)))
        files = NextFiles(
            replace(followed, every=every or before.every),
            digest_key(Keys.of(self.trail).directory), _unique, self.tree.put,
        )  # fmt: skip
        made = files.run(found, now)
        for each in made.digests[len(before.digests) :]:
            self.tree.put_metadata(each)
        covered = replace(
            made, entries=head.size, last=_leaf(source, head.size),
            left_out=before.left_out + found.left_out,
        )  # fmt: skip
        return self._sign(source, covered, tail, signer)

    def _tail(self, source: Source) -> str:
        if (tail := source.tail()) is None:
            raise UsageError(
                "the trail is empty", hint="record something first: apitrail exec -- CMD"
            )
        return tail

    def _signer(self) -> note.Signer:
        keys = Keys.of(self.trail)
        if not keys.exist:
            raise UsageError(
                f"the log's key is not in {str(keys.directory)!r}, and digests are vouched for by it",
                hint="run this where the trail was recorded",
            )
        return keys.signer()

    def follow_erasures(self) -> None:
        """Take from the files that are here what was erased from the log. Needs the lock."""
        with Reader(self.trail) as source:
            if (manifest := self.known()) is None or (tail := source.tail()) is None:
                return
            signer = self._signer()
            head = file_checkpoint.head(tail, signer)
            done = self._follow_erasures(source, manifest, head.size)
            if done.logs != manifest.logs:
                self._sign(source, done, tail, signer)

    def _sign(self, source: Source, manifest: Manifest, tail: str, signer: note.Signer) -> Manifest:
        done = replace(manifest, checkpoint=tail, rotations=rotations(source))
        self.save(done)
        # The checkpoint is written last: a reader in between sees a manifest that is not signed
        # yet, which names no file less than before.
        self.tree.put(
            CHECKPOINT,
            file_checkpoint.vouch(file_checkpoint.head(tail, signer), done.dump(), signer).encode(),
        )
        return done

    def _chosen(self, source: Source) -> Chosen:
        """What to deliver here. Selectors count for the local copy only: a bucket gets all, but for
        insights that were muted when they were told."""
        mutes = Mutes.of(source)
        if self.tree.directory.name != LOCAL:
            return Chosen(insights=lambda index, said: not mutes.was_quiet(index, said))
        chosen, wanted = selectors.load(self.trail), selectors.state_of(self.trail)

        def insights(index: int, said: Insight) -> bool:
            selected = is_selected(said, wanted.get("InsightSelectors"))
            return selected and not mutes.was_quiet(index, said)

        return (
            Chosen(calls=chosen.matches, insights=insights)
            if chosen.custom
            else Chosen(insights=insights)
        )

    def save(self, manifest: Manifest) -> None:
        """Only now do new files count: a crash before leaves files that nobody knows."""
        self.tree.put(MANIFEST, manifest.dump())

    def _forget_unknown(self, manifest: Manifest) -> None:
        """Take away files that a crash left before any manifest named them."""
        known = {file.key for file in manifest.files()}
        for key in self.tree.names():
            if "AWSLogs" in key.split("/") and key.removesuffix(SIDECAR) not in known:
                self.tree.remove(key)

    def _follow_erasures(self, source: Source, manifest: Manifest, size: int) -> Manifest:
        """What was erased from the log goes from the log files that are here."""
        gone = records.erased(source, manifest.erasures, size)
        logs = tuple(
            self._erase(source, log, gone) if log.copy is None and not gone.isdisjoint(log.indexes)
            else log
            for log in manifest.logs
        )  # fmt: skip
        followed = replace(manifest, logs=logs, erasures=size)
        if logs != manifest.logs:
            self.save(followed)
        return followed

    def _erase(self, source: Source, log: LogFile, gone: set[int]) -> LogFile:
        """Write a log file anew without the erased records. Its digest's hash no longer fits; `erased` says why."""
        left = [text for index in log.indexes if (text := records.record(source, index))]
        data = digest.compress(records.content(left))
        self.tree.put(log.key, data)
        erased = sorted({*log.erased, *gone.intersection(log.indexes)})
        return replace(log, sha256=hashlib.sha256(data).hexdigest(), erased=tuple(erased))


def follow_erasures(trail: Path) -> None:
    """Have every chain's files follow what was erased from the log; `close_up` would do it too."""
    for store in Store.all(trail):
        with store.locked():
            store.follow_erasures()


class _Selected:
    """The records to be delivered, and how many are not."""

    def __init__(self, found: Iterator[Record]) -> None:
        self._found = found
        self.left_out = 0

    def __iter__(self) -> Iterator[Record]:
        for record in self._found:
            if record.selected:
                yield record
            else:
                self.left_out += 1


def _check_past(source: Source, before: Manifest, head: Checkpoint) -> None:
    """Hold the log to be that of which digests were made; each entry's hash stands for all before.

    Raises:
        UsageError: it is shorter, or another.
    """
    if before.entries > head.size or before.origin != head.origin:
        raise UsageError(
            f"digests cover {before.entries} entries of {before.origin!r}, "
            f"and the log has {head.size} of {head.origin!r}: entries are missing",
            hint="`apitrail verify` says more",
        )
    if _leaf(source, before.entries) != before.last:
        raise UsageError(
            f"digests cover {before.entries} entries, and the log has others in their place",
            hint=f"`apitrail verify` says more; digests begin anew where {FOLDER}/ is moved away",
        )


def _leaf(source: Source, size: int) -> str:
    """The hash of the last of `size` entries, in hex."""
    link = source.entry(size - 1) if size else None
    return "" if link is None else link.hash.hex()


def rotations(source: Source) -> tuple[str, ...]:
    """The notes by which the log's keys follow each other."""
    notes = []
    try:
        for change in rotation.trace(source):
            what = source.facets(change.index, ("what",))["what"]
            notes.append(str(json.loads(what)["note"]))
    except VerificationError as error:
        raise UsageError(str(error), hint="`apitrail verify` says more") from error
    return tuple(notes)


def _unique() -> str:
    """16 random alphanumerics, as in CloudTrail's names."""
    alphabet = string.ascii_letters + string.digits
    return "".join(secrets.choice(alphabet) for _ in range(16))
