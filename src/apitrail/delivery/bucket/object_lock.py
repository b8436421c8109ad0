"""A bucket whose objects stay: versions, Object Lock, and writes that never overwrite."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apitrail.delivery.logfiles.place import join
from apitrail.errors import Error, FormatError, UsageError

SCHEME = "s3://"
COMPLIANCE = "COMPLIANCE"

# What GetObjectLockConfiguration and GetObjectRetention answer where there is none.
_NO_LOCK = (
    "ObjectLockConfigurationNotFoundError",
    "NoSuchObjectLockConfiguration",
    "InvalidRequest",
)
_GONE = ("NoSuchKey", "NoSuchVersion", "404", "NotFound")
# S3's error codes when the key is taken, or when another write of it is under way.
_TAKEN = ("PreconditionFailed", "412")
_CONFLICT = ("ConditionalRequestConflict", "409")

# What an object is, by the end of its key; all else is JSON, compressed or not.
_TYPES = {"parquet": "application/vnd.apache.parquet"}


class TakenError(Error):
    """An object of this key is there already."""


@dataclass(frozen=True, slots=True)
class Location:
    """A bucket and a prefix in it, which may be empty."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, text: str) -> Location:
        """Read `s3://BUCKET/PREFIX`; raises FormatError."""
        bucket, _, prefix = text.removeprefix(SCHEME).partition("/")
        prefix = prefix.strip("/")
        if not text.startswith(SCHEME) or not bucket or "//" in prefix:
            raise FormatError(f"not a place in S3: {text!r}", hint="s3://BUCKET/PREFIX")
        return cls(bucket, prefix)

    def __str__(self) -> str:
        return f"{SCHEME}{join(self.bucket, self.prefix)}"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a key, or a delete marker; `newest` is what a plain GET would give."""

    key: str
    id: str
    marker: bool
    newest: bool


@dataclass(frozen=True, slots=True)
class Retention:
    """How long, and how firmly, a version is kept."""

    mode: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket through a boto3 client."""

    name: str
    client: Any

    @classmethod
    def connect(cls, name: str, *, endpoint: str | None, profile: str | None) -> Bucket:
        """With credentials as boto3 finds them.

        Raises:
            UsageError: boto3 is not installed, or there is no such profile.
        """
        try:
            import boto3
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError
        except ImportError as error:
            raise UsageError(
                "S3 needs boto3, which is not installed", hint="pip install 'apitrail[s3]'"
            ) from error
        # Stand-ins on one host and port take no bucket in the host name.
        style = {"addressing_style": "path"} if endpoint else {}
        settings = Config(s3=style, retries={"mode": "standard", "max_attempts": 5})
        try:
            session = boto3.Session(profile_name=profile)
            client = session.client("s3", endpoint_url=endpoint, config=settings)
        except (BotoCoreError, ValueError) as error:
            raise UsageError(f"cannot use S3: {error}") from error
        return cls(name, client)

    def require_lock(self) -> None:
        """Hold the bucket to have versions and Object Lock.

        Raises:
            UsageError: it has not, with the two commands that make one.
        """
        with _asking(f"read the versioning of {self.name!r}"):
            versioning = self.client.get_bucket_versioning(Bucket=self.name).get("Status")
        if versioning != "Enabled" or self.default_days() is None:
            lacks = "versioning" if versioning != "Enabled" else "Object Lock"
            raise UsageError(f"the bucket {self.name!r} has no {lacks}", hint=make_one(self.name))

    def default_days(self) -> int | None:
        """How many days the bucket keeps objects in COMPLIANCE mode unless told; None without
        Object Lock, 0 without such a default."""
        try:
            with _asking(f"read the Object Lock of {self.name!r}", passed=_NO_LOCK):
                answer = self.client.get_object_lock_configuration(Bucket=self.name)
        except _PassedError:
            return None
        about = answer.get("ObjectLockConfiguration", {})
        if about.get("ObjectLockEnabled") != "Enabled":
            return None
        rule = about.get("Rule", {}).get("DefaultRetention", {})
        if rule.get("Mode") != COMPLIANCE:
            return 0
        return int(rule.get("Days") or 365 * rule.get("Years", 0))

    def put(
        self, key: str, data: bytes, *, until: datetime, metadata: Mapping[str, str] | None = None
    ) -> str:
        """Write an object that is not there yet, locked until some time; gives its version.

        Raises:
            TakenError: it is there, perhaps because an answer to this very request was lost.
            UsageError: it could not be written.
        """
        gzipped = {"ContentEncoding": "gzip"} if key.endswith(".gz") else {}
        checksum = base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")
        try:
            with _asking(f"write s3://{self.name}/{key}", passed=(*_TAKEN, *_CONFLICT)):
                answer = self.client.put_object(
                    Bucket=self.name, Key=key, Body=data, IfNoneMatch="*",
                    ContentType=_TYPES.get(key.rpartition(".")[2], "application/json"),
                    ChecksumAlgorithm="SHA256", ChecksumSHA256=checksum,
                    Metadata=dict(metadata or {}),
                    ObjectLockMode=COMPLIANCE, ObjectLockRetainUntilDate=until, **gzipped,
                )  # fmt: skip
        except _PassedError as error:
            raise TakenError(f"s3://{self.name}/{key} is there already") from error
        if "VersionId" not in answer:
            raise UsageError(f"s3://{self.name}/{key} got no version", hint=make_one(self.name))
        return str(answer["VersionId"])

    def extend(self, key: str, version: str, until: datetime) -> None:
        """Keep a version for longer."""
        with _asking(f"lock s3://{self.name}/{key}"):
            self.client.put_object_retention(
                Bucket=self.name, Key=key, VersionId=version,
                Retention={"Mode": COMPLIANCE, "RetainUntilDate": until},
            )  # fmt: skip

    def versions(self, prefix: str) -> Iterator[Version]:
        """Every version and delete marker of every key that begins so, newest first per key."""
        with _asking(f"list s3://{self.name}/{prefix}"):
            pages = self.client.get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self.name, Prefix=prefix):
                for name, marker in (("Versions", False), ("DeleteMarkers", True)):
                    for item in page.get(name, ()):
                        yield Version(
                            item["Key"], item["VersionId"], marker, bool(item["IsLatest"])
                        )

    def get(self, key: str, version: str) -> bytes | None:
        """The bytes of one version; None where it is gone."""
        try:
            with _asking(f"read s3://{self.name}/{key}", passed=_GONE):
                answer = self.client.get_object(Bucket=self.name, Key=key, VersionId=version)
                return bytes(answer["Body"].read())
        except _PassedError:
            return None

    def about(self, key: str, version: str) -> tuple[Retention | None, dict[str, str]]:
        """How a version is locked, if it is, and what is kept beside it.

        S3 tells the lock only to who has the permission s3:GetObjectRetention.
        """
        with _asking(f"read s3://{self.name}/{key}"):
            answer = self.client.head_object(Bucket=self.name, Key=key, VersionId=version)
        mode, until = answer.get("ObjectLockMode"), answer.get("ObjectLockRetainUntilDate")
        lock = Retention(str(mode), until.astimezone(UTC)) if mode and until else None
        return lock, dict(answer.get("Metadata", {}))


def make_one(bucket: str) -> str:
    """The two commands that make a bucket that locks."""
    rule = (
        '{"ObjectLockEnabled":"Enabled",'
        '"Rule":{"DefaultRetention":{"Mode":"COMPLIANCE","Years":7}}}'
    )
    return (
        f"aws s3api create-bucket --bucket {bucket} --object-lock-enabled-for-bucket\n"
        f"      aws s3api put-object-lock-configuration --bucket {bucket} "
        f"--object-lock-configuration '{rule}'"
    )


class _PassedError(Error):
    """An answer that the asker deals with."""


@contextmanager
def _asking(what: str, *, passed: tuple[str, ...] = ()) -> Iterator[None]:
    """Any failure of S3 or of the way there as an error of ours."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code"))
        if code in passed:
            raise _PassedError(code) from error
        raise UsageError(f"cannot {what}: {error}") from error
    except (BotoCoreError, HTTPClientError) as error:
        raise UsageError(f"cannot {what}: {error}") from error
