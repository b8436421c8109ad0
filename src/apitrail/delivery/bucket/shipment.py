"""A shipment: the manifest of the files that went to a bucket together, and of the one before.

PREFIX/apitrail/shipments/00000001.json     the manifest
PREFIX/apitrail/shipments/00000001.note     the log's signed head, with the manifest's hash
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from apitrail.delivery.logfiles.place import join
from apitrail.delivery.logfiles.tree_manifest import (
    DigestFile,
    File,
    LogFile,
    Manifest,
    PublicKey,
    parse_all,
    read_json,
)
from apitrail.errors import FormatError

FOLDER = "apitrail/shipments"


def key_of(prefix: str, number: int) -> str:
    """The key of a shipment's manifest; shipments count from 1."""
    return join(prefix, f"{FOLDER}/{number:08}.json")


def note_key(key: str) -> str:
    """The key of the note for a shipment's manifest."""
    return key.removesuffix(".json") + ".note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """One shipment: `files` each have a copy; `previous` is the hash of the shipment before.

    `until` is how long the manifest itself is locked, ISO 8601.
    """

    number: int
    origin: str
    bucket: str
    prefix: str
    entries: int
    checkpoint: str
    until: str
    previous: str | None
    rotations: tuple[str, ...]
    public_keys: tuple[PublicKey, ...]
    logs: tuple[LogFile, ...]
    digests: tuple[DigestFile, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Inverse of `dump`.

        Raises:
            FormatError: it is none.
        """
        match read_json(data, "shipment"):
            case {
                "version": 1, "shipment": int(number), "origin": str(origin),
                "bucket": str(bucket), "prefix": str(prefix), "entries": int(entries),
                "checkpoint": str(checkpoint), "retainUntil": str(until),
                "previous": None | str() as previous, "rotations": [*rotations],
                "publicKeys": [*keys], "logs": [*logs], "digests": [*digests],
            }:  # fmt: skip
                found = cls(
                    number=number, origin=origin, bucket=bucket, prefix=prefix, entries=entries,
                    checkpoint=checkpoint, until=until, previous=previous,
                    rotations=tuple(str(each) for each in rotations),
                    public_keys=parse_all(keys, PublicKey.parse),
                    logs=parse_all(logs, LogFile.parse),
                    digests=parse_all(digests, DigestFile.parse),
                )  # fmt: skip
            case _:
                raise FormatError("malformed shipment")
        if any(file.copy is None for file in found.files()):
            raise FormatError("malformed shipment: a file without its version")
        return found

    def dump(self) -> bytes:
        """The bytes that are signed."""
        said = {
            "version": 1, "shipment": self.number, "origin": self.origin, "bucket": self.bucket,
            "prefix": self.prefix, "entries": self.entries, "checkpoint": self.checkpoint,
            "retainUntil": self.until, "previous": self.previous,
            "rotations": list(self.rotations),
            "publicKeys": [key.to_json() for key in self.public_keys],
            "logs": [log.to_json() for log in self.logs],
            "digests": [digest.to_json() for digest in self.digests],
        }  # fmt: skip
        return f"{json.dumps(said, indent=1)}\n".encode("ascii")

    @property
    def key(self) -> str:
        """Where it is."""
        return key_of(self.prefix, self.number)

    def files(self) -> Iterable[File]:
        """Log files, then digests."""
        yield from self.logs
        yield from self.digests


def whole(shipments: Iterable[Shipment]) -> Manifest:
    """What all shipments together brought, oldest first; there is at least one."""
    every = list(shipments)
    last = every[-1]
    return Manifest(
        origin=last.origin, bucket=last.bucket, prefix=last.prefix, every=1,
        entries=last.entries, checkpoint=last.checkpoint, rotations=last.rotations,
        public_keys=last.public_keys,
        logs=tuple(log for each in every for log in each.logs),
        digests=tuple(digest for each in every for digest in each.digests),
    )  # fmt: skip
