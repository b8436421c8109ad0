"""What a tree of log files and digests consists of: which files, with which hashes.

Members that a later version added are read over; `check.py` names them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from apitrail.delivery.logfiles.place import INSIGHTS, Place
from apitrail.errors import FormatError

VERSION = 1
# Members that are left out where there is nothing to say.
OPTIONAL = ("copy", "erased", "shipped")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signs digests: `value` is base64 of PKCS#1 DER, `since` Unix seconds."""

    fingerprint: str
    value: str
    since: int

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`."""
        match item:
            case {"fingerprint": str(), "value": str(), "since": int()}:
                return cls(item["fingerprint"], item["value"], item["since"])
            case _:
                raise FormatError("malformed public key")

    def to_json(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        return {"fingerprint": self.fingerprint, "value": self.value, "since": self.since}


@dataclass(frozen=True, slots=True)
class Copy:
    """Where a file is in a bucket: the version of its key, and until when it is locked there."""

    version: str
    until: str

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`."""
        match item:
            case {"version": str(), "retainUntil": str()}:
                return cls(item["version"], item["retainUntil"])
            case _:
                raise FormatError("malformed copy")

    def to_json(self) -> dict[str, str]:
        """As it stands in a manifest."""
        return {"version": self.version, "retainUntil": self.until}


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """A log file: `sha256` is of its bytes, `hash` of what was in it when its digest was made.

    `indexes` are the entries whose records are in it, in order; those of `erased` are not what
    they were, so that `hash` no longer fits. `oldest` and `newest` are event times, Unix seconds.
    """

    key: str
    sha256: str
    hash: str
    place: Place
    oldest: int
    newest: int
    indexes: tuple[int, ...]
    erased: tuple[int, ...] = ()
    copy: Copy | None = None

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`."""
        match item:
            case {
                "key": str(), "sha256": str(), "hash": str(), "account": str(), "region": str(),
                "oldest": int(), "newest": int(), "indexes": str(),
            }:  # fmt: skip
                return cls(
                    key=item["key"], sha256=item["sha256"], hash=item["hash"],
                    place=Place(item["account"], item["region"]),
                    oldest=item["oldest"], newest=item["newest"],
                    indexes=parse_indexes(item["indexes"]),
                    erased=parse_indexes(item.get("erased", "")), copy=parse_copy(item),
                )  # fmt: skip
            case _:
                raise FormatError("malformed log file")

    @property
    def is_of_insights(self) -> bool:
        """Does it hold Insights events, and no calls?"""
        return f"/{INSIGHTS}/" in self.key

    def to_json(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        said: dict[str, Any] = {
            "key": self.key, "sha256": self.sha256, "hash": self.hash,
            "account": self.place.account, "region": self.place.region,
            "oldest": self.oldest, "newest": self.newest,
            "indexes": format_indexes(self.indexes),
        }  # fmt: skip
        if self.erased:
            said["erased"] = format_indexes(self.erased)
        return said | copied(self.copy)


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestFile:
    """A digest: `sha256` is of its bytes, `hash` of what is in it; `start` and `end` are Unix
    seconds, `signature` is hex, `logs` are the keys of its log files."""

    key: str
    sha256: str
    hash: str
    place: Place
    start: int
    end: int
    signature: str
    logs: tuple[str, ...]
    copy: Copy | None = None

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`."""
        match item:
            case {
                "key": str(), "sha256": str(), "hash": str(), "account": str(), "region": str(),
                "start": int(), "end": int(), "signature": str(), "logs": [*logs],
            }:  # fmt: skip
                return cls(
                    key=item["key"], sha256=item["sha256"], hash=item["hash"],
                    place=Place(item["account"], item["region"]),
                    start=item["start"], end=item["end"], signature=item["signature"],
                    logs=tuple(str(log) for log in logs), copy=parse_copy(item),
                )  # fmt: skip
            case _:
                raise FormatError("malformed digest")

    def to_json(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        return {
            "key": self.key, "sha256": self.sha256, "hash": self.hash,
            "account": self.place.account, "region": self.place.region,
            "start": self.start, "end": self.end, "signature": self.signature,
            "logs": list(self.logs),
        } | copied(self.copy)  # fmt: skip

    def metadata(self) -> dict[str, str]:
        """What S3 keeps beside the object, as `x-amz-meta-…`."""
        return {"signature": self.signature, "signature-algorithm": "SHA256withRSA"}


type File = LogFile | DigestFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """The newest shipment: its number, its own key, version and hash, and its anchor's index."""

    number: int
    key: str
    version: str
    sha256: str
    anchor: int

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`."""
        match item:
            case {
                "shipment": int(), "key": str(), "version": str(), "sha256": str(), "anchor": int(),
            }:  # fmt: skip
                return cls(
                    number=item["shipment"], key=item["key"], version=item["version"],
                    sha256=item["sha256"], anchor=item["anchor"],
                )  # fmt: skip
            case _:
                raise FormatError("malformed shipment")

    def to_json(self) -> dict[str, Any]:
        """As it stands in a manifest."""
        return {
            "shipment": self.number, "key": self.key, "version": self.version,
            "sha256": self.sha256, "anchor": self.anchor,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Every file of a tree, which is of the log's first `entries` entries.

    `last` is the leaf hash of the last of them, in hex; `bucket` and `prefix` are where digests
    say they are; `erasures` counts the `erase` entries that the files follow; `every` is the time
    of one digest in seconds; `checkpoint` is the log's signed head; `left_out` counts calls that
    event selectors kept out of the log files; `rotations` are the notes that lead from one log key
    to the next.
    """

    origin: str
    bucket: str
    prefix: str
    every: int
    entries: int = 0
    last: str = ""
    erasures: int = 0
    checkpoint: str = ""
    left_out: int = 0
    rotations: tuple[str, ...] = ()
    public_keys: tuple[PublicKey, ...] = ()
    logs: tuple[LogFile, ...] = ()
    digests: tuple[DigestFile, ...] = ()
    shipped: Shipped | None = None

    @property
    def calls(self) -> int:
        """How many calls the log files hold."""
        return sum(len(log.indexes) for log in self.logs if not log.is_of_insights)

    def told(self) -> str:
        """What the log files hold: `12 calls`, `12 calls and 2 insights`."""
        insights = sum(len(log.indexes) for log in self.logs) - self.calls
        also = "" if not insights else f" and {insights} insight{'' if insights == 1 else 's'}"
        return f"{self.calls} calls{also}"

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Inverse of `dump`.

        Raises:
            FormatError: it is no manifest.
        """
        match read_json(data, "manifest"):
            case {
                "version": 1, "origin": str(origin), "bucket": str(bucket), "prefix": str(prefix),
                "every": int(every), "entries": int(entries), "last": str(last),
                "erasures": int(erasures), "checkpoint": str(checkpoint),
                "leftOut": int(left_out), "rotations": [*rotations],
                "publicKeys": [*keys], "logs": [*logs], "digests": [*digests], **rest,
            } if every > 0:  # fmt: skip
                shipped = rest.get("shipped")
                return cls(
                    origin=origin, bucket=bucket, prefix=prefix, every=every, entries=entries,
                    last=last, erasures=erasures, checkpoint=checkpoint, left_out=left_out,
                    rotations=tuple(str(each) for each in rotations),
                    public_keys=parse_all(keys, PublicKey.parse),
                    logs=parse_all(logs, LogFile.parse),
                    digests=parse_all(digests, DigestFile.parse),
                    shipped=None if shipped is None else parse_all([shipped], Shipped.parse)[0],
                )  # fmt: skip
            case _:
                raise FormatError("malformed manifest")

    def dump(self) -> bytes:
        """The bytes that are signed."""
        said = {
            "version": VERSION, "origin": self.origin, "bucket": self.bucket,
            "prefix": self.prefix, "every": self.every, "entries": self.entries, "last": self.last,
            "erasures": self.erasures, "checkpoint": self.checkpoint, "leftOut": self.left_out,
            "rotations": list(self.rotations),
            "publicKeys": [key.to_json() for key in self.public_keys],
            "logs": [log.to_json() for log in self.logs],
            "digests": [digest.to_json() for digest in self.digests],
        }  # fmt: skip
        if self.shipped is not None:
            said["shipped"] = self.shipped.to_json()
        return f"{json.dumps(said, indent=1)}\n".encode("ascii")

    def files(self) -> Iterable[File]:
        """Log files, then the digests that speak of them."""
        yield from self.logs
        yield from self.digests

    def newest(self) -> dict[Place, DigestFile]:
        """The end of each chain of digests."""
        return {digest.place: digest for digest in self.digests}


def read_json(data: bytes, what: str) -> Any:
    """Bytes from outside as JSON; raises FormatError."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"malformed {what}: not JSON") from error


def parse_all[T](items: Iterable[Any], parse: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
    """Each an object; raises FormatError."""
    found = []
    for item in items:
        if not isinstance(item, dict):
            raise FormatError("malformed manifest")
        found.append(parse(item))
    return tuple(found)


def format_indexes(indexes: Iterable[int]) -> str:
    """`0-5,7`: rising numbers, runs of them together."""
    runs: list[list[int]] = []
    for index in indexes:
        if runs and runs[-1][1] == index - 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return ",".join(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)


def parse_indexes(text: object) -> tuple[int, ...]:
    """Inverse of `format_indexes`; raises FormatError, also where they do not rise."""
    found: list[int] = []
    for run in parse_runs(text):
        if len(run) > LIMIT:
            raise FormatError(f"malformed indexes: {text!r}")
        found.extend(run)
    return tuple(found)


def parse_runs(text: object) -> Iterator[range]:
    """The runs of `format_indexes`, however long; raises FormatError where they do not rise."""
    end = 0
    for part in str(text).split(",") if text else ():
        first, dash, last = part.partition("-")
        if not (first.isdecimal() and (last.isdecimal() if dash else True)):
            raise FormatError(f"malformed indexes: {text!r}")
        run = range(int(first), int(last if dash else first) + 1)
        if not run or run.start < end:
            raise FormatError(f"malformed indexes: {text!r}")
        end = run.stop
        yield run


# A log file has no more records than this.
LIMIT = 1_000_000


def parse_copy(item: Mapping[str, Any]) -> Copy | None:
    """Where a file's copy is, if it has one."""
    copy = item.get("copy")
    return None if copy is None else parse_all([copy], Copy.parse)[0]


def copied(copy: Copy | None) -> dict[str, Any]:
    """Inverse of `parse_copy`: the member of a file that has a copy."""
    return {} if copy is None else {"copy": copy.to_json()}
