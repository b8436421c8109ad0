"""Sealing: the files of an hour are written, and then the list that names them is signed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from apitrail import durable
from apitrail.delivery.bucket.shipment import note_key
from apitrail.delivery.lake import hour_file, hours
from apitrail.delivery.lake.hours import Day, Hour
from apitrail.delivery.lake.lake_list import FOLDER, HOUR, LakeFile, LakeList, file_name, folder
from apitrail.delivery.logfiles import file_checkpoint, store
from apitrail.delivery.logfiles.tree import Tree
from apitrail.errors import FormatError, UsageError, VerificationError
from apitrail.evidence.verify.report import Trust
from apitrail.source import Source
from apitrail.tlog import note
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.merkle import Frontier
from apitrail.trail import statements
from apitrail.trail.keys import Keys
from apitrail.trail.statements import Open

# An entry whose time is of an hour may be committed a moment after it.
GRACE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A list as it is signed: its value, its bytes and its note."""

    said: LakeList
    data: bytes
    note: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """One log, as far as it is signed now, and the directory that its files are written to."""

    source: Source
    tree: Tree
    signer: note.Signer
    tail: str
    rotations: tuple[str, ...]

    @classmethod
    def of(cls, source: Source, trail: Path, tree: Tree) -> Sealing:
        """Up to the newest checkpoint.

        Raises:
            UsageError: the log is empty, or its key is not here.
        """
        if (tail := source.tail()) is None:
            raise UsageError(
                "the trail is empty", hint="record something first: apitrail exec -- CMD"
            )
        keys = Keys.of(trail)
        if not keys.exist:
            raise UsageError(
                f"the log's key is not in {str(keys.directory)!r}, and a lake's lists are signed by it",
                hint="run this where the trail was recorded",
            )
        signer = keys.signer()
        file_checkpoint.head(tail, signer)
        return cls(
            source=source, tree=tree, signer=signer, tail=tail, rotations=store.rotations(source)
        )

    @property
    def head(self) -> Checkpoint:
        """The head that lists are signed at."""
        return Checkpoint.unverified(self.tail)

    def newest(self) -> tuple[LakeList, str] | None:
        """The newest list in the directory and its hash, which this log must continue.

        Raises:
            UsageError: the log is shorter, or another.
        """
        keys = [key for key in self._own_lists() if key.endswith(".json")]
        if not keys:
            return None
        data = self.tree.read(keys[-1]) or b""
        said = LakeList.read(keys[-1], data)
        link = self.source.entry(said.stop - 1)
        if said.origin != self.head.origin or link is None or link.hash.hex() != said.last:
            raise UsageError(
                f"{keys[-1]!r} is of {said.stop} entries of {said.origin!r}, and the log has others",
                hint="`apitrail verify` says more; a lake is begun anew in an empty directory",
            )
        return said, hashlib.sha256(data).hexdigest()

    def has_signed(self, data: bytes, noted: bytes) -> bool:
        """Is this a list that one of the log's keys has signed?"""
        trust = Trust((self.signer.verifier,), "the log's own key")
        try:
            history = file_checkpoint.trust(self.rotations, noted, trust, "the list")
            file_checkpoint.confirm(history, noted, data, "the list")
            return LakeList.parse(data).origin == self.head.origin
        except (FormatError, VerificationError):
            return False

    def _own_lists(self) -> list[str]:
        where = self.tree.directory / FOLDER / folder(self.head.origin)
        return sorted(path.relative_to(self.tree.directory).as_posix() for path in where.glob("*"))

    def forget_unlisted(self, stop: int) -> None:
        """Take away files that a crash left before any list named them."""
        for path in self.tree.directory.glob(f"eventday=*/{folder(self.head.origin)}-*"):
            number = path.name.removesuffix(hour_file.SUFFIX).rpartition("-")[2]
            if number.isdecimal() and int(number) >= stop:
                path.unlink()

    def hours(self, after: LakeList | None, now: int, *, as_it_stands: bool) -> Iterator[Hour]:
        """What is not listed yet, hour by hour; `now` is Unix milliseconds."""
        edge = Frontier() if after is None else after.edge()
        for hour in hours.hours(self.source, edge, self.head.size):
            if as_it_stands or hour.is_over or now // 1000 >= hour.hour + HOUR + GRACE:
                yield hour

    def files(self, hour: Hour) -> tuple[LakeFile, ...]:
        """Write an hour's files: one, and one more for each other day of its events."""
        return tuple(self._file(hour, day) for day in hour.days())

    def _file(self, hour: Hour, day: Day) -> LakeFile:
        name = file_name(self.head.origin, day.day, hour.hour, hour.start)
        path = self.tree.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with durable.replacing(path) as out:
            count = hour_file.write(out, hours.rows(self.source, self.head.origin, day.order))
            size = out.tell()
            out.seek(0)
            digest = sha256_of(out)
        return LakeFile(
            name=name, sha256=digest, bytes=size, rows=count, indexes=day.indexes,
            oldest=day.oldest, newest=day.newest,
        )  # fmt: skip

    def sealed(
        self, hour: Hour, files: tuple[LakeFile, ...], after: tuple[LakeList, str] | None,
        *, until: str | None = None,
    ) -> Sealed:  # fmt: skip
        """The signed list of an hour, after another."""
        before, digest = after or (None, None)
        recorder, every = self._recorder(hour, before)
        said = LakeList(
            number=1 if before is None else before.number + 1, origin=self.head.origin,
            hour=hour.hour, start=hour.start, stop=hour.stop, last=hour.last.hex(),
            peaks=tuple(peak.hex() for peak in hour.edge.peaks), checkpoint=self.tail,
            previous=digest, rotations=self.rotations, recorder=recorder, every=every, files=files,
            rowless=tuple(hour.rowless), until=until,
        )  # fmt: skip
        data = said.dump()
        signed = file_checkpoint.vouch(self.head, data, self.signer)
        return Sealed(said=said, data=data, note=signed.encode())

    def _recorder(self, hour: Hour, before: LakeList | None) -> tuple[str | None, int | None]:
        """The version of the newest recorder, and how often it promised a heartbeat."""
        opens = [each.index for each in hour.rowless if each.kind == Open.KIND]
        said = statements.of(self.source, Open.KIND, opens[-1]) if opens else None
        if isinstance(said, Open):
            return said.apitrail, said.interval
        return (None, None) if before is None else (before.recorder, before.every)

    def put(self, sealed: Sealed) -> None:
        """Keep a list; only now do its files count."""
        key = sealed.said.key()
        # The note is written first: a list without its note would be no one's word.
        self.tree.put(note_key(key), sealed.note)
        self.tree.put(key, sealed.data)


def sha256_of(file: BinaryIO) -> str:
    """The hash of what is left to read, in hex."""
    digest = hashlib.sha256()
    while some := file.read(1 << 20):
        digest.update(some)
    return digest.hexdigest()
