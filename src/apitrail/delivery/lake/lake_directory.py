"""A lake in a directory: many logs' files side by side, each log brought up to date by its own trail."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apitrail import durable
from apitrail.delivery.lake.lake_list import LakeList
from apitrail.delivery.lake.sealing import Sealing
from apitrail.delivery.logfiles.tree import Tree
from apitrail.errors import UsageError
from apitrail.evidence.bundle import is_archive
from apitrail.evidence.opening import open_source
from apitrail.trail.reader import Reader

# What a trail keeps of the lakes that it writes to.
FOLDER = "lake"
# Which lake it is: a path, or s3://….
PLACE = "place"


def export(trail: Path, out: Path, *, now: int, as_it_stands: bool = False) -> list[LakeList]:
    """Write what is not in the directory yet: files hour by hour, each followed by its list.

    The hour of `now`, Unix milliseconds, waits until it is over, unless it is asked for
    `as_it_stands`. What was written before stays as it is.

    Raises:
        UsageError: it cannot be written, or it is of another log of this name.
    """
    check_installed()
    if is_archive(trail):
        raise UsageError(
            "a lake is of a whole trail, and this is an extract", hint="run it where the trail is"
        )
    open_source(trail).close()  # before anything is made where it is to be
    if out.exists() and not out.is_dir():
        raise UsageError(f"{str(out)!r} is not a directory")
    try:
        with locked(trail, str(out.resolve())):
            out.mkdir(parents=True, exist_ok=True)
            return list(_export(trail, Tree(out), now, as_it_stands=as_it_stands))
    except OSError as error:
        raise UsageError(f"cannot write to {str(out)!r}: {error.strerror}") from error


def check_installed() -> None:
    """Raises UsageError where pyarrow is not installed."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "a lake needs pyarrow, which is not installed", hint="pip install 'apitrail[lake]'"
        ) from error


def _export(trail: Path, tree: Tree, now: int, *, as_it_stands: bool) -> Iterator[LakeList]:
    with Reader(trail) as source:
        sealing = Sealing.of(source, trail, tree)
        after = sealing.newest()
        sealing.forget_unlisted(after[0].stop if after else 0)
        for hour in sealing.hours(after[0] if after else None, now, as_it_stands=as_it_stands):
            sealed = sealing.sealed(hour, sealing.files(hour), after)
            sealing.put(sealed)
            after = sealed.said, hashlib.sha256(sealed.data).hexdigest()
            yield sealed.said


@contextmanager
def locked(trail: Path, place: str) -> Iterator[Path]:
    """One command at a time for a trail and a place; the others wait. Gives what is kept of it."""
    name = hashlib.sha256(place.encode()).hexdigest()[:16]
    kept = trail / FOLDER / name
    kept.mkdir(parents=True, exist_ok=True, mode=0o700)
    with kept.with_suffix(".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        durable.write(kept / PLACE, place.encode())
        yield kept
