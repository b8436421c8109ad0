"""A tree of log files and digests in a directory, laid out as they are in a bucket.

    AWSLogs/…                   log files and digests
    AWSLogs/….metadata.json     what S3 keeps beside a digest: its signature
    apitrail/manifest.json      what the tree consists of
    apitrail/checkpoint         the log's signed head, with the manifest's hash

It does not know whether any of it holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from apitrail import durable
from apitrail.delivery.logfiles.place import NO_ACCOUNT, NO_REGION, TRAIL, Place
from apitrail.delivery.logfiles.tree_manifest import DigestFile, Manifest, read_json
from apitrail.errors import FormatError, UsageError

MANIFEST = "apitrail/manifest.json"
CHECKPOINT = "apitrail/checkpoint"
OWN = (MANIFEST, CHECKPOINT)
SIDECAR = ".metadata.json"


def is_tree(path: Path) -> bool:
    """Is this directory such a tree, or what is left of one?"""
    return any((path / name).exists() for name in (*OWN, "AWSLogs")) or _has_logs(path)


def _has_logs(path: Path) -> bool:
    return path.is_dir() and next(path.glob("*/AWSLogs"), None) is not None


@dataclass(frozen=True, slots=True)
class Tree:
    """Files by their key; a key that leads out of the directory has no file."""

    directory: Path

    def manifest(self) -> Manifest:
        """What the tree says it is.

        Raises:
            UsageError: there is none.
        """
        data = self.read(MANIFEST)
        if data is None:
            raise UsageError(f"{str(self.directory)!r} has no {MANIFEST}")
        return Manifest.parse(data)

    def names(self) -> list[str]:
        """Every file there is, sorted as S3 sorts: by UTF-8."""
        found = (path for path in self.directory.rglob("*") if path.is_file() or path.is_symlink())
        keys = [path.relative_to(self.directory).as_posix() for path in found]
        return sorted((key for key in keys if not _is_temporary(key)), key=_order)

    def objects(self) -> Iterator[str]:
        """The keys that a bucket would have: files that are not kept beside another."""
        return (key for key in self.names() if not key.endswith(SIDECAR))

    def path(self, key: str) -> Path | None:
        """Where a key's file is, or would be."""
        parts = key.split("/")
        if not key or "\0" in key or any(part in ("", ".", "..") for part in parts):
            return None
        return self.directory.joinpath(*parts)

    def read(self, key: str) -> bytes | None:
        """A file's bytes; None where there is none."""
        path = self.path(key)
        try:
            return None if path is None or path.is_symlink() else path.read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise UsageError(f"cannot read {str(path)!r}: {error.strerror}") from error

    def metadata(self, key: str) -> dict[str, str]:
        """What S3 would keep beside the object; empty if the file beside it is malformed."""
        data = self.read(key + SIDECAR)
        try:
            found = {} if data is None else read_json(data, "metadata")
        except FormatError:
            return {}
        return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}

    def modified(self, key: str) -> float:
        """When the file was written, Unix seconds."""
        path = self.path(key)
        return 0.0 if path is None else path.stat().st_mtime

    def put(self, key: str, data: bytes) -> None:
        """Keep a file, whole."""
        path = self.path(key)
        if path is None:
            raise UsageError(f"not a key: {key!r}")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        durable.write(path, data)

    def put_metadata(self, digest: DigestFile) -> None:
        """Keep a digest's signature beside it."""
        self.put(digest.key + SIDECAR, sidecar(digest))

    def remove(self, key: str) -> None:
        """Take a file away, if it is there."""
        if (path := self.path(key)) is not None:
            path.unlink(missing_ok=True)


def sidecar(digest: DigestFile) -> bytes:
    """The file beside a digest."""
    return f"{json.dumps(digest.metadata())}\n".encode()


def places(manifest: Manifest) -> list[Place]:
    """Whose log files there are, and of which regions."""
    return sorted({log.place for log in manifest.logs}) or [Place(NO_ACCOUNT, NO_REGION)]


def trails(manifest: Manifest) -> list[dict[str, object]]:
    """What DescribeTrails says: a trail for each account and region, all in one bucket."""
    about: dict[str, object] = {"Name": TRAIL, "S3BucketName": manifest.bucket}
    if manifest.prefix:
        about["S3KeyPrefix"] = manifest.prefix
    return [
        about | {
            "IncludeGlobalServiceEvents": True, "IsMultiRegionTrail": False,
            "HomeRegion": place.region, "TrailARN": place.arn,
            "LogFileValidationEnabled": True, "HasCustomEventSelectors": False,
            "HasInsightSelectors": False, "IsOrganizationTrail": False,
        }
        for place in places(manifest)
    ]  # fmt: skip


# The validity that ListPublicKeys reports. The field is required, but nobody relies on it.
_VALID = 10 * 365 * 86_400


def public_keys(manifest: Manifest) -> list[dict[str, object]]:
    """What ListPublicKeys says, times in Unix seconds."""
    return [
        {
            "Value": key.value, "Fingerprint": key.fingerprint,
            "ValidityStartTime": key.since, "ValidityEndTime": key.since + _VALID,
        }
        for key in manifest.public_keys
    ]  # fmt: skip


def _order(key: str) -> bytes:
    return key.encode("utf-8", "surrogateescape")


def _is_temporary(key: str) -> bool:
    name = key.rpartition("/")[2]
    return name.startswith(".") and name.endswith(".tmp")
