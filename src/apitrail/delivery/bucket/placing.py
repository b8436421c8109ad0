"""Putting an object into a bucket once, locked: what is there already is found, never written twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from apitrail.delivery.bucket import retention
from apitrail.delivery.bucket.object_lock import COMPLIANCE, Bucket, Location, TakenError
from apitrail.errors import UsageError


@dataclass(frozen=True, slots=True)
class Placing:
    """Writes to a place in a bucket; `retain` such as `7y`, else the bucket's rule."""

    location: Location
    bucket: Bucket
    retain: str | None

    def until(self, now: datetime) -> datetime:
        """How long what is written now is locked.

        Raises:
            UsageError: nobody says how long.
        """
        if self.retain is not None:
            return retention.until(self.retain, now)
        if days := self.bucket.default_days():
            return now + timedelta(days=days)
        raise UsageError(
            f"the bucket {self.location.bucket!r} does not say how long to keep",
            hint="--retain 7y; nobody can shorten it afterwards",
        )

    def put(
        self,
        key: str,
        data: bytes,
        until: datetime,
        *,
        metadata: Mapping[str, str] | None = None,
        ours: Callable[[bytes], bool] | None = None,
    ) -> tuple[str, bytes]:
        """Write an object, or find that it was written before; its version and its bytes.

        What is there already is taken where it is `ours`: by default where it is just this.
        """
        is_ours = data.__eq__ if ours is None else ours
        try:
            return self.bucket.put(key, data, until=until, metadata=metadata), data
        except TakenError as error:
            versions = [each for each in self.bucket.versions(key) if each.key == key]
            for version in reversed(versions):
                found = None if version.marker else self.bucket.get(key, version.id)
                if found is not None and is_ours(found):
                    self.lock(key, version.id, until)
                    return version.id, found
            raise UsageError(
                f"s3://{self.location.bucket}/{key} is there already, and is not ours",
                hint="ship to a prefix that nobody else writes to; if another `apitrail ship` "
                "is running, try again",
            ) from error

    def lock(self, key: str, version: str, until: datetime) -> None:
        """An object that was written before is locked for as long as one written now."""
        found, _ = self.bucket.about(key, version)
        if found is None or found.mode != COMPLIANCE or found.until < until:
            self.bucket.extend(key, version, until)
