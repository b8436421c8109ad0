"""Where a lake lies: a directory, or a bucket in which every version counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from apitrail.delivery.bucket.object_lock import SCHEME, Bucket, Location
from apitrail.delivery.bucket.versions import BucketContents
from apitrail.delivery.logfiles.place import join
from apitrail.delivery.logfiles.tree import Tree
from apitrail.delivery.logfiles.tree_manifest import Copy
from apitrail.errors import UsageError


class LakePlace(Protocol):
    """Files by their name."""

    def names(self) -> list[str]:
        """Every file that is there, sorted."""
        ...

    def read(self, name: str, copy: Copy | None = None) -> bytes | None:
        """A file's bytes, those of the copy that is named; None where it is gone."""
        ...

    def problems(
        self, name: str, copy: Copy | None = None, until: str | None = None
    ) -> Iterator[str]:
        """What is wrong with how a file is kept: the copy that is named, or what is there `until` then."""
        ...


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory, as `export` wrote it or as it was downloaded from a bucket."""

    tree: Tree

    @classmethod
    def at(cls, path: Path) -> Directory:
        """The one at this path."""
        return cls(Tree(path))

    def names(self) -> list[str]:
        """See `LakePlace`."""
        return self.tree.names()

    def read(self, name: str, copy: Copy | None = None) -> bytes | None:  # noqa: ARG002
        """See `LakePlace`: a directory has one version of each."""
        return self.tree.read(name)

    def problems(
        self, name: str, copy: Copy | None = None, until: str | None = None
    ) -> Iterator[str]:
        """See `LakePlace`: nothing is locked here."""
        del name, copy, until
        yield from ()


@dataclass(frozen=True, slots=True)
class Locked:
    """What is in a bucket under a prefix."""

    contents: BucketContents

    def names(self) -> list[str]:
        """See `LakePlace`."""
        start = self._key("")
        return sorted(key.removeprefix(start) for key in self.contents.versions)

    def read(self, name: str, copy: Copy | None = None) -> bytes | None:
        """See `LakePlace`: the version that is named, else the one that was there first."""
        if copy is not None:
            return self.contents.read(self._key(name), copy.version)
        first = self.contents.first(self._key(name))
        return None if first is None else self.contents.read(first.key, first.id)

    def problems(
        self, name: str, copy: Copy | None = None, until: str | None = None
    ) -> Iterator[str]:
        """See `LakePlace`: what hides the version, and whether its lock is as long as was said."""
        key, first = self._key(name), self.contents.first(self._key(name))
        version = copy.version if copy else None if first is None else first.id
        until = copy.until if copy else until
        if version is None:
            return
        yield from self.contents.hidden(key, version)
        if until is not None and self.contents.is_there(key, version):
            lock, _ = self.contents.bucket.about(key, version)
            yield from self.contents.unlocked(key, lock, until)

    def _key(self, name: str) -> str:
        return join(self.contents.location.prefix, name)


def at(text: str, *, endpoint: str | None = None, profile: str | None = None) -> LakePlace:
    """The place of a command line: a directory, or `s3://BUCKET/PREFIX`.

    Raises:
        UsageError: there is no such directory, or S3 cannot be used.
    """
    if text.startswith(SCHEME):
        location = Location.parse(text)
        bucket = Bucket.connect(location.bucket, endpoint=endpoint, profile=profile)
        return Locked(BucketContents(bucket, location))
    if not Path(text).is_dir():
        raise UsageError(f"{text!r} is not a directory")
    return Directory.at(Path(text))
