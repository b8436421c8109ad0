"""Handing over a trail's log files and digests: to a directory, as CloudTrail lays them out.

It does not know buckets.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from apitrail.delivery.logfiles.store import Store
from apitrail.delivery.logfiles.tree import CHECKPOINT, MANIFEST, Tree
from apitrail.delivery.logfiles.tree_manifest import DigestFile, Manifest
from apitrail.errors import UsageError
from apitrail.evidence.bundle import is_archive
from apitrail.evidence.opening import open_source


def export(trail: Path, out: Path, *, now: int, every: int | None = None) -> Manifest:
    """Write the tree of everything up to `now`, Unix milliseconds, to a directory.

    An earlier export of the same log is brought up to date. `every` is the time of one digest in
    seconds.

    Raises:
        UsageError: it cannot be written, or something else is there.
    """
    if is_archive(trail):
        raise UsageError(
            "log files and digests are of a whole trail, and this is an extract",
            hint="run it where the trail is",
        )
    open_source(trail).close()  # before anything is made where it is to be
    store, target = Store.local(trail), Tree(out)
    with store.locked():
        manifest = store.close_up(now, every)
        _check(target, manifest)
        try:
            _copy(store.tree, target, manifest)
        except OSError as error:
            raise UsageError(f"cannot write to {str(out)!r}: {error.strerror}") from error
    return manifest


def _check(target: Tree, manifest: Manifest) -> None:
    path = target.directory
    if path.exists() and not path.is_dir():
        raise UsageError(f"{str(path)!r} is not a directory")
    if not path.is_dir() or next(path.iterdir(), None) is None:
        return
    if target.read(MANIFEST) is None or target.manifest().origin != manifest.origin:
        raise UsageError(
            f"{str(path)!r} holds something else", hint="name a directory that is new, or empty"
        )


def _copy(source: Tree, target: Tree, manifest: Manifest) -> None:
    """What is there already stays; the manifest that names it all comes last."""
    target.directory.mkdir(parents=True, exist_ok=True)
    for file in manifest.files():
        data = target.read(file.key)
        if data is None or hashlib.sha256(data).hexdigest() != file.sha256:
            target.put(file.key, source.read(file.key) or b"")
        if isinstance(file, DigestFile):
            target.put_metadata(file)
    for name in (MANIFEST, CHECKPOINT):
        target.put(name, source.read(name) or b"")
