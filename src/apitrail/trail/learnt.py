"""What the detectors have learnt from a log, kept beside it in the file `insights`.

It is derived, as the search rows are: it can be made again from the entries, and `verify` does. It is
thrown away when anything is erased, since it may tell of that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from apitrail import durable, zstd
from apitrail.errors import FormatError
from apitrail.insights.memory import LAYOUT
from apitrail.source import Source
from apitrail.trail.statements import Erase

FILE = "insights"
VERSION = 1
# More than a month of a large account has; a file that says otherwise is not unpacked.
_MOST = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """From the calls among entries [start, next), with these thresholds; `last` is the hash of the
    entry before `next`, in hex, and `memory` is what the detectors wrote."""

    start: int
    next: int
    last: str
    thresholds: Mapping[str, float | int]
    memory: bytes

    def dump(self) -> bytes:
        """The file."""
        head = {
            "version": VERSION, "layout": LAYOUT, "from": self.start, "next": self.next,
            "last": self.last, "thresholds": dict(self.thresholds),
        }  # fmt: skip
        return (
            json.dumps(head).encode() + b"\n" + zstd.compress(zstd.Compressor(level=3), self.memory)
        )

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """Inverse of `dump`; None where other detectors wrote it.

        Raises:
            FormatError: nothing of ours wrote it.
        """
        head, _, packed = data.partition(b"\n")
        try:
            said = json.loads(head)
            memory, _ = zstd.decompress(packed, _MOST)
        except (ValueError, RecursionError, zstd.Error) as error:
            raise FormatError(f"malformed {FILE!r}: it is not what a recorder writes") from error
        match said:
            case {
                "version": int(version), "layout": str(layout), "from": int(start), "next": int(stop),
                "last": str(last), "thresholds": dict(thresholds),
            } if 0 <= start <= stop:  # fmt: skip
                known = version == VERSION and layout == LAYOUT
                found = cls(start=start, next=stop, last=last, thresholds=thresholds, memory=memory)
                return found if known else None
            case _:
                raise FormatError(f"malformed {FILE!r}: a member is missing or of another type")

    def is_of(self, source: Source) -> bool:
        """Does it go with this log as it is: no shorter, no other, and nothing erased since?"""
        if self.next > source.size:
            return False
        return self.last == hash_before(source, self.next) and not has_erasure(
            source, self.next, source.size
        )


def read(directory: Path) -> Learnt | None:
    """What is kept beside the trail in this directory, if anything is.

    Raises:
        FormatError: it is malformed.
    """
    try:
        return Learnt.parse((directory / FILE).read_bytes())
    except FileNotFoundError:
        return None


def write(directory: Path, learnt: Learnt) -> None:
    """Keep it; it is made again where a power cut loses it."""
    durable.write(directory / FILE, learnt.dump())


def forget(directory: Path) -> None:
    """Throw away what is kept."""
    (directory / FILE).unlink(missing_ok=True)


def hash_before(source: Source, index: int) -> str:
    """The hash of the entry before this one, in hex."""
    link = source.entry(index - 1) if index else None
    return "" if link is None else link.hash.hex()


def has_erasure(source: Source, start: int, stop: int) -> bool:
    """Was anything erased by entries [start, stop)?"""
    links = (source.entry(index) for index in source.books(start, stop))
    return any(link is not None and link.kind == Erase.KIND for link in links)
