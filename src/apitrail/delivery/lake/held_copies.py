"""Which files of lakes still hold what was erased from a trail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from apitrail.delivery.bucket.object_lock import SCHEME
from apitrail.delivery.lake.lake_directory import FOLDER, PLACE, locked
from apitrail.delivery.lake.lake_list import FOLDER as LISTS
from apitrail.delivery.lake.lake_list import LakeFile, LakeList, folder
from apitrail.delivery.logfiles.tree import Tree
from apitrail.errors import FormatError
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.trail.reader import Reader

PENDING = "pending/list.json"


@dataclass(frozen=True, slots=True)
class HeldCopy:
    """A file of a lake, and the entries whose rows it has; `until` where it is locked."""

    place: str
    name: str
    indexes: tuple[int, ...]
    version: str | None = None
    until: str | None = None

    def __str__(self) -> str:
        entries = ", ".join(map(str, self.indexes))
        lock = "" if self.until is None else f" (version {self.version}), locked until {self.until}"
        noun = "entry" if len(self.indexes) == 1 else "entries"
        return f"{self.place}/{self.name}{lock}: {noun} {entries}"


def held_copies(trail: Path, indexes: Sequence[int]) -> list[HeldCopy]:
    """The files of every lake that this trail was written to that have rows of these entries."""
    wanted = sorted(set(indexes))
    return [
        _copy(place, file, wanted)
        for place, tree in _lakes(trail)
        for said in _lists(trail, tree)
        if any(said.start <= index < said.stop for index in wanted)
        for file in said.files
        if _has(file, wanted) and (place.startswith(SCHEME) or tree.read(file.name) is not None)
    ]


def forget_unshipped(trail: Path) -> None:
    """Take away files that are not uploaded yet: the next run makes them of what is left."""
    for kept in sorted((trail / FOLDER).glob(f"*/{PLACE}")):
        with locked(trail, kept.read_text()) as directory:
            for path in directory.glob("eventday=*/*"):
                path.unlink()


def _lakes(trail: Path) -> Iterator[tuple[str, Tree]]:
    """Every place, and where its lists are: in a lake's directory, or kept here for a bucket."""
    for kept in sorted((trail / FOLDER).glob(f"*/{PLACE}")):
        place = kept.read_text()
        yield place, Tree(kept.parent if place.startswith(SCHEME) else Path(place))


def _lists(trail: Path, tree: Tree) -> Iterator[LakeList]:
    with Reader(trail) as source:
        tail = source.tail()
    origin = "" if tail is None else Checkpoint.unverified(tail).origin
    paths = sorted((tree.directory / LISTS / folder(origin)).glob("*.json"))
    # A list that is signed and not yet uploaded has its files in the bucket.
    pending = [path for path in [tree.path(PENDING)] if path is not None and path.is_file()]
    for path in [*paths, *pending]:
        try:
            yield LakeList.parse(path.read_bytes())
        except FormatError:
            continue  # `lake verify` says so


def _has(file: LakeFile, wanted: Sequence[int]) -> bool:
    return any(index in run for run in file.runs() for index in wanted)


def _copy(place: str, file: LakeFile, wanted: Sequence[int]) -> HeldCopy:
    runs = list(file.runs())
    held = tuple(index for index in wanted if any(index in run for run in runs))
    if file.copy is None:
        return HeldCopy(place, file.name, held)
    return HeldCopy(place, file.name, held, file.copy.version, file.copy.until)
