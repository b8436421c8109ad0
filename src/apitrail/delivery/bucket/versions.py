"""What is in a bucket under a prefix: by version, for a listing shows only what is on top.

A plain delete succeeds under Object Lock too, and puts a marker over the evidence; so does a new
version. It does not know what should be there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from apitrail.delivery.bucket import retention
from apitrail.delivery.bucket.object_lock import COMPLIANCE, Bucket, Location, Retention, Version
from apitrail.delivery.logfiles.place import join
from apitrail.errors import FormatError


@dataclass(frozen=True)
class BucketContents:
    """Everything under a place, read once."""

    bucket: Bucket
    location: Location

    @cached_property
    def versions(self) -> dict[str, list[Version]]:
        """Versions and delete markers of each key, newest first."""
        found: dict[str, list[Version]] = {}
        prefix = join(self.location.prefix, "") if self.location.prefix else ""
        for version in self.bucket.versions(prefix):
            found.setdefault(version.key, []).append(version)
        return found

    def first(self, key: str) -> Version | None:
        """The oldest version, written when the key was free."""
        real = [each for each in self.versions.get(key, ()) if not each.marker]
        return real[-1] if real else None

    def read(self, key: str, version: str) -> bytes | None:
        """The bytes of one version; None where it is gone."""
        return self.bucket.get(key, version) if self.is_there(key, version) else None

    def is_there(self, key: str, version: str) -> bool:
        """Was this version listed?"""
        return any(each.id == version for each in self.versions.get(key, ()))

    def hidden(self, key: str, version: str) -> Iterator[str]:
        """What lies over this version, or was slipped under it."""
        for each in self.versions.get(key, ()):
            if each.marker:
                yield f"a delete marker (version {each.id}) hides {key}"
            elif each.id != version:
                yield f"another version ({each.id}) of {key} lies beside the one shipped"

    def unlocked(self, key: str, found: Retention | None, until: str) -> Iterator[str]:
        """Whether a version is kept as firmly and as long as was said."""
        try:
            wanted = retention.parse(until)
        except FormatError as error:
            yield f"{key}: {error}"
            return
        if found is None:
            yield f"the retention of {key} is missing; it was locked until {until}"
        elif found.mode != COMPLIANCE:
            yield f"the retention of {key} is {found.mode} and was {COMPLIANCE}"
        elif found.until < wanted:
            yield (
                f"the retention of {key} was shortened to {retention.iso(found.until)}; "
                f"it was {until}"
            )
