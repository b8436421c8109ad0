"""A list of a lake: what one log has there of one hour, signed by the log's key.

    eventday=20261127/LOG-20261127T13Z-000000004711.parquet    a file
    apitrail/lake/LOG/00000001.json                            a list
    apitrail/lake/LOG/00000001.note                            the log's signed head, with its hash

LOG is the log's origin as a name of a file. A list is of all entries from `start` up to `stop`: each
is a row of one of its files, or is named as one that has no row. So a row that is taken out shows.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from apitrail.delivery.lake.hour_file import SUFFIX
from apitrail.delivery.logfiles.place import join
from apitrail.delivery.logfiles.tree_manifest import (
    Copy,
    copied,
    parse_all,
    parse_copy,
    parse_runs,
    read_json,
)
from apitrail.errors import FormatError
from apitrail.tlog.merkle import Frontier
from apitrail.when import iso_second, parse_iso_second

FOLDER = "apitrail/lake"
HOUR = 3600
_HASH = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"eventday=\d{8}/[A-Za-z0-9._-]+\.parquet")


def folder(origin: str) -> str:
    """A log's origin as a name of a file: readable, and no other log's."""
    slug = re.sub(r"[^A-Za-z0-9.]+", "_", origin)[:64].lstrip(".")
    return f"{slug}-{hashlib.sha256(origin.encode()).hexdigest()[:8]}"


def key_of(prefix: str, origin: str, number: int) -> str:
    """The key of a log's list; lists count from 1."""
    return join(prefix, f"{FOLDER}/{folder(origin)}/{number:08}.json")


def file_name(origin: str, day: str, hour: int, start: int) -> str:
    """The name of a file of events of `day`, which were recorded in `hour`, Unix seconds.

    `start` is the first entry of that hour's list. The same name is never given twice.
    """
    stamp = iso_second(hour)[:13].replace("-", "")
    return f"eventday={day}/{folder(origin)}-{stamp}Z-{start:012}{SUFFIX}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeFile:
    """A file: `indexes` are its rows' entries (`0-5,7`); `oldest` and `newest` are event times,
    Unix seconds."""

    name: str
    sha256: str
    bytes: int
    rows: int
    indexes: str
    oldest: int
    newest: int
    copy: Copy | None = None

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`."""
        match item:
            case {
                "name": str(name), "sha256": str(sha256), "bytes": int(size), "rows": int(rows),
                "indexes": str(indexes), "oldest": str(oldest), "newest": str(newest),
            } if _NAME.fullmatch(name) and _HASH.fullmatch(sha256):  # fmt: skip
                found = cls(
                    name=name, sha256=sha256, bytes=size, rows=rows, indexes=indexes,
                    oldest=parse_iso_second(oldest), newest=parse_iso_second(newest),
                    copy=parse_copy(item),
                )  # fmt: skip
            case _:
                raise FormatError("malformed file of a lake")
        if sum(map(len, found.runs())) != rows:
            raise FormatError(f"malformed file of a lake: {name!r} has not {rows} rows")
        return found

    def to_json(self) -> dict[str, Any]:
        """As it stands in a list."""
        return {
            "name": self.name, "sha256": self.sha256, "bytes": self.bytes, "rows": self.rows,
            "indexes": self.indexes, "oldest": iso_second(self.oldest),
            "newest": iso_second(self.newest),
        } | copied(self.copy)  # fmt: skip

    def runs(self) -> Iterator[range]:
        """The entries of its rows."""
        return parse_runs(self.indexes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rowless:
    """An entry that has no row: what the log says of itself, or a call that was erased.

    `time` is Unix milliseconds; `hash` the leaf hash in hex.
    """

    index: int
    kind: str
    time: int
    hash: str

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`."""
        match item:
            case {"index": int(index), "kind": str(kind), "time": int(time), "hash": str(leaf)} if (
                _HASH.fullmatch(leaf)
            ):
                return cls(index=index, kind=kind, time=time, hash=leaf)
            case _:
                raise FormatError("malformed entry without a row")

    def to_json(self) -> dict[str, Any]:
        """As it stands in a list."""
        return {"index": self.index, "kind": self.kind, "time": self.time, "hash": self.hash}


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeList:
    """One list. `hour` is when its entries were written, Unix seconds, to the hour.

    `last` is the leaf hash of entry `stop - 1`, and `peaks` are the edge of the tree of `stop`
    leaves; `previous` is the hash of the list before; `until` is how long the list itself is locked,
    where it is; `recorder` is the newest recorder's version,
    `every` the milliseconds between the heartbeats that it promised.
    """

    number: int
    origin: str
    hour: int
    start: int
    stop: int
    last: str
    peaks: tuple[str, ...]
    checkpoint: str
    previous: str | None
    rotations: tuple[str, ...]
    recorder: str | None
    every: int | None
    files: tuple[LakeFile, ...]
    rowless: tuple[Rowless, ...]
    until: str | None = None

    @classmethod
    def read(cls, key: str, data: bytes) -> Self:
        """As `parse`, for what lies under `key`; the error names it."""
        try:
            return cls.parse(data)
        except FormatError as error:
            raise FormatError(f"{key}: {error}") from error

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Inverse of `dump`.

        Raises:
            FormatError: it is none, or it does not tell of each of its entries once.
        """
        match read_json(data, "list"):
            case {
                "version": 1, "list": int(number), "origin": str(origin), "hour": str(hour),
                "start": int(start), "stop": int(stop), "last": str(last), "peaks": [*peaks],
                "checkpoint": str(checkpoint), "previous": None | str() as previous,
                "rotations": [*rotations], "recorder": None | str() as recorder,
                "heartbeatEvery": None | int() as every, "files": [*files], "rowless": [*rowless],
                **rest,
            }:  # fmt: skip
                found = cls(
                    number=number, origin=origin, hour=parse_iso_second(hour), start=start,
                    stop=stop, last=last, peaks=tuple(map(str, peaks)), checkpoint=checkpoint,
                    previous=previous, rotations=tuple(map(str, rotations)), recorder=recorder,
                    every=every, files=parse_all(files, LakeFile.parse),
                    rowless=parse_all(rowless, Rowless.parse),
                    until=None if rest.get("retainUntil") is None else str(rest["retainUntil"]),
                )  # fmt: skip
            case _:
                raise FormatError("malformed list")
        found.edge()
        if not found.is_whole():
            raise FormatError(f"malformed list: it does not tell of entries {start} to {stop - 1} once each")  # fmt: skip
        return found

    def dump(self) -> bytes:
        """The bytes that are signed."""
        said = {
            "version": 1, "list": self.number, "origin": self.origin,
            "hour": iso_second(self.hour), "start": self.start, "stop": self.stop,
            "last": self.last, "peaks": list(self.peaks), "checkpoint": self.checkpoint,
            "previous": self.previous, "rotations": list(self.rotations),
            "recorder": self.recorder, "heartbeatEvery": self.every,
            "files": [file.to_json() for file in self.files],
            "rowless": [each.to_json() for each in self.rowless],
        }  # fmt: skip
        if self.until is not None:
            said["retainUntil"] = self.until
        return f"{json.dumps(said, indent=1)}\n".encode("ascii")

    @property
    def entries(self) -> int:
        """How many entries of the log this list and those before it are of."""
        return self.stop

    @property
    def rows(self) -> int:
        """How many rows its files have."""
        return sum(file.rows for file in self.files)

    def key(self, prefix: str = "") -> str:
        """Where it is."""
        return key_of(prefix, self.origin, self.number)

    def edge(self) -> Frontier:
        """The edge of the tree where this list ends; raises FormatError."""
        try:
            return Frontier(self.stop, map(bytes.fromhex, self.peaks))
        except ValueError as error:
            raise FormatError("malformed list: its tree") from error

    def is_whole(self) -> bool:
        """Is each entry told of once: as a row, or as one that has none?"""
        runs = [run for file in self.files for run in file.runs()]
        runs += [range(each.index, each.index + 1) for each in self.rowless]
        at = self.start
        for run in sorted(runs, key=lambda run: run.start):
            if run.start != at:
                return False
            at = run.stop
        return at == self.stop
